#!/usr/bin/python3 -B
"""Long messages with strongSwan, in each role: RSA-4096 and a chain of authorities, in small pieces (RFC 7383) or whole."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import pki  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import at  # noqa: E402
from scenario import check  # noqa: E402

OURS, THEIRS = "dormouse.example.com", "swan.example.com"
SMALL, LARGE = "fragment_size = 576", "fragment_size = 1280"


def authorities(world):
    """A root and three authorities, each below the last; a certificate of the lowest for each end."""
    if hasattr(world, "root"):
        return
    world.root = pki.Authority(world.workdir, "Root", "rsa4096")
    world.below = []
    for name in ("Country", "City", "House"):
        world.below.append(pki.Authority(world.workdir, name, "rsa4096", above=world.below[-1] if world.below else world.root))
    world.ours, world.theirs = (world.below[-1].issue(name, "rsa4096", f"DNS:{name}") for name in (OURS, THEIRS))
    chain = "".join(a.certificate.read_text() for a in reversed(world.below))
    own = world.ours.certificate.read_text()
    world.ours.certificate.write_text(own[:own.index("-----END CERTIFICATE-----") + 26] + chain)


def swan(world, host, charon, fragmentation):
    peer = at(world, host, connection=f"dpd_delay = 20s\n fragmentation = {fragmentation}", charon=charon, proof=f"auth = pubkey\n id = {THEIRS}\n certs = own.pem",
              peer_proof=f"auth = pubkey\n id = {OURS}")
    return peer.install(world.theirs, world.root, *world.below).start()


def signed(world, text, phase1, mtu):
    return pki.sign(text, phase1, world.root, world.ours, "own", localid=f'"{OURS}"', digital_signature_auth="enable", fragmentation_mtu=mtu)


def whole(world, pieces):
    """It is up; so many pieces or more came and went, as strongSwan counts them."""
    steps.login(world)
    log = world.peer.log()
    sent, came = log.count("EF(1/"), log.count("received fragment #1 of ")
    check((sent > 0) == (pieces > 0), f"strongSwan cuts its message: {sent}")
    if pieces:
        most = max(int(line.rsplit(" of ", 1)[1].split(",")[0].split()[0]) for line in log.splitlines() if "received fragment #1 of " in line)
        check(came > 0 and most >= pieces, f"ours comes in {pieces} pieces or more, not {most}")
    world.flow.finish()


def case_of(role, charon, mtu, pieces, fragmentation="yes"):
    def step(world):
        steps.clear(world)
        authorities(world)
        if role == "gateway":
            world.gateway(signed(world, conf.server(interval=600), "toClient", mtu))
            world.peer = swan(world, "cgw", charon, fragmentation)
            world.peer.up()
        else:
            world.peer = swan(world, "sgw", charon, fragmentation)
            world.dial(signed(world, steps.as_client(), "toServer", mtu))
        whole(world, pieces)
    return step


case.main("strongSwan", "both", [row for role in ("gateway", "client") for row in (
    (f"{role}: a chain of RSA-4096, pieces of 576 and 500 octets", case_of(role, SMALL, 500, 12)),
    (f"{role}: a chain of RSA-4096, pieces as usual", case_of(role, LARGE, 1200, 4)),
    (f"{role}: a chain of RSA-4096, IKE not in pieces", case_of(role, LARGE, 1200, 0, "no")))], independent=True)
