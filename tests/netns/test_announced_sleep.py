"""The client's machine says that it goes to sleep: the gateway's tunnel is asleep at once, packets for it are parked, and at the
wake it is back by address with all of them."""
import sys
import time

import netns
import scenario
from scenario import check
from test_parked_packets import Receiver, SEND


def test(world):
    network = world.network
    client, server = world.pair()
    receiver = Receiver(network, "chost", netns.CLIENT_HOST)
    mark, own = server.log.mark(), client.log.mark()
    start = time.monotonic()
    client.shell("diagnose vpn ike gateway sleep")
    took = time.monotonic() - start
    server.log.wait(r"tunnel asleep: toClient_0, kept for 30 s \(1 asleep\)", mark, 2)
    asleep = server.log.times[next(i for i in range(mark, len(server.log.lines)) if "tunnel asleep: toClient_0" in server.log.lines[i])]
    world.say(f"asleep {(asleep - start) * 1000:.0f} ms after the command, which took {took * 1000:.0f} ms")
    check(asleep - start < 0.3, "asleep within 0.3 s")
    check(took < 1.0, "the command is done once the gateway has answered")
    client.log.wait(r"tunnel silent before sleep: toServer, gateway 173\.1\.1\.1:\d+ answered", own, 2)
    network.run("shost", sys.executable, "-c", SEND, netns.CLIENT_HOST, "5")
    network.ping("chost", netns.SERVER_HOST)  # the client's programs go on for a moment
    time.sleep(1)
    check(receiver.numbers() == [], "nothing passes")
    check(server.tunnels()["toClient_0"]["state"] == "asleep", "and nothing wakes it")
    check(server.tunnels()["toClient_0"]["counters"]["parked"] >= 5, "parked")
    mark = server.log.mark()
    start = time.monotonic()
    client.shell("diagnose vpn ike gateway wake")
    server.log.wait(r"tunnel resumed: toClient_0 by address", mark, 2)
    netns.wait_for("the parked packets", lambda: receiver.numbers() == [0, 1, 2, 3, 4], 2, 0.01)
    world.say(f"back with its packets after {(time.monotonic() - start) * 1000:.0f} ms")
    client.wait_state("toServer", "up", 2)
    world.wait_ping(2)
    refused = client.control({"op": "gateway.sleep", "name": "nosuch"})
    check("no gateway to tell" in refused.get("error", ""), f"a word about a name that does not exist: {refused}")


if __name__ == "__main__":
    scenario.main(test)
