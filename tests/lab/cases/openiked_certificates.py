#!/usr/bin/python3 -B
"""Logins by certificate with OpenIKED, in each role: RSA, with rekeys, and ECDSA on each curve."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import pki  # noqa: E402
import steps  # noqa: E402
from peer_openiked import ESP, IKE, OpenIked  # noqa: E402
from scenario import check  # noqa: E402

OURS, THEIRS = "dormouse.example.com", "openiked.example.com"
KINDS = ("rsa", "p256", "p384", "p521")


def authority(world):
    if not hasattr(world, "office"):
        world.office = pki.Authority(world.workdir, "Office")
        world.leaves = {kind: (world.office.issue(OURS, kind, f"DNS:{OURS}"), world.office.issue(THEIRS, kind, f"DNS:{THEIRS}")) for kind in KINDS}
    return world.office


def openiked(world, host, kind):
    """Short lifetimes, since it rekeys by them alone."""
    ends, nets = (netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE), ("10.1.100.0/24", "192.168.5.0/24")
    if host == "sgw":
        ends, nets = ends[::-1], nets[::-1]
    peer = OpenIked(world, host, f"""ikev2 "dm" {'active' if host == 'cgw' else 'passive'} esp from {nets[0]} to {nets[1]} local {ends[0]} peer {ends[1]} \\
        ikesa {IKE} childsa {ESP} srcid {THEIRS} dstid {OURS} ikelifetime 120 lifetime 50 rfc7427""")
    return peer.install(world.leaves[kind][1], world.office).start()


def proved(world, rekeys):
    steps.login(world, rate=4)
    tunnel = world.us.tunnels()[world.tunnel]
    check(tunnel["auth_method"] == "digital signature", f"digital signature, not {tunnel['auth_method']}")
    check(THEIRS in tunnel["certificate"], "its subject is shown")
    if rekeys:
        steps.peer_rekeys_child(world)
        steps.peer_rekeys_ike(world)
    world.flow.finish()


def signing(world, text, phase1, kind):
    return pki.sign(text, phase1, authority(world), world.leaves[kind][0], "own", localid=f'"{OURS}"', digital_signature_auth="enable")


def gateway(kind):
    def step(world):
        steps.clear(world)
        world.gateway(signing(world, conf.server(interval=600), "toClient", kind))
        world.peer = openiked(world, "cgw", kind)
        proved(world, kind == "rsa")  # they take minutes, and do not know how the login went
    return step


def client(kind):
    def step(world):
        steps.clear(world)
        text = signing(world, steps.as_client().phase2("toServer", proposal="aes256-sha1"), "toServer", kind)
        world.peer = openiked(world, "sgw", kind)
        world.dial(text)
        proved(world, kind == "rsa")  # they take minutes, and do not know how the login went
    return step


case.main("OpenIKED", "both", [*[(f"gateway: {kind}, RFC 7427", gateway(kind)) for kind in KINDS],
                               *[(f"client: {kind}, RFC 7427", client(kind)) for kind in KINDS]], independent=True)
