#!/usr/bin/python3 -B
"""Windows, imitated: AES-256 with SHA-1, SHA-256 and SHA-384, ESP with SHA-1 and no PFS, RSA certificates without RFC 7427, mode config, MOBIKE."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import imitation  # noqa: E402
import netns  # noqa: E402
import pki  # noqa: E402
import steps  # noqa: E402
from scenario import check  # noqa: E402

SERVER, CLIENT = "vpn.example.com", "laptop.example.com"
# NegotiateDH2048_AES256 of its registry at 2, and what it offers without.
STRONG = "aes256-sha1-modp2048,aes256-sha256-modp2048,aes256-sha384-modp2048"
DEFAULT = "3des-sha1-modp1024,aes256-sha1-modp1024,aes128-sha256-modp1024,aes256-sha256-modp1024,aes256-sha384-modp1024"
ESP = "aes256-sha1,aes128-sha1,3des-sha1"
CUSTOM_IKE, CUSTOM_ESP = "aes256gcm16-prfsha384-ecp384", "aes256gcm16"  # as Set-VpnConnectionIPsecConfiguration sets them
ASKS = "vips = 0.0.0.0\n fragmentation = yes"
OLD_SIGNATURES = "signature_authentication = no"


def machine_certificate(ike, esp, ours, used, **phase1):
    """RSA, its subject the identity; the gateway's name is in its certificate and not asked for."""
    def step(world):
        steps.clear(world)
        if not hasattr(world, "office"):
            world.office = pki.Authority(world.workdir, "Office", "rsa")
            world.ours, world.theirs = (world.office.issue(name, "rsa", f"DNS:{name}") for name in (SERVER, CLIENT))
        text = conf.server(interval=600).phase2("toClient", proposal=ours, pfs="disable")
        pki.sign(text, "toClient", world.office, world.ours, "own", localid=SERVER)
        imitation.gateway(world, text, **phase1)
        imitation.dial(world, ike, esp, ASKS, files=(world.theirs, world.office), charon=OLD_SIGNATURES,
                       proof="auth = pubkey\n certs = own.pem", peer_proof="auth = pubkey\n id = %any")
        imitation.reaches(world)
        imitation.suite(world, *used)
        tunnel = world.us.tunnels()[world.tunnel]
        check(tunnel["auth_method"] == "RSA signature" and CLIENT in tunnel["certificate"], f"by certificate: {tunnel['auth_method']}")
        check(" IDr " not in imitation.asked(world), "without IDr")
    return step


def as_it_comes(world):
    """Out of the box it offers group 2 alone, which we refuse."""
    steps.clear(world)
    imitation.gateway(world, proposal="aes256-sha1 aes256-sha256", dhgrp="14")
    try:
        imitation.dial(world, DEFAULT, ESP, ASKS)
    except netns.Failure:
        check("NO_PROP" in world.peer.log(), "it is told that no proposal fits")
        case.not_offered("Windows out of the box offers modp1024 (group 2) alone, which Dormouse does not have; set NegotiateDH2048_AES256 there")
    check(False, "a login with modp1024 is not possible")


case.main("Windows (imitated)", "gateway", [
    ("machine certificate, NegotiateDH2048_AES256", machine_certificate(
        STRONG, ESP, "aes256-sha1", (("aes256-sha1", "MODP2048"), "aes256-sha1"), proposal="aes256-sha1 aes256-sha256 aes256-sha384", dhgrp="14")),
    ("rekeys without a group", imitation.rekeys()),
    ("MOBIKE", imitation.moves()),
    ("sleep, wake by address", imitation.sleeps()),
    ("Delete by the client", imitation.leaves),
    ("machine certificate, AES-GCM and ECP-384 set by its administrator", machine_certificate(
        CUSTOM_IKE, CUSTOM_ESP, "aes256gcm", (("aes256gcm-prfsha384", "ECP384"), "aes256gcm"), proposal="aes256gcm-prfsha384", dhgrp="20")),
    ("as it comes (group 2)", as_it_comes),
    ("user name and password (EAP-MSCHAPv2)", case.absent(imitation.NO_EAP)),
])
