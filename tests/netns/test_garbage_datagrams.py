"""Random and mutated datagrams on both ports leave the gateway serving, its memory flat and its tunnel untouched."""
import random
import subprocess
import sys
import time

import conf
import scenario
from netns import wait_for
from scenario import check

COUNT = 10000
# Raw octets of what passes the router: the material that is mutated. Runs inside the router's namespace.
CAPTURE = """
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)); s.settimeout(0.5)
print('up', flush=True)
end, seen = time.time() + 8, 0
while time.time() < end and seen < 40:
    try: p = s.recv(65535)
    except TimeoutError: continue
    head = (p[0] & 15) * 4
    if p[9] == 17 and p[head:head + 2] in (b'\\x01\\xf4', b'\\x11\\x94') or p[9] == 50:
        seen += 1
        print((p[head + 8:] if p[9] == 17 else p[head:]).hex(), flush=True)
"""
# Sends lines of hex to a port, at a pace the receiver's queue can follow.
SEND = """
import socket, sys, time
socks = {}
for n, line in enumerate(sys.stdin):
    port, text = line.split()
    s = socks.setdefault(port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    s.sendto(bytes.fromhex(text), ('173.1.1.1', int(port)))
    if n % 50 == 49: time.sleep(0.005)
"""


def mutate(rng, packets):
    data = bytearray(rng.choice(packets))
    for _ in range(rng.randint(1, 6)):
        way = rng.randrange(5)
        at = rng.randrange(len(data)) if data else 0
        if way == 0 and data:
            data[at] = rng.randrange(256)
        elif way == 1 and data:
            data[at] ^= 1 << rng.randrange(8)
        elif way == 2:
            del data[at:]
        elif way == 3:
            data[at:at] = rng.randbytes(rng.randint(1, 40))
        elif len(data) > 28:
            data[0:8] = rng.randbytes(8)  # another initiator's SPI: a stranger's IKE_SA_INIT
    if len(data) > 27 and rng.random() < 0.5:
        data[24:28] = len(data).to_bytes(4, "big")  # a header length that fits, so that parsing gets further
    return bytes(data)


def flood(world, rng, packets):
    lines = []
    for n in range(COUNT):
        data = rng.randbytes(rng.randint(0, 1400)) if n % 4 == 0 else mutate(rng, packets)
        if data:
            port = rng.choice((500, 4500))
            # On 4500 half of it claims to be IKE.
            lines.append(f"{port} {(bytes(4) if port == 4500 and rng.random() < 0.5 else b'').hex()}{data.hex()}")
    world.network.run("cgw", sys.executable, "-c", SEND, stdin="\n".join(lines), timeout=120)


def test(world):
    rng = random.Random(20240229)
    server = world.server(conf.server().phase1("toClient", negotiate_timeout=3)).start(debug=False)
    capture = world.network.start("router", sys.executable, "-c", CAPTURE, stdout=subprocess.PIPE, text=True)
    capture.stdout.readline()
    client = world.client().start()
    world.wait_up(client, server)
    world.ping(count=5)
    packets = [bytes.fromhex(line) for line in capture.stdout]
    check(len(packets) >= 4, "a few real packets to mutate")
    spi = server.tunnels()["toClient_0"]["ike"][0]["spi_i"]
    flood(world, rng, packets)  # lets tables and the allocator reach their size
    wait_for("half-open SAs to end", lambda: server.status()["half_open"] == 0, 30)
    before = server.rss_kib()
    for _ in range(2):
        flood(world, rng, packets)
        check(server.alive(), "the daemon is alive")
    wait_for("half-open SAs to end", lambda: server.status()["half_open"] == 0, 30)
    after = server.rss_kib()
    world.say(f"resident memory {before} KiB, {2 * COUNT} datagrams later {after} KiB")
    check(after - before < 1024, f"memory stays flat: {before} -> {after} KiB")
    tunnel = server.tunnels()
    check(list(tunnel) == ["toClient_0"] and tunnel["toClient_0"]["state"] == "up", "the tunnel is up, and alone")
    check(tunnel["toClient_0"]["ike"][0]["spi_i"] == spi, "by the same IKE SA")
    check(world.ping(count=3), "it carries traffic")
    client.stop()
    time.sleep(0.5)
    client.start()
    world.wait_up(client, server)
    world.say("and a login is served")


scenario.main(test)
