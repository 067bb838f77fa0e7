"""The data path beside its peers: TCP throughput and the CPU it costs, small packets without loss, ping.

usage: bench.py BUILD_DIRECTORY [--peers LIST] [--rounds N] [--seconds S]

Each peer stands in two network namespaces of its own, joined by a veth pair of MTU 1500; inside the tunnels the MTU is 1400 for
all. Both ends, iperf3 and the tunnel's two daemons share this machine's cores. All peers are up at once and are measured in
turns, so that other load meets all alike; the median of the rounds is printed. Absolute figures drift with the machine; what
can be compared is the ratio within one run.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HZ = os.sysconf("SC_CLK_TCK")
SECONDS_READY = 10


def run(*command, check=True, **kw):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout.strip()}")
    return done.stdout


def in_ns(ns, *command):
    return ("ip", "netns", "exec", ns, *command)


class Peer:
    """Two namespaces A and B with 10.9.0.1 and 10.9.0.2 outside; a subclass makes the tunnel between them."""

    name = "veth"
    about = "no tunnel"
    client, server = "10.9.0.1", "10.9.0.2"

    def __init__(self, number, build, scratch):
        self.a, self.b = f"dmb{os.getpid()}a{number}", f"dmb{os.getpid()}b{number}"
        self.build, self.scratch = build, scratch / self.name
        self.started, self.daemons = [], []
        self.scratch.mkdir()

    def missing(self):
        """What this machine lacks for the peer, or None."""
        return None

    def up(self):
        run("ip", "netns", "add", self.a)
        run("ip", "netns", "add", self.b)
        run("ip", "link", "add", "outer", "netns", self.a, "type", "veth", "peer", "name", "outer", "netns", self.b)
        for ns, address in ((self.a, "10.9.0.1/24"), (self.b, "10.9.0.2/24")):
            run("ip", "-n", ns, "addr", "add", address, "dev", "outer")
            run("ip", "-n", ns, "link", "set", "lo", "up")
            run("ip", "-n", ns, "link", "set", "outer", "up")
        self.tunnel()
        self.start(*in_ns(self.b, "iperf3", "-s"))
        deadline = time.monotonic() + SECONDS_READY
        while "1 received" not in run(*in_ns(self.a, "ping", "-c1", "-W1", "-I", self.client, self.server), check=False):
            if time.monotonic() > deadline:
                raise RuntimeError("no answer through the tunnel")
            time.sleep(0.2)

    def tunnel(self):
        pass

    def start(self, *command, daemon=False, **kw):
        p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=kw.pop("stdout", subprocess.DEVNULL),
                             stderr=subprocess.DEVNULL, text=True, start_new_session=True, **kw)
        self.started.append(p)
        if daemon:
            self.daemons.append(p)
        return p

    def down(self):
        for p in self.started:
            if p.poll() is None:
                os.killpg(p.pid, signal.SIGTERM)
        for p in self.started:
            try:
                p.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()
        for ns in (self.a, self.b):
            run("ip", "netns", "del", ns, check=False)

    def daemon_cpu(self):
        """Seconds of CPU the daemons have used, their children included."""
        total = 0
        for p in self.daemons:
            for pid in descendants(p.pid):
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += int(fields[11]) + int(fields[12])
        return total / HZ

    def tcp(self, seconds):
        before = self.daemon_cpu()
        out = json.loads(run(*in_ns(self.a, "iperf3", "-B", self.client, "-c", self.server, "-t", str(seconds), "-J")))
        used, got = self.daemon_cpu() - before, out["end"]["sum_received"]
        return {"tcp": got["bits_per_second"] / 1e9, "cpu": used / (got["bytes"] / 1e9)}

    def udp(self, size):
        clean, flood = run(str(self.build / "bench/dataplane/udp_rate"), self.a, self.b, self.server, str(size)).split()
        return {f"udp{size}": float(clean), f"flood{size}": float(flood)}

    def ping(self):
        out = run(*in_ns(self.a, "ping", "-c", "200", "-i", "0.01", "-I", self.client, self.server))
        times = sorted(float(line.split("time=")[1].split()[0]) for line in out.splitlines() if "time=" in line)
        return {"ping": statistics.median(times) * 1000}


def descendants(pid):
    found = [pid]
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += descendants(int(child))
    return found


class Dormouse(Peer):
    name = "dormouse"
    about = "AES-128-GCM in UDP, keys fixed"
    client, server = "10.8.0.1", "10.8.0.2"
    encap, cipher = "udp", "aes128gcm"

    def tunnel(self):
        for ns, end, here, there, inner in ((self.a, "first", "10.9.0.1", "10.9.0.2", self.client),
                                            (self.b, "second", "10.9.0.2", "10.9.0.1", self.server)):
            p = self.start(*in_ns(ns, str(self.build / "bench/dataplane/dataplane_bench"), end, "tun", here, there, "outer",
                                  self.encap, self.cipher), daemon=True, stdout=subprocess.PIPE)
            self.about = f"{self.cipher} in {self.encap}, {p.stdout.readline().strip()}"
            if p.stdout.readline() != "ready\n":
                raise RuntimeError("dataplane_bench did not start")
            run("ip", "-n", ns, "addr", "add", inner + "/24", "dev", "tun")


class DormouseEsp(Dormouse):
    name, encap = "dormouse-esp", "esp"


class DormouseChacha(Dormouse):
    name, cipher = "dormouse-chacha", "chacha20poly1305"


class DormouseCbc(Dormouse):
    name, cipher = "dormouse-cbc", "aes128-sha256"


class WireguardGo(Peer):
    name = "wireguard-go"
    about = "ChaCha20-Poly1305"
    client, server = "10.8.0.1", "10.8.0.2"

    def missing(self):
        absent = [p for p in ("wireguard-go", "wg") if not shutil.which(p)]
        return f"{' and '.join(absent)} not installed" if absent else None

    def tunnel(self):
        keys = [run("wg", "genkey").strip() for _ in range(2)]
        public = [run("wg", "pubkey", input=k).strip() for k in keys]
        for i, ns in enumerate((self.a, self.b)):
            device = f"wgb{os.getpid() % 10000}{i}"
            self.start(*in_ns(ns, "env", "LOG_LEVEL=error", "wireguard-go", "-f", device), daemon=True)
            deadline = time.monotonic() + SECONDS_READY
            while not run("ip", "-n", ns, "link", "show", device, check=False).count("mtu") and time.monotonic() < deadline:
                time.sleep(0.1)
            time.sleep(0.3)
            secret = self.scratch / f"key{i}"
            secret.write_text(keys[i])
            run(*in_ns(ns, "wg", "set", device, "private-key", str(secret), "listen-port", "5182", "peer", public[1 - i], "allowed-ips",
                       "10.8.0.0/24", "endpoint", f"10.9.0.{2 - i}:5182"))
            run("ip", "-n", ns, "addr", "add", f"10.8.0.{i + 1}/24", "dev", device)
            run("ip", "-n", ns, "link", "set", device, "mtu", "1400", "up")


SWAN_DAEMON = """charon {{
  load = random nonce aes sha1 sha2 hmac kdf openssl curve25519 gcm aesni kernel-libipsec kernel-netlink socket-default vici
  plugins {{
    kernel-libipsec {{
      allow_peer_ts = yes
    }}
  }}
  filelog {{
    log {{
      path = {directory}/log
      default = 0
    }}
  }}
}}
"""
SWAN_TUNNEL = """connections {{
  t {{
    version = 2
    local_addrs = {here}
    remote_addrs = {there}
    proposals = aes128gcm16-prfsha256-curve25519
    local {{
      auth = psk
    }}
    remote {{
      auth = psk
    }}
    children {{
      c {{
        local_ts = {mine}/32
        remote_ts = {theirs}/32
        esp_proposals = aes128gcm16
      }}
    }}
  }}
}}
secrets {{
  ike-1 {{
    secret = "of the benchmark"
  }}
}}
"""


class StrongSwan(Peer):
    name = "strongswan"
    about = "userspace ESP (kernel-libipsec), AES-128-GCM"
    client, server = "10.1.1.1", "10.2.2.2"
    charon = "/usr/lib/ipsec/charon"

    def missing(self):
        return None if os.path.exists(self.charon) and shutil.which("swanctl") else "strongSwan not installed"

    def tunnel(self):
        ends = ((self.a, "10.9.0.1", "10.9.0.2", self.client, self.server), (self.b, "10.9.0.2", "10.9.0.1", self.server, self.client))
        for ns, here, there, mine, theirs in ends:
            home = self.scratch / ns
            (home / "swanctl").mkdir(parents=True)
            (home / "strongswan.conf").write_text(SWAN_DAEMON.format(directory=home))
            (home / "swanctl/swanctl.conf").write_text(SWAN_TUNNEL.format(here=here, there=there, mine=mine, theirs=theirs))
            run("ip", "-n", ns, "addr", "add", mine + "/32", "dev", "lo")
            # Its sockets and pid file lie in /var/run, so each daemon sees one of its own.
            self.start(*in_ns(ns, "unshare", "-m", "sh", "-c", "mount -t tmpfs t /var/run && exec " + self.charon), daemon=True,
                       env={**os.environ, "STRONGSWAN_CONF": str(home / "strongswan.conf")})
        time.sleep(2)
        for p, end in zip(self.daemons, ends):
            self.swanctl(p, end[0], "--load-all")
        self.swanctl(self.daemons[0], self.a, "--initiate", "--child", "c")

    def swanctl(self, daemon, ns, *arguments):
        home = self.scratch / ns
        env = {**os.environ, "STRONGSWAN_CONF": str(home / "strongswan.conf"), "SWANCTL_DIR": str(home / "swanctl")}
        # The daemon itself entered the namespaces: sh became charon in the process that was started.
        run("nsenter", "-t", str(daemon.pid), "-m", "-n", "swanctl", *arguments, env=env)


PEERS = [Peer, Dormouse, DormouseEsp, DormouseChacha, DormouseCbc, WireguardGo, StrongSwan]
DEFAULT = "veth,dormouse,dormouse-esp,wireguard-go,strongswan"
COLUMNS = [("tcp", "TCP Gbit/s", "%.2f"), ("cpu", "CPU s/GB", "%.2f"), ("udp64", "64 B kpps", "%.0f"), ("flood64", "overload", "%.0f"),
           ("udp1400", "1400 B kpps", "%.0f"), ("ping", "ping us", "%.0f")]


def print_table(peers, found):
    print("%-16s" % "" + "".join("%13s" % title for _, title, _ in COLUMNS))
    for peer in peers:
        cells = [form % statistics.median(found[peer.name][key]) if found[peer.name].get(key) else "-" for key, _, form in COLUMNS]
        print("%-16s" % peer.name + "".join("%13s" % c for c in cells) + "   " + peer.about)
    print("TCP: one stream. CPU: both daemons, per 10^9 octets carried. kpps: single packets of that size in thousands a second, "
          "without loss\n(under 0.1 %) and, for 64 B, delivered under overload. ping: median, 10 ms apart.")
    speed = {name: statistics.median(v["tcp"]) for name, v in found.items() if v.get("tcp")}
    for other in ("wireguard-go", "strongswan"):
        if "dormouse" in speed and speed.get(other):
            print("dormouse / %s, TCP: %.1f" % (other, speed["dormouse"] / speed[other]))


def main():
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--peers", default=DEFAULT, help="of " + ",".join(p.name for p in PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", default="tcp,udp,ping", help="of tcp,udp,ping")
    options = parser.parse_args()
    wanted = options.peers.split(",")
    unknown = set(wanted) - {p.name for p in PEERS}
    if unknown:
        parser.error("no such peer: " + ", ".join(sorted(unknown)))
    build, standing, found = options.build.resolve(), [], {}
    with tempfile.TemporaryDirectory() as directory:
        made = []
        try:
            for number, kind in enumerate(p for p in PEERS if p.name in wanted):
                peer = kind(number, build, pathlib.Path(directory))
                if peer.missing():
                    print(f"{peer.name}: left out: {peer.missing()}")
                    continue
                made.append(peer)
                try:
                    peer.up()
                except RuntimeError as e:
                    print(f"{peer.name}: left out: {e}")
                    continue
                standing.append(peer)
                found[peer.name] = {}
            for n in range(options.rounds):
                print(f"round {n + 1} of {options.rounds}", file=sys.stderr)
                for peer in standing:
                    values = {}
                    if "tcp" in options.only:
                        values |= peer.tcp(options.seconds)
                    if "udp" in options.only:
                        values |= peer.udp(64) | peer.udp(1400)
                    if "ping" in options.only:
                        values |= peer.ping()
                    for key, value in values.items():
                        found[peer.name].setdefault(key, []).append(value)
        finally:
            for peer in made:
                peer.down()
    print_table(standing, found)
    return 0 if "dormouse" not in wanted or "dormouse" in found else 1


if __name__ == "__main__":
    sys.exit(main())
