#!/usr/bin/python3 -B
"""Two Dormouses and what stands around their packets: sizes, DSCP, ECN, the don't-fragment bit."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
from scenarios import scenario  # noqa: E402

case.main("Dormouse", "both", independent=True, steps=[
    scenario("interface_mtu"),
    scenario("path_mtu"),
    scenario("path_mtu_shared"),
    scenario("path_mtu_ipv6"),
    scenario("packet_marks"),
    scenario("byte_lifetime"),
])
