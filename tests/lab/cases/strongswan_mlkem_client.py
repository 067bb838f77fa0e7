#!/usr/bin/python3 -B
"""Dormouse dials a strongSwan gateway with additional key exchanges and with a post-quantum preshared key."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import netns  # noqa: E402
import quantum  # noqa: E402
import steps  # noqa: E402

INSIDE = ("192.168.5.0/24", "10.1.100.0/24")
SEAT = ("sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, INSIDE)


def end(world):
    world.flow.finish()
    steps.we_leave(world)
    world.peer.stop()


def login(world):
    world.peer = quantum.peer(world, *SEAT)
    world.dial(quantum.hybrid(quantum.client(), "toServer"))
    steps.login(world)
    quantum.agreed(world, ["ECP256", "ECP384"])


def leave(world):
    world.flow.finish()
    steps.we_leave(world)


def rekeys_by_us(world):
    steps.we_rekey(world)
    quantum.agreed(world, ["ECP256", "ECP384"], ["ECP384"])
    steps.we_leave(world)
    world.peer.stop()


def fallback(world):
    world.peer = quantum.peer(world, *SEAT, "aes256-sha256-x25519", "aes256gcm16-x25519")
    world.dial(quantum.hybrid(quantum.client(), "toServer", "addke1=0", "addke1=0").phase1("toServer", addke1="19 0"))
    steps.login(world)
    quantum.agreed(world, [])
    end(world)


def ml_kem(world):
    world.peer = quantum.peer_with_ml_kem(world, *SEAT)
    world.dial(quantum.hybrid(quantum.client(), "toServer", "addke1=36", "addke1=36"))
    steps.login(world)
    quantum.agreed(world, ["ML_KEM_768"])
    steps.peer_rekeys_child(world)
    steps.peer_rekeys_ike(world)
    quantum.agreed(world, ["ML_KEM_768"], ["ML_KEM_768"])
    leave(world)
    steps.we_rekey(world)
    quantum.agreed(world, ["ML_KEM_768"], ["ML_KEM_768"])
    steps.we_leave(world)
    world.peer.stop()


def ppk(world):
    world.peer = quantum.peer_with_ppk(world, *SEAT)
    world.dial(quantum.preshared(quantum.client(), "toServer"))
    steps.login(world)
    quantum.mixed_in(world, 0)
    steps.peer_rekeys_ike(world)
    steps.peer_rekeys_child(world)
    end(world)


def ppk_optional(world):
    world.peer = quantum.peer(world, *SEAT, "aes256-sha256-x25519", "aes256gcm16-x25519")
    world.dial(quantum.preshared(quantum.client(), "toServer", "allow"))
    steps.login(world)
    end(world)


case.main("strongSwan", "client", [
    ("login with two additional key exchanges", login),
    ("rekeys by the peer with additional key exchanges", quantum.rekeys_by_peer),
    ("Delete by Dormouse", leave),
    ("rekeys by Dormouse with additional key exchanges", rekeys_by_us),
    ("a gateway without them, where they are optional", fallback),
    ("ML-KEM-768", ml_kem),
    ("post-quantum preshared key, with rekeys", ppk),
    ("a gateway without the preshared key, where it is optional", ppk_optional),
])
