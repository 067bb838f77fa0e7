#!/usr/bin/python3 -B
"""iOS and macOS, imitated: AES-256 by GCM or CBC with SHA-256, groups 19 and 14, a name for the gateway (IDr), mode config, no PFS."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import imitation  # noqa: E402
import pki  # noqa: E402
import steps  # noqa: E402
from scenario import check  # noqa: E402

SERVER, CLIENT = "vpn.example.com", "phone.example.com"
# In the order in which they offer; a profile names others, one of each kind.
IKE = "aes256gcm16-prfsha256-ecp256,aes256gcm16-prfsha256-modp2048,aes256-sha256-ecp256,aes256-sha256-modp2048"
ESP = "aes256gcm16,aes256-sha256"
ASKS = "vips = 0.0.0.0,::"
REMOTE = f"id = {SERVER}"


def secret(world):
    """Set up by hand with a shared secret: remote and local identifier are names."""
    steps.clear(world)
    imitation.gateway(world, conf.server(interval=600).phase2("toClient", proposal="aes256gcm aes256-sha256", pfs="disable"),
                      proposal="aes256gcm-prfsha256 aes256-sha256", dhgrp="19 14", localid=SERVER)
    imitation.dial(world, IKE, ESP, ASKS, proof=f"auth = psk\n id = {CLIENT}", peer_proof=f"auth = psk\n {REMOTE}")
    imitation.reaches(world)
    imitation.suite(world, ("aes256gcm-prfsha256", "ECP256"), "aes256gcm")
    check(" IDr " in imitation.asked(world) and "ADDR6" in imitation.asked(world), f"as Apple asks: {imitation.asked(world)}")


def fall_back(world):
    """A gateway with CBC and group 14 only: the first guess of group was wrong, and the offer's last proposal is it."""
    steps.clear(world)
    imitation.gateway(world, conf.server(interval=600).phase2("toClient", proposal="aes256-sha256", pfs="disable"),
                      proposal="aes256-sha256", dhgrp="14", localid=SERVER)
    imitation.dial(world, IKE, ESP, ASKS, proof=f"auth = psk\n id = {CLIENT}", peer_proof=f"auth = psk\n {REMOTE}")
    imitation.reaches(world)
    imitation.suite(world, ("aes256-sha256", "MODP2048"), "aes256-sha256")


def certificate(world):
    """By a profile with an ECDSA certificate."""
    steps.clear(world)
    if not hasattr(world, "office"):
        world.office = pki.Authority(world.workdir, "Office")
        world.ours, world.theirs = (world.office.issue(name, "p256", f"DNS:{name}") for name in (SERVER, CLIENT))
    text = conf.server(interval=600).phase2("toClient", proposal="aes256gcm", pfs="disable")
    pki.sign(text, "toClient", world.office, world.ours, "own", localid=SERVER, digital_signature_auth="enable")
    imitation.gateway(world, text, proposal="aes256gcm-prfsha256", dhgrp="19")
    imitation.dial(world, IKE, ESP, ASKS, files=(world.theirs, world.office), proof=f"auth = pubkey\n id = {CLIENT}\n certs = own.pem",
                   peer_proof=f"auth = pubkey\n {REMOTE}")
    imitation.reaches(world)


case.main("iOS, macOS (imitated)", "gateway", [
    ("shared secret, IDr, inside address", secret),
    ("rekeys without a group", imitation.rekeys()),
    ("MOBIKE", imitation.moves()),
    ("sleep, wake by address", imitation.sleeps()),
    ("Delete by the client", imitation.leaves),
    ("a gateway with CBC and group 14", fall_back),
    ("certificate", certificate),
    ("user name and password (EAP)", case.absent(imitation.NO_EAP)),
])
