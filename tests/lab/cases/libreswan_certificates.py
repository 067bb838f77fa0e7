#!/usr/bin/python3 -B
"""Logins by certificate with libreswan, in each role: RSA by PSS and by the old method with SHA-1, ECDSA on each curve."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import pki  # noqa: E402
import steps  # noqa: E402
from peer_libreswan import Libreswan  # noqa: E402
from scenario import check  # noqa: E402

OURS, THEIRS = "dormouse.example.com", "libreswan.example.com"
DIGITAL = {"digital_signature_auth": "enable"}

# key, libreswan's authby, what it takes at our end, the method that both then use, its name in the matrix
KINDS = [
    ("rsa", "rsa-sha2", {**DIGITAL, "rsa_signature_format": "pss"}, "digital signature", "rsa, RFC 7427, PSS"),
    ("rsa", "rsa-sha1", {}, "RSA signature", "rsa, without RFC 7427"),
    ("p256", "ecdsa", DIGITAL, "digital signature", "p256, RFC 7427"),
    ("p384", "ecdsa", DIGITAL, "digital signature", "p384, RFC 7427"),
    ("p521", "ecdsa", DIGITAL, "digital signature", "p521, RFC 7427"),
]


def authority(world):
    """The office's, with a certificate of each kind for both; made once."""
    if not hasattr(world, "office"):
        world.office = pki.Authority(world.workdir, "Office")
        world.leaves = {kind: (world.office.issue(OURS, kind, f"DNS:{OURS}"), world.office.issue(THEIRS, kind, f"DNS:{THEIRS}"))
                        for kind in {kind for kind, *_ in KINDS}}
    return world.office


def libreswan(world, host, kind, authby):
    left, right = (netns.CLIENT_OUTSIDE, "10.1.100.0/24"), (netns.SERVER_OUTSIDE, "192.168.5.0/24")
    if host == "sgw":
        left, right = right, left
    peer = Libreswan(world, host, left=left[0], leftsubnet=left[1], leftid=f"@{THEIRS}", leftcert="own", leftsendcert="always", right=right[0],
                     rightsubnet=right[1], rightid=f"@{OURS}", authby=authby, dpddelay="20s", retransmit_timeout="60s")
    return peer.install(world.leaves[kind][1], world.office).start()


def proved(world, method):
    steps.login(world)
    tunnel = world.us.tunnels()[world.tunnel]
    check(tunnel["auth_method"] == method, f"{method}, not {tunnel['auth_method']}")
    check(THEIRS in tunnel["certificate"], "its subject is shown")
    steps.peer_rekeys_ike(world)
    world.flow.finish()


def gateway(kind, authby, signing, method, _):
    def step(world):
        steps.clear(world)
        text = pki.sign(conf.server(interval=600), "toClient", authority(world), world.leaves[kind][0], "own", localid=f'"{OURS}"', **signing)
        world.gateway(text)
        world.peer = libreswan(world, "cgw", kind, authby)
        world.peer.up()
        proved(world, method)
    return step


def client(kind, authby, signing, method, _):
    def step(world):
        steps.clear(world)
        text = pki.sign(steps.as_client(), "toServer", authority(world), world.leaves[kind][0], "own", localid=f'"{OURS}"', **signing)
        world.peer = libreswan(world, "sgw", kind, authby)
        world.dial(text)
        proved(world, method)
    return step


case.main("libreswan", "both", [
    *[(f"gateway: {kind[-1]}", gateway(*kind)) for kind in KINDS],
    *[(f"client: {kind[-1]}", client(*kind)) for kind in KINDS],
    ("Ed25519", case.absent("libreswan 5.2 has no Ed25519 certificates")),
], independent=True)
