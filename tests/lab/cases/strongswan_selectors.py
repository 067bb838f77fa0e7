#!/usr/bin/python3 -B
"""Traffic selectors with strongSwan: narrowing in each role, and several Child SAs in one tunnel."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402

SECOND_HOST = "10.1.101.11"  # in a second network behind the client's gateway


def second_network(world):
    world.network.ip("cgw", "addr", "add", "10.1.101.1/24", "dev", "port2")
    world.network.ip("chost", "addr", "add", f"{SECOND_HOST}/24", "dev", "eth0")


def selectors(world):
    """(local, remote) of each Child SA of our tunnel, as text."""
    def text(ts):
        return " ".join(f"{t['first']}-{t['last']}" for t in ts)
    return sorted((text(c["local_ts"]), text(c["remote_ts"])) for sa in world.us.tunnels()[world.tunnel]["ike"] for c in sa["children"])


def reaches(world, source, wanted=True):
    ping = lambda: world.network.ping("chost", netns.SERVER_HOST, extra=("-I", source))  # noqa: E731
    if wanted:
        wait_for(f"a ping from {source}", ping, 10)
        check(world.network.ping("shost", source), f"a ping to {source}")
    else:
        check(not ping(), f"no ping from {source}")


def several_children(world):
    second_network(world)
    world.gateway(conf.server(interval=600))
    world.peer = StrongSwan(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, [
        child("10.1.100.0/24", "192.168.5.0/24"), child("10.1.101.0/24", "192.168.5.0/24", name="second")]).start()
    world.peer.up()
    world.us.wait_state(world.tunnel, "up")
    reaches(world, netns.CLIENT_HOST)
    reaches(world, SECOND_HOST, wanted=False)
    world.peer.up("second")
    reaches(world, SECOND_HOST)
    reaches(world, netns.CLIENT_HOST)
    check(len(selectors(world)) == 2, f"two Child SAs, not {selectors(world)}")
    check(len(world.us.tunnels()[world.tunnel]["ike"]) == 1, "one IKE SA")
    routes = [r for r in world.network.routes("sgw") if "toClient_0" in r and r.startswith("10.1.10")]
    check(len(routes) == 2, f"a route for each, not {routes}")


def one_child_leaves(world):
    world.peer.swanctl("--terminate", "--child", "second")
    wait_for("one Child SA to be left", lambda: len(selectors(world)) == 1, 5)
    reaches(world, netns.CLIENT_HOST)
    check(not any(r.startswith("10.1.101.") for r in world.network.routes("sgw") if "toClient_0" in r), "its route is gone")


def rekeys_of_both(world):
    world.peer.up("second")
    wait_for("two Child SAs", lambda: len(selectors(world)) == 2, 5)
    world.peer.rekey_ike()
    for name in ("net", "second"):
        world.peer.swanctl("--rekey", "--child", name)
    wait_for("two Child SAs", lambda: len(selectors(world)) == 2, 10)
    reaches(world, netns.CLIENT_HOST)
    reaches(world, SECOND_HOST)
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    world.peer.stop()


def we_narrow(world):
    """strongSwan asks for everything, our phase 2 has less."""
    phase2 = {"src_subnet": "192.168.5.0/24", "dst_subnet": "10.1.0.0/16"}
    check(world.us.reload(world.text.phase2("toClient", **phase2)), "the narrower phase 2 is accepted")
    world.peer = StrongSwan(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, [child("10.1.100.0/24,10.9.0.0/16", "0.0.0.0/0")]).start()
    world.peer.up()
    world.us.wait_state(world.tunnel, "up")
    check(selectors(world) == [("192.168.5.0-192.168.5.255", "10.1.100.0-10.1.100.255")], f"narrowed, not {selectors(world)}")
    reaches(world, netns.CLIENT_HOST)
    sas = world.peer.sas()
    check("192.168.5.0/24" in sas and "10.1.100.0/24" in sas and "10.9.0.0" not in sas, f"strongSwan has the same: {sas}")
    world.peer.rekey_child()
    wait_for("the same after a rekey", lambda: selectors(world) == [("192.168.5.0-192.168.5.255", "10.1.100.0-10.1.100.255")], 5)


def nothing_in_common(world):
    """Selectors outside the phase 2: no Child SA, and we say why."""
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    world.peer.stop()
    world.peer = StrongSwan(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, [child("172.16.0.0/24", "192.168.77.0/24")]).start()
    mark = world.us.log.mark()
    try:
        world.peer.up()
        made = True
    except netns.Failure:
        made = False
    check(not made, "no Child SA")
    world.us.log.wait(r"no matching phase2 selector", mark, 5)
    check("TS_UNACCEPT" in world.peer.log(), "strongSwan is told why")
    check(world.us.stop() == 0, "ours ends with 0")
    world.peer.stop()


def peer_narrows(world):
    """We ask for everything, strongSwan has less."""
    world.peer = StrongSwan(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, [child("192.168.5.0/24", "10.1.100.0/24")]).start()
    world.dial(conf.client().phase1("toServer", proposal="aes128gcm-prfsha256").phase2("toServer", proposal="aes128gcm"))
    world.us.wait_state(world.tunnel, "up", 20)
    reaches(world, netns.CLIENT_HOST)
    check(selectors(world) == [("10.1.100.0-10.1.100.255", "192.168.5.0-192.168.5.255")], f"narrowed, not {selectors(world)}")
    reaches(world, SECOND_HOST, wanted=False)


def two_phase2(world):
    """Two phase 2 of ours become two Child SAs."""
    check(world.us.stop() == 0, "ours ends with 0")
    world.peer.stop()
    world.peer = StrongSwan(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, [
        child("192.168.5.0/24", "10.1.100.0/24"), child("192.168.5.0/24", "10.1.101.0/24", name="second")]).start()
    text = conf.client().phase1("toServer", proposal="aes128gcm-prfsha256").phase2(
        "toServer", proposal="aes128gcm", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24")
    text.add("""config vpn ipsec phase2-interface
        edit "second"
            set phase1name "toServer"
            set proposal aes128gcm
            set src-subnet 10.1.101.0/24
            set dst-subnet 192.168.5.0/24
        next
    end""")
    for policy in ("1", "2"):
        for attribute in ("srcaddr", "dstaddr"):
            text.set("firewall policy", policy, attribute, '"all"')
    world.dial(text)
    world.us.wait_state(world.tunnel, "up", 20)
    reaches(world, netns.CLIENT_HOST)
    reaches(world, SECOND_HOST)
    check(len(selectors(world)) == 2, f"two Child SAs, not {selectors(world)}")


case.main("strongSwan", "both", [
    ("gateway: several Child SAs", several_children),
    ("gateway: one of them is deleted", one_child_leaves),
    ("gateway: rekeys of all", rekeys_of_both),
    ("gateway: we narrow", we_narrow),
    ("gateway: nothing in common", nothing_in_common),
    ("client: the peer narrows", peer_narrows),
    ("client: two phase 2", two_phase2),
])
