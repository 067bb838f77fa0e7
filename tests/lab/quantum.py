"""What the cases of additional key exchanges (RFC 9370) and post-quantum preshared keys (RFC 8784) share. strongSwan names an
additional key exchange ke1_ to ke7_ and a group; any group will do, so the exchanges are tried with Debian 13's too, which has no ML-KEM.
"""
import pathlib

import case
import conf
import steps
from peer_strongswan import CHARON, NEWEST, StrongSwan, child
from scenario import check

IKE, ESP = "aes256-sha256-x25519-ke1_ecp256-ke2_ecp384", "aes256gcm16-x25519-ke1_ecp384"
IKE_ML_KEM, ESP_ML_KEM = "aes256-sha256-x25519-ke1_mlkem768", "aes256gcm16-x25519-ke1_mlkem768"
PPK, PPK_ID = "0x" + "5a17c0de" * 8, "lab"
PLUGIN = "retransmit_tries = 4\n retransmit_timeout = 4.0"


def phase1(text, name, **more):
    return text.phase1(name, proposal="aes256-sha256", dhgrp="31", **more)


def hybrid(text, name, ike="addke1=19 addke2=20", esp="addke1=20"):
    """The configuration with additional key exchanges, of phase 1 and of phase 2."""
    words = lambda pairs: dict(pair.split("=") for pair in pairs.split())  # noqa: E731
    phase1(text, name, **words(ike))
    return text.phase2(name, proposal="aes256gcm", dhgrp="31", **words(esp))


def preshared(text, name, mode="require"):
    phase1(text, name, ppk=mode, ppk_identity=f'"{PPK_ID}"', ppk_secret=PPK)
    return text.phase2(name, proposal="aes256gcm", dhgrp="31")


def peer(world, host, local, remote, inside, ike=IKE, esp=ESP, connection="", sections="", newest=False):
    return StrongSwan(world, host, local, remote, [child(*inside, esp=esp)], ike=ike, connection=f"dpd_delay = 20s\n{connection}",
                      sections=sections, charon=PLUGIN, newest=newest).start()


def peer_with_ml_kem(*seat):
    """Debian 13's has none."""
    if not pathlib.Path(NEWEST + CHARON).exists():
        case.not_offered("Debian unstable's strongSwan could not be had when the guest was made")
    return peer(*seat, IKE_ML_KEM, ESP_ML_KEM, newest=True)


def peer_with_ppk(world, host, local, remote, inside, required=True):
    return peer(world, host, local, remote, inside, "aes256-sha256-x25519", "aes256gcm16-x25519",
                connection=f"ppk_id = {PPK_ID}\nppk_required = {'yes' if required else 'no'}",
                sections=f"secrets {{ ppk {{ secret = {PPK}\n id = {PPK_ID} }} }}")


def agreed(world, ike, child_sa=None):
    """Which additional key exchanges our SAs have had."""
    sa = steps.ike(world)[0]
    check(sa["suite"]["addke"] == ike, f"the IKE SA has {ike}, not {sa['suite']['addke']}")
    if child_sa is not None:
        check(sa["children"][0]["suite"]["addke"] == child_sa, f"the Child SA has {child_sa}, not {sa['children'][0]['suite']['addke']}")


def rekeys_by_peer(world):
    steps.peer_rekeys_child(world)
    agreed(world, ["ECP256", "ECP384"], ["ECP384"])
    steps.peer_rekeys_ike(world)
    agreed(world, ["ECP256", "ECP384"], ["ECP384"])


def mixed_in(world, mark):
    world.us.log.wait(rf"post-quantum preshared key '{PPK_ID}' is mixed in", mark, 30)


def server():
    return conf.server(interval=600)


def client():
    return conf.client().phase2("toServer", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24")
