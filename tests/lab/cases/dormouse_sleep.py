#!/usr/bin/python3 -B
"""Sleeping and waking between two Dormouses: by address, by ticket, by login, with what was parked meanwhile."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
from scenarios import scenario  # noqa: E402

case.main("Dormouse", "both", independent=True, steps=[
    scenario("parked_packets"),
    scenario("address_change_while_asleep"),
    scenario("wake_by_login"),
    scenario("wake_by_ticket"),
    scenario("announced_sleep"),
    scenario("tcp_continues_after_wake"),
    scenario("expiry_cleans_up"),
    scenario("resume_disabled_flushes"),
    scenario("gateway_restart_asleep"),
])
