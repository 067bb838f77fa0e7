#!/usr/bin/python3 -B
"""Each proposal of the example with strongSwan, in each role: every phase 1 and every phase 2 of it, each group of PFS, and none, with rekeys."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402
from strongswan import SUITES  # noqa: E402

IKE = [(ours, theirs) for ours, theirs, _, _ in SUITES]
ESP = [("aes128-sha1", "aes128-sha1"), ("aes256-sha1", "aes256-sha1"), ("aes128-sha256", "aes128-sha256"), ("aes256-sha256", "aes256-sha256"),
       ("aes128gcm", "aes128gcm16"), ("aes256gcm", "aes256gcm16"), ("chacha20poly1305", "chacha20poly1305")]
GROUPS = {"14": "modp2048", "15": "modp3072", "16": "modp4096", "19": "ecp256", "20": "ecp384", "21": "ecp521", "31": "curve25519"}
DEFAULT = {"ike": IKE[2], "esp": ESP[4], "group": "14", "pfs": True}


def swan(world, host, ike, esp, group, pfs):
    here, there = (netns.SERVER_OUTSIDE, "192.168.5.0/24"), (netns.CLIENT_OUTSIDE, "10.1.100.0/24")
    if host == "cgw":
        here, there = there, here
    esp = f"{esp[1]}-{GROUPS[group]}" if pfs else esp[1]
    return StrongSwan(world, host, here[0], there[0], [child(here[1], there[1], esp=esp)], ike=f"{ike[1].rsplit('-', 1)[0]}-{GROUPS[group]}",
                      connection="dpd_delay = 20s").start()


def agreed(world, ike, esp, group, pfs):
    """What was proposed is in use, and stays so over the peer's rekeys; each of them brings what PFS says."""
    steps.login(world)
    for rekey in (steps.peer_rekeys_ike, steps.peer_rekeys_child):
        rekey(world)
        sa = steps.ike(world)[0]
        used = sa["suite"]["token"], sa["children"][0]["suite"]["token"]
        check(used == (ike[0], esp[0]), f"{ike[0]} and {esp[0]} are in use, not {used}")
    lines = [line for line in world.peer.sas().splitlines() if "ESP" in line or "PRF_HMAC" in line or "AES_GCM" in line or "/" in line]
    name = {"curve25519": "CURVE_25519"}.get(GROUPS[group], GROUPS[group].upper().replace("MODP", "MODP_").replace("ECP", "ECP_"))
    check(any("PRF" in line and name in line for line in lines), f"{name} for the IKE SA: {lines}")
    check(any("ESP:" in line and name in line for line in lines) == pfs, f"{name if pfs else 'no group'} for the rekeyed Child SA: {lines}")
    world.flow.finish()


def gateway(**wanted):
    want = {**DEFAULT, **wanted}

    def step(world):
        steps.clear(world)
        world.gateway(conf.server(interval=600).phase1("toClient", proposal=all_of(IKE), dhgrp=want["group"]).phase2(
            "toClient", proposal=all_of(ESP), **pfs(want)))
        world.peer = swan(world, "cgw", **want)
        world.peer.up()
        agreed(world, **want)
    return step


def client(**wanted):
    want = {**DEFAULT, **wanted}

    def step(world):
        steps.clear(world)
        world.peer = swan(world, "sgw", **want)
        world.dial(conf.client().phase1("toServer", proposal=all_of(IKE), dhgrp=want["group"]).phase2(
            "toServer", proposal=all_of(ESP), src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24", **pfs(want)))
        agreed(world, **want)
    return step


def all_of(list_of_pairs):
    return " ".join(ours for ours, _ in list_of_pairs)


def pfs(want):
    return {"pfs": "enable", "dhgrp": want["group"]} if want["pfs"] else {"pfs": "disable"}


def rows(role, step):
    return [*[(f"{role}: phase 1 {pair[0]}", step(ike=pair)) for pair in IKE],
            *[(f"{role}: phase 2 {pair[0]}", step(esp=pair)) for pair in ESP],
            *[(f"{role}: group {number} ({name}), PFS", step(group=number)) for number, name in GROUPS.items()],
            (f"{role}: no PFS", step(pfs=False))]


case.main("strongSwan", "both", [*rows("gateway", gateway), *rows("client", client)], independent=True)
