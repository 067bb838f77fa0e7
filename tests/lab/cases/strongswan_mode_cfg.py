#!/usr/bin/python3 -B
"""Several strongSwan clients get inside addresses of one pool, and a Dormouse client gets one of a strongSwan gateway."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402

SUITE = {"ike": "aes128gcm16-prfsha256-modp2048"}


def client(world, host, address):
    return StrongSwan(world, host, address, netns.SERVER_OUTSIDE, [child("dynamic", "192.168.5.0/24")], connection="vips = 0.0.0.0\n dpd_delay = 20s", **SUITE).start()


def assigned(world):
    return {name: tunnel["inside"]["addresses"] for name, tunnel in world.us.tunnels().items()}


def several_clients(world):
    """Four clients, four addresses; each is reached by its own."""
    world.gateway(conf.server(interval=600).phase1("toClient", mode_cfg="enable", ipv4_start_ip="10.9.0.1", ipv4_end_ip="10.9.0.4"))
    seats = [("cgw", netns.CLIENT_OUTSIDE)] + [(world.network.add_client(n), f"11.101.{n}.1") for n in (2, 3, 4)]
    world.clients = []
    for number, (host, address) in enumerate(seats):
        world.clients.append(client(world, host, address))
        world.clients[-1].up()
        inside = f"10.9.0.{number + 1}"
        wait_for(f"{inside} to be given", lambda: [inside] in assigned(world).values(), 10)
        wait_for(f"a ping from {inside}", lambda: world.network.ping(host, netns.SERVER_HOST, extra=("-I", inside)), 10)
    for number in range(1, 5):
        check(world.network.ping("shost", f"10.9.0.{number}"), f"10.9.0.{number} is reached from the inside")


def full_pool(world):
    host = world.network.add_client(5)
    fifth = client(world, host, "11.101.5.1")
    try:
        fifth.up()
        let_in = True
    except netns.Failure:
        let_in = False
    check(not let_in, "the fifth is not let in")
    check("INTERNAL_ADDRESS_FAILURE" in fifth.log() or "INT_ADDR_FAIL" in fifth.log(), "and told why")
    check(len(assigned(world)) == 4, "the four are as they were")
    # strongSwan may read our Delete before the answer that it follows, and then waits for it to be repeated.
    wait_for("the refused one to know that its IKE SA is gone", lambda: not fifth.has_sas(), 10)
    world.clients[1].down()
    wait_for("an address to be free", lambda: len(assigned(world)) == 3, 10)
    fifth.up()
    wait_for("its address to be given again", lambda: ["10.9.0.2"] in assigned(world).values(), 10)


def asleep(world):
    """All fall asleep together, and each wakes with its own address."""
    before = assigned(world)
    world.network.cut()
    wait_for("all to be asleep", lambda: all(t["state"] == "asleep" for t in world.us.tunnels().values()), 60, 0.5)
    check(assigned(world) == before, "sleepers keep their addresses")
    world.network.restore()
    for number in (1, 2, 3, 4):
        wait_for(f"10.9.0.{number} to be reached", lambda: world.network.ping("shost", f"10.9.0.{number}"), 120)
    check(assigned(world) == before, "and have them still")


def leave(world):
    check(world.us.stop() == 0, "ours ends with 0")
    for peer in world.peers:
        peer.stop()


def dormouse_asks(world):
    peer = StrongSwan(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, [child("192.168.5.0/24", "dynamic")], connection="pools = inside",
                      sections="pools { inside { addrs = 10.9.0.33\n dns = 192.168.5.53 } }", **SUITE).start()
    text = conf.client().phase1("toServer", proposal="aes128gcm-prfsha256", mode_cfg="enable").phase2("toServer", proposal="aes128gcm")
    world.dial(text.delete("router static", "2"))
    tunnel = world.us.wait_state("toServer", "up", 20)
    check(tunnel["inside"]["addresses"] == ["10.9.0.33"] and tunnel["inside"]["dns"] == ["192.168.5.53"], f"got {tunnel['inside']}")
    check(world.network.addresses("cgw", "toServer") == ["10.9.0.33"], "it is on the interface")
    wait_for("a ping", lambda: world.network.ping("cgw", netns.SERVER_HOST), 10)
    check(world.us.stop() == 0, "ours ends with 0")
    peer.stop()


case.main("strongSwan", "both", [
    ("inside addresses of several clients", several_clients),
    ("a full pool", full_pool),
    ("all asleep, all awake", asleep),
    ("Delete by Dormouse", leave),
    ("inside address of a strongSwan gateway", dormouse_asks),
])
