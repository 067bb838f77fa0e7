"""Steps that many cases share. They know the world's `us` (our daemon), its configuration `text`, `tunnel` (its name there)
and `peer`, which has up, rekey_child, rekey_ike, down and has_sas whatever program it is.
"""
import shutil
import time

import conf
import netns
from netns import wait_for
from scenario import check

PATIENCE = 15.0  # seconds of the guest's time, for what the peer does at once


def ike(world):
    """The IKE SAs of our tunnel, newest first."""
    return world.us.tunnels()[world.tunnel]["ike"]


def one_of_each(world):
    """The SPIs of the IKE SA and the Child SA, once there is one of each; else None."""
    sas = ike(world)
    if len(sas) != 1 or len(sas[0]["children"]) != 1:
        return None
    return (sas[0]["spi_i"], sas[0]["spi_r"]), sas[0]["children"][0]["spi_in"]


def clear(world):
    """Nobody runs any more and the path is whole: what independent steps begin with."""
    world.network.restore()
    for daemon in world.daemons:
        if daemon.alive():
            daemon.stop()  # in order: a killed one leaves its policies behind
        shutil.rmtree(daemon.state, ignore_errors=True)
    for peer in world.peers:
        if peer.process and peer.process.poll() is None:
            peer.seat.crash(peer.process)
    for end in world.flow.ends.values() if world.flow else ():
        end.process.kill()
        end.process.wait()
    world.flow = None


def as_client(**phase1):
    """Our configuration towards a foreign gateway: the example's, with one proposal and the networks behind both."""
    return conf.client().phase1("toServer", proposal="aes128gcm-prfsha256", **phase1).phase2(
        "toServer", proposal="aes128gcm", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24")


def login(world, rate=20):
    """The tunnel is up and carries both ways; a stream of so many blocks a second runs from here on."""
    world.us.wait_state(world.tunnel, "up", 90)
    world.wait_ping()
    check(world.network.ping("shost", netns.CLIENT_HOST, count=3), "a ping from the server's side")
    check(world.network.ping("chost", netns.SERVER_HOST, count=2, size=1400), "a ping with 1400 octets")
    world.flow = world.stream(rate=rate)
    world.flow.wait_progress(rate)


def changed(world, number, before, what, timeout):
    """Waits until SPI `number` (0: of the IKE SA, 1: of the Child SA) is another, the old one is gone, and the stream goes on."""
    wait_for(what, lambda: (now := one_of_each(world)) and now[number] != before[number], timeout, timeout / 150)
    world.flow.wait_progress(20)


def peer_rekeys_child(world):
    before = wait_for("one IKE SA and one Child SA", lambda: one_of_each(world), PATIENCE)
    world.peer.rekey_child()
    changed(world, 1, before, "the peer's rekey of the Child SA", world.peer.rekey_within)


def peer_rekeys_ike(world):
    before = wait_for("one IKE SA and one Child SA", lambda: one_of_each(world), PATIENCE)
    world.peer.rekey_ike()
    changed(world, 0, before, "the peer's rekey of the IKE SA", world.peer.rekey_within)


def we_rekey(world):
    """The SAs live for less than a minute by our own settings: the Child SA and the IKE SA are replaced in time, the stream goes on.

    Begins with a start of ours, so it comes after the step in which we or the peer left."""
    phase1 = "toClient" if world.tunnel == "toClient_0" else "toServer"
    world.us.write(world.text.phase1(phase1, keylife=50).phase2(phase1, keylifeseconds=20))
    world.us.start()
    if phase1 == "toClient":
        world.peer.up()
    login(world)
    mark = world.us.log.mark()
    for pattern in (r"IPsec SA \w+ rekeyed to", r"IKE SA \w+/\w+ rekeyed to", r"IPsec SA \w+ rekeyed to"):
        world.us.log.wait(pattern, mark, 60)
        mark = world.us.log.mark()
        world.flow.wait_progress(20)
        wait_for("the old SAs to be gone", lambda: one_of_each(world), PATIENCE)
    world.flow.finish()


def idle(world):
    """The stream ends; nothing but our probes and its answers for a minute, and the tunnel stays up."""
    world.flow.finish()
    mark = world.us.log.mark()
    time.sleep(60)
    world.us.log.wait(r"send IKEv2 DPD probe", mark, 1)
    world.us.log.expect_none(r"retransmission timeout|tunnel (down|asleep|resumed)", mark)
    world.wait_ping()


def sleep_and_wake_by_address(world):
    """The network is away for longer than our patience and shorter than the peer's."""
    mark = world.us.log.mark()
    world.network.cut()
    world.us.log.wait(r"tunnel asleep: ", mark, 30)
    time.sleep(2)
    world.network.restore()
    match = world.us.log.wait(r"tunnel resumed: \S+ by (\w+) after", mark, 60)
    check(match[1] == "address", f"woken by address, not by {match[1]}")
    world.wait_ping(30)


def sleep_and_wake_by_login(world):
    """The network is away for longer than the peer's patience too."""
    mark = world.us.log.mark()
    interface = world.us.tunnels()[world.tunnel]["device_ifindex"]
    world.network.cut()
    world.us.log.wait(r"tunnel asleep: ", mark, 30)
    wait_for("the peer to give its SAs up", lambda: not world.peer.has_sas(), 300, 1)
    world.network.restore()
    world.peer.up()
    match = world.us.log.wait(r"tunnel resumed: \S+ by (\w+) after", mark, 90)
    check(match[1] == "login", f"woken by login, not by {match[1]}")
    check(list(world.us.tunnels()) == [world.tunnel], "one tunnel, the same")
    check(world.us.tunnels()[world.tunnel]["device_ifindex"] == interface, "with the same interface")
    world.wait_ping(30)


def gateway_silent(world):
    """We are the client and the gateway cannot be reached for a while; then we are back, by ourselves."""
    mark = world.us.log.mark()
    world.network.cut()
    world.us.wait_state(world.tunnel, "connecting", 30)
    time.sleep(5)
    world.network.restore()
    world.us.log.wait(r"tunnel (resumed|up): ", mark, 60)
    world.us.wait_state(world.tunnel, "up", 10)
    world.wait_ping(30)


def gateway_restarts(world):
    """We are the client; the gateway is killed and comes back, knowing nothing of us."""
    mark = world.us.log.mark()
    world.peer.seat.crash(world.peer.process)
    world.peer.start()
    world.us.log.wait(r"tunnel (resumed|up): ", mark, 60)
    world.us.wait_state(world.tunnel, "up", 10)
    world.wait_ping(30)


def peer_leaves(world):
    """The peer's Delete ends the tunnel."""
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    check(world.us.stop() == 0, "ours ends with 0")


def we_leave(world):
    """Our Delete ends the peer's SAs."""
    check(world.peer.has_sas(), "the peer has SAs")
    check(world.us.stop() == 0, "ours ends with 0")
    wait_for("the peer to hear of the end", lambda: not world.peer.has_sas(), 10, 0.2)


AS_GATEWAY = [
    ("Child SA rekey by the peer", peer_rekeys_child),
    ("IKE SA rekey by the peer", peer_rekeys_ike),
    ("liveness", idle),
    ("sleep, wake by address", sleep_and_wake_by_address),
    ("sleep, wake by login", sleep_and_wake_by_login),
    ("Delete by the peer", peer_leaves),
    ("rekeys by Dormouse", we_rekey),
]

AS_CLIENT = [
    ("Child SA rekey by the peer", peer_rekeys_child),
    ("IKE SA rekey by the peer", peer_rekeys_ike),
    ("liveness", idle),
    ("gateway silent for a while", gateway_silent),
    ("gateway restarted", gateway_restarts),
    ("Delete by Dormouse", we_leave),
    ("rekeys by Dormouse", we_rekey),
]
