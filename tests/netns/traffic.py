"""A TCP stream whose every byte is checked at the other end, in both directions at once.

    traffic.py listen ADDRESS PORT             one connection, then the same as connect
    traffic.py connect ADDRESS PORT [RATE]     sends RATE (default 50) blocks per second until it is told to stop

Each block is 1 KiB: its number in the first eight octets, the rest derived from the number. A receiver that sees another
octet than it must, or a connection that breaks, prints "broken ..." and exits with 1. Every fifth of a second it prints
"blocks SENT RECEIVED". SIGTERM at one end closes both in order, each with "done SENT RECEIVED".
"""
import select
import signal
import socket
import subprocess
import sys
import time

from netns import Failure

BLOCK = 1024


def block(number):
    """Block `number`: its octets can be told from those of every other."""
    head = number.to_bytes(8, "big")
    return head + (number % 251).to_bytes(1, "big") * (BLOCK - 8)


class Stream:
    """One end of the connection, without blocking in either direction."""

    def __init__(self, sock, rate):
        self.sock, self.interval = sock, 1.0 / rate
        self.sent = self.received = 0
        self.out, self.inbox, self.stopping = b"", b"", False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self):
        next_block = next_report = time.monotonic()
        while not self.stopping:
            now = time.monotonic()
            if now >= next_report:
                print("blocks", self.sent, self.received, flush=True)
                next_report = now + 0.2
            # While the link is cut one block waits in `out`; the stream does not make up for lost time afterwards.
            if now >= next_block and not self.out:
                self.out, next_block = block(self.sent), now + self.interval
                self.sent += 1
            wait = max(0.0, min(next_block, next_report) - now) if not self.out else max(0.0, next_report - now)
            readable, writable, _ = select.select([self.sock], [self.sock] if self.out else [], [], wait)
            if readable and not self.receive():
                break
            if writable:
                self.out = self.out[self.sock.send(self.out):]
        return self.finish()

    def finish(self):
        """Sends what is begun, says that no more comes, and reads what the other end still has."""
        self.sock.settimeout(20)
        self.sock.sendall(self.out)
        self.sock.shutdown(socket.SHUT_WR)
        while self.receive():
            pass
        print("done", self.sent, self.received, flush=True)
        return 0

    def receive(self):
        """False at the orderly end of the connection."""
        data = self.sock.recv(65536)
        if not data:
            if self.inbox:
                raise ValueError(f"the connection ended inside block {self.received}")
            return False
        self.inbox += data
        while len(self.inbox) >= BLOCK:
            if self.inbox[:BLOCK] != block(self.received):
                raise ValueError(f"block {self.received} is not what was sent")
            self.received += 1
            self.inbox = self.inbox[BLOCK:]
        return True


def main(mode, address, port, rate=50.0):
    if mode == "listen":
        with socket.create_server((address, int(port)), family=socket.AF_INET6 if ":" in address else socket.AF_INET) as server:
            print("listening", flush=True)
            sock, _ = server.accept()
    else:
        sock = socket.create_connection((address, int(port)), 10)
    stream = Stream(sock, float(rate))
    signal.signal(signal.SIGTERM, lambda *_: setattr(stream, "stopping", True))
    try:
        return stream.run()
    except (OSError, ValueError) as error:
        print("broken after", stream.received, "blocks:", error, flush=True)
        return 1


class CheckedStream:
    """The stream between the two inside hosts of a network, as a test holds it."""

    def __init__(self, network, client="chost", server="shost", address="192.168.5.44", port=5001, rate=50):
        from daemon import Log  # here, since the processes that run this file as a program need no daemon
        self.ends = {}
        for host, mode in ((server, "listen"), (client, "connect")):
            process = network.start(host, sys.executable, __file__, mode, address, str(port), str(rate),
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            log = Log(process.stdout, f"stream on {host}")
            log.process = process
            self.ends[host] = log
            if mode == "listen":
                log.wait("listening")
        self.client, self.server = self.ends[client], self.ends[server]
        self.client.wait(r"blocks [1-9]", timeout=10)

    def check_whole(self):
        for end in self.ends.values():
            broken = end.find(r"broken.*|Traceback")
            if broken or (end.process.poll() not in (None, 0)):
                raise Failure(f"{end.name} did not survive: {end.lines[-1:]}")

    def received(self):
        """Blocks the client and the server have received and found right so far."""
        counts = []
        for end in (self.client, self.server):
            last = next((line for line in reversed(end.lines) if line.startswith(("blocks", "done"))), "blocks 0 0")
            counts.append(int(last.split()[2]))
        return tuple(counts)

    def wait_progress(self, blocks=20, timeout=60.0):
        """Waits until both ends have received so many blocks more; returns how long it took, in seconds."""
        start, begin = time.monotonic(), self.received()
        while True:
            self.check_whole()
            if all(now >= then + blocks for now, then in zip(self.received(), begin)):
                return time.monotonic() - start
            if time.monotonic() - start > timeout:
                raise Failure(f"the stream stands still: {begin} blocks, {timeout:g} s later {self.received()}")
            time.sleep(0.1)

    def finish(self):
        """Closes it; Failure unless each end has received all that the other sent."""
        self.check_whole()
        self.client.process.send_signal(signal.SIGTERM)
        self.client.process.wait(10)
        self.server.process.wait(10)
        self.check_whole()
        (c_sent, c_received), (s_sent, s_received) = (
            map(int, end.wait(r"done (\d+) (\d+)", timeout=5).groups()) for end in (self.client, self.server))
        if c_sent != s_received or s_sent != c_received:
            raise Failure(f"blocks sent and received: up {c_sent} and {s_received}, down {s_sent} and {c_received}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
