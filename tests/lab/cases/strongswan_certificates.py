#!/usr/bin/python3 -B
"""Logins by certificate with strongSwan, in each role: RSA, ECDSA on each curve and Ed25519, by the old methods and by RFC 7427; one side only."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import pki  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402

OURS, THEIRS = "dormouse.example.com", "swan.example.com"
OLD, NEW = "without RFC 7427", "RFC 7427"

# key, how it signs, strongSwan's name for that, method that both then use
KINDS = [
    ("rsa", OLD, "pubkey", "RSA signature"),
    ("rsa", NEW, "pubkey", "digital signature"),
    ("rsa", "RFC 7427, PSS", "rsa/pss", "digital signature"),
    ("p256", OLD, "pubkey", "ECDSA P-256 signature"),
    ("p256", NEW, "pubkey", "digital signature"),
    ("p384", OLD, "pubkey", "ECDSA P-384 signature"),
    ("p384", NEW, "pubkey", "digital signature"),
    ("p521", OLD, "pubkey", "ECDSA P-521 signature"),
    ("p521", NEW, "pubkey", "digital signature"),
    ("ed25519", NEW, "pubkey", "digital signature"),
]


def authority(world):
    """The office's, with a certificate of each kind for both; made once."""
    if not hasattr(world, "office"):
        world.office = pki.Authority(world.workdir, "Office")
        world.leaves = {kind: (world.office.issue(OURS, kind, f"DNS:{OURS}"), world.office.issue(THEIRS, kind, f"DNS:{THEIRS}"))
                        for kind in {kind for kind, *_ in KINDS}}
    return world.office


def signing(form):
    more = {"localid": f'"{OURS}"', "proposal": "aes128gcm-prfsha256"}
    if form != OLD:
        more["digital_signature_auth"] = "enable"
    if form.endswith("PSS"):
        more["rsa_signature_format"] = "pss"
    return more


def swan(world, kind, auth, host, remote_auth=None):
    """strongSwan with a certificate on a host."""
    here, there = (netns.SERVER_OUTSIDE, "192.168.5.0/24"), (netns.CLIENT_OUTSIDE, "10.1.100.0/24")
    if host == "cgw":
        here, there = there, here
    return StrongSwan(world, host, here[0], there[0], [child(here[1], there[1])], connection="dpd_delay = 20s",
                      proof=f"auth = {auth}\n id = {THEIRS}\n certs = own.pem",
                      peer_proof=remote_auth or f"auth = {auth}\n id = {OURS}").install(world.leaves[kind][1], world.office).start()


def proved(world, method):
    steps.login(world)
    tunnel = world.us.tunnels()[world.tunnel]
    check(tunnel["auth_method"] == method, f"{method}, not {tunnel['auth_method']}")
    check(THEIRS in tunnel["certificate"], "its subject is shown")
    steps.peer_rekeys_ike(world)
    world.flow.finish()


def gateway(kind, form, auth, method):
    def step(world):
        steps.clear(world)
        text = pki.sign(conf.server(interval=600), "toClient", authority(world), world.leaves[kind][0], "own", **signing(form))
        world.gateway(text)
        world.peer = swan(world, kind, auth, "cgw")
        world.peer.up()
        proved(world, method)
    return step


def client(kind, form, auth, method):
    def step(world):
        steps.clear(world)
        text = pki.sign(conf.client(), "toServer", authority(world), world.leaves[kind][0], "own", **signing(form))
        world.peer = swan(world, kind, auth, "sgw")
        world.dial(text.phase2("toServer", proposal="aes128gcm", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24"))
        proved(world, method)
    return step


def half_and_half(world):
    """The gateway has a certificate, we have the shared key (RFC 7296 4)."""
    steps.clear(world)
    authority(world)
    world.peer = swan(world, "p256", "pubkey", "sgw", remote_auth=f"auth = psk\n id = {netns.CLIENT_OUTSIDE}")
    text = conf.client().add(world.office.configuration()).phase1(
        "toServer", authmethod="psk", authmethod_remote="signature", proposal="aes128gcm-prfsha256", digital_signature_auth="enable")
    world.dial(text.phase2("toServer", proposal="aes128gcm", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24"))
    proved(world, "digital signature")


case.main("strongSwan", "both", [
    *[(f"gateway: {kind}, {form}", gateway(kind, form, auth, method)) for kind, form, auth, method in KINDS],
    *[(f"client: {kind}, {form}", client(kind, form, auth, method)) for kind, form, auth, method in KINDS],
    ("client: a certificate there, a shared key here", half_and_half),
], independent=True)
