"""The newest packets for a sleeper are sent when it wakes, in their order; older ones are dropped and counted. Both ways."""
import subprocess
import sys

import netns
import scenario
from scenario import check

KEPT, SENT = 32, 60
RECEIVE = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7007))
print("up", flush=True)
while True:
    print(s.recv(2000).decode().split()[0], flush=True)
"""
SEND = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(int(sys.argv[2])):
    s.sendto(b"%d " % n + b"x" * 900, (sys.argv[1], 7007))
    time.sleep(0.002)
"""


class Receiver:
    def __init__(self, network, host, address):
        from daemon import Log
        process = network.start(host, sys.executable, "-c", RECEIVE, address, stdout=subprocess.PIPE, text=True)
        self.log = Log(process.stdout, f"receiver on {host}")
        self.log.wait("up")

    def numbers(self):
        return [int(line) for line in self.log.lines if line.isdigit()]


def test(world):
    network = world.network
    client, server = world.pair()
    receiver = Receiver(network, "chost", netns.CLIENT_HOST)
    network.run("shost", sys.executable, "-c", SEND, netns.CLIENT_HOST, "3")
    netns.wait_for("datagrams to pass", lambda: receiver.numbers() == [0, 1, 2], 5)
    network.cut()
    server.wait_state("toClient_0", "asleep", 20)
    mark = server.log.mark()
    network.run("shost", sys.executable, "-c", SEND, netns.CLIENT_HOST, str(SENT))
    tunnel = netns.wait_for("the packets to be parked",
                            lambda: (t := server.tunnels()["toClient_0"]) and t["counters"]["parked"] == KEPT and t, 5)
    check(tunnel["counters"]["dropped_asleep"] == SENT - KEPT, f"{SENT - KEPT} dropped and counted: {tunnel['counters']}")
    check(receiver.numbers() == [0, 1, 2], "nothing passes while it sleeps")
    network.restore()
    server.log.wait(r"tunnel resumed: toClient_0", mark, 20)
    expected = [0, 1, 2, *range(SENT - KEPT, SENT)]
    try:
        netns.wait_for("the parked packets to arrive", lambda: len(receiver.numbers()) >= len(expected), 3)
    except netns.Failure as e:
        raise netns.Failure(f"{e}: {receiver.numbers()} {server.tunnels()}")
    check(receiver.numbers() == expected, f"the newest {KEPT} in their order, not {receiver.numbers()}")
    counters = server.tunnels()["toClient_0"]["counters"]
    check(counters["parked_sent"] == KEPT and counters["parked"] == 0, f"counted as sent: {counters}")


if __name__ == "__main__":
    scenario.main(test)
