#!/usr/bin/python3 -B
"""Android's own client, imitated: two long lists of proposals, an IPv4 and an IPv6 address in one Child SA, keepalives behind a NAT."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import time  # noqa: E402

import case  # noqa: E402
import conf  # noqa: E402
import imitation  # noqa: E402
import pki  # noqa: E402
import steps  # noqa: E402
from netns import wait_for  # noqa: E402
from scenario import check  # noqa: E402

SERVER, CLIENT = "vpn.example.com", "phone.example.com"
PRF = "prfsha512-prfsha384-prfsha256-prfaesxcbc-prfaescmac"
GROUPS = "modp4096-x25519-modp3072-modp2048"
IKE = (f"aes256ctr-aes256-aes192ctr-aes192-aes128ctr-aes128-sha512-sha384-sha256-aesxcbc-aescmac-{PRF}-{GROUPS},"
       f"chacha20poly1305-aes256gcm16-aes256gcm12-aes256gcm8-aes192gcm16-aes128gcm16-{PRF}-{GROUPS}")
ESP = "aes256ctr-aes256-aes192-aes128-sha512-sha384-sha256-aesxcbc-aescmac,chacha20poly1305-aes256gcm16-aes256gcm12-aes256gcm8-aes192gcm16-aes128gcm16"
ASKS = "vips = 0.0.0.0,::"
SIX = 'config vpn ipsec phase2-interface\n edit "six"\n set phase1name "toClient"\n set proposal aes256gcm\n set pfs disable\n'       ' set src-addr-type subnet6\n set dst-addr-type subnet6\n next\nend'


def addresses(world):
    network = world.network
    for host, dev, address in (("sgw", "port2", "fd00:5::1"), ("shost", "eth0", "fd00:5::44")):
        network.ip(host, "addr", "add", f"{address}/64", "dev", dev, "nodad")
    network.ip("shost", "-6", "route", "replace", "default", "via", "fd00:5::1")
    network.sysctl("sgw", "net/ipv6/conf/all/forwarding", "1")


def secret(world):
    """By a shared key, with names. It offers modp4096 first; we have another group."""
    imitation.gateway(world, conf.server(interval=600).phase2("toClient", proposal="aes256gcm", pfs="disable"),
                      proposal="aes256gcm-prfsha384", dhgrp="31", localid=SERVER)
    imitation.dial(world, IKE, ESP, ASKS, proof=f"auth = psk\n id = {CLIENT}", peer_proof=f"auth = psk\n id = {SERVER}")
    imitation.reaches(world)
    imitation.suite(world, ("aes256gcm-prfsha384", "CURVE25519"), "aes256gcm")


def every_suite(world):
    """Each of our suites is found in its lists."""
    for ike, esp, group, name in (("aes256-sha512", "aes256-sha512", "16", "MODP4096"), ("aes128-sha256", "aes128-sha256", "15", "MODP3072"),
                                  ("chacha20poly1305-prfsha512", "chacha20poly1305", "31", "CURVE25519"), ("aes128gcm-prfsha256", "aes128gcm", "14", "MODP2048")):
        steps.clear(world)
        imitation.gateway(world, conf.server(interval=600).phase2("toClient", proposal=esp, pfs="disable"), proposal=ike, dhgrp=group, localid=SERVER)
        imitation.dial(world, IKE, ESP, ASKS, proof=f"auth = psk\n id = {CLIENT}", peer_proof=f"auth = psk\n id = {SERVER}")
        imitation.reaches(world)
        imitation.suite(world, (ike, name), esp)


def certificate(world):
    """RSA, by RFC 7427."""
    steps.clear(world)
    office = pki.Authority(world.workdir, "Office", "rsa")
    ours, theirs = (office.issue(name, "rsa", f"DNS:{name}") for name in (SERVER, CLIENT))
    text = conf.server(interval=600).phase2("toClient", proposal="aes256gcm", pfs="disable")
    pki.sign(text, "toClient", office, ours, "own", localid=SERVER, digital_signature_auth="enable")
    imitation.gateway(world, text, proposal="aes256gcm-prfsha384", dhgrp="31")
    imitation.dial(world, IKE, ESP, ASKS, files=(theirs, office), proof=f"auth = pubkey\n id = {CLIENT}\n certs = own.pem",
                   peer_proof=f"auth = pubkey\n id = {SERVER}")
    imitation.reaches(world)


def behind_nat(world):
    """Ten minutes of silence in a pocket: its keepalives hold the mapping, so the inside reaches it."""
    steps.clear(world)
    world.network.translate()
    imitation.gateway(world, conf.server(interval=600).phase2("toClient", proposal="aes256gcm", pfs="disable"),
                      proposal="aes256gcm-prfsha384", dhgrp="31", localid=SERVER, dpd="on-demand")
    imitation.dial(world, IKE, ESP, ASKS, charon="keep_alive = 20s", proof=f"auth = psk\n id = {CLIENT}", peer_proof=f"auth = psk\n id = {SERVER}")
    imitation.reaches(world)
    time.sleep(600)
    check(world.network.ping("shost", imitation.INSIDE4), "a ping to it")
    check("sending keep alive" in world.peer.log(), "by its keepalives")


def both_families(world):
    """An address of each family, and one Child SA for both."""
    steps.clear(world)
    addresses(world)
    imitation.gateway(world, conf.server(interval=600).phase2("toClient", proposal="aes256gcm", pfs="disable").add(SIX), six=True,
                      proposal="aes256gcm-prfsha384", dhgrp="31", localid=SERVER)
    imitation.dial(world, IKE, ESP, ASKS, proof=f"auth = psk\n id = {CLIENT}", peer_proof=f"auth = psk\n id = {SERVER}")
    inside = world.us.tunnels()[world.tunnel]["inside"]["addresses"]
    check(inside == [imitation.INSIDE4, imitation.INSIDE6], f"both are given, not {inside}")
    wait_for("the IPv4 one to be reached", lambda: world.network.ping("shost", imitation.INSIDE4), 10)
    imitation.reaches(world, six=True)


case.main("Android (imitated)", "gateway", [
    ("shared key, inside address", secret),
    ("rekeys without a group", imitation.rekeys()),
    ("MOBIKE", imitation.moves()),
    ("sleep, wake by address", imitation.sleeps()),
    ("Delete by the client", imitation.leaves),
    ("each of our suites in its lists", every_suite),
    ("certificate", certificate),
    ("IPv4 and IPv6 in one Child SA", case.pending(both_families, "a phase 2 of Dormouse has one family, and so has a Child SA")),
    ("behind a NAT, keepalives", behind_nat),
    ("user name and password (EAP-MSCHAPv2)", case.absent(imitation.NO_EAP)),
])
