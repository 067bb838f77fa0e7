#!/usr/bin/python3 -B
"""Two Dormouses whose addresses, interfaces and keys change under a running tunnel."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
from scenarios import scenario  # noqa: E402

case.main("Dormouse", "both", independent=True, steps=[
    scenario("data_plane_choice"),
    scenario("tunnel_up_ping"),
    scenario("address_change_while_up"),
    scenario("mobike_move"),
    scenario("network_returns"),
    scenario("shared_interface"),
    scenario("ipv6_outside_and_inside"),
    scenario("default_route_into_tunnel"),
    scenario("every_proposal"),
    scenario("reload_keeps_tunnel"),
    scenario("nft_policy_blocks"),
    scenario("leaves_nothing_behind"),
    scenario("kill9_server_restart"),
    scenario("kill9_client_restart"),
])
