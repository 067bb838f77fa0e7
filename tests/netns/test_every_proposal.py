"""Every phase 2 proposal of the example, as plain ESP and in UDP: a ping of 1400 octets and a bulk TCP transfer each."""
import hashlib
import subprocess
import sys

import conf
import netns
import scenario
from scenario import check

PROPOSALS = ("aes128-sha1", "aes256-sha1", "aes128-sha256", "aes256-sha256", "aes128gcm", "aes256gcm", "chacha20poly1305")
SIZE = 8_000_000
SEND = """
import random, socket, sys
data = random.Random(7).randbytes(%d)
s = socket.create_connection((sys.argv[1], 5003), 10)
s.sendall(data)
s.shutdown(socket.SHUT_WR)
print(s.recv(100).decode())
""" % SIZE
RECEIVE = """
import hashlib, socket
with socket.create_server(("0.0.0.0", 5003)) as server:
    print("up", flush=True)
    s, _ = server.accept()
    h = hashlib.sha256()
    while part := s.recv(1 << 16):
        h.update(part)
    s.sendall(h.hexdigest().encode())
"""


def transfers(network, wanted):
    """Whether the octets that leave one inside host are those that reach the other."""
    server = network.start("shost", sys.executable, "-c", RECEIVE, stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    seen = network.run("chost", sys.executable, "-c", SEND, netns.SERVER_HOST, timeout=30).strip()
    server.wait(5)
    return seen == wanted


def test(world):
    import random
    wanted = hashlib.sha256(random.Random(7).randbytes(SIZE)).hexdigest()
    network = world.network
    client, server = world.pair()
    for encapsulation in ("enable", "forced"):
        for proposal in PROPOSALS:
            mark = server.log.mark()
            text = conf.client().phase2("toServer", proposal=proposal).phase1("toServer", nattraversal=encapsulation)
            check(client.reload(text), f"the client takes {proposal}")
            server.log.wait(r"tunnel up: toClient_0", mark, 15)
            what = f"{proposal}, {'in UDP' if encapsulation == 'forced' else 'plain ESP'}"
            netns.wait_for(f"a ping with {what}", world.ping, 10)
            check(network.ping("chost", netns.SERVER_HOST, count=2, size=1400), f"a ping of 1400 octets with {what}")
            check(transfers(network, wanted), f"the TCP transfer arrives whole with {what}")
            tunnel = server.tunnels()["toClient_0"]
            child = tunnel["ike"][0]["children"][0]
            check(proposal == child["suite"]["token"], f"{proposal} is in use, not {child['suite']['token']}")
            check(tunnel["ike"][0]["udp_encap"] == (encapsulation == "forced"), f"encapsulation with {what}")
            world.say(what)


scenario.main(test)
