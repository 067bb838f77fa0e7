"""The hosts of a guest: the network of the tests in namespaces, with what only a guest makes possible.

Foreign daemons keep their paths built in. Each gets a seat: a host of the network with a /run, an /etc and a /var/lib of its own,
so that several of one kind run side by side and leave nothing to each other.
"""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "netns"))

import netns  # noqa: E402
from netns import run, wait_for  # noqa: E402

PRIVATE = """
mount -t tmpfs -o mode=755 run /run
for folder in etc var/lib; do
  mkdir -p /run/layer/$folder/upper /run/layer/$folder/work
  mount -t overlay -o lowerdir=/$folder,upperdir=/run/layer/$folder/upper,workdir=/run/layer/$folder/work layer /$folder
done
mkdir -p /run/lock /run/pluto
touch /run/ready
exec sleep infinity
"""


class Seat:
    """A host of the network as a foreign daemon sees it: its own /run, /etc and /var/lib."""

    def __init__(self, network, host):
        self.network, self.host = network, host
        self.process = network.start(host, "unshare", "-m", "--propagation", "private", "sh", "-ec", PRIVATE)
        # `ip netns exec` and unshare become the shell, so its mounts are found by its process id.
        wait_for(f"the seat on {host}", lambda: pathlib.Path(f"/proc/{self.process.pid}/root/run/ready").exists(), 10)

    def command(self, *words):
        return ["nsenter", "-t", str(self.process.pid), "-n", "-m", "-w/root", *words]

    def run(self, *words, **options):
        return run(*self.command(*words), **options)

    def start(self, *words, **options):
        process = subprocess.Popen(self.command(*words), start_new_session=True, **options)
        self.network.processes.append(process)
        return process

    def write(self, path, text, mode="600"):
        self.run("sh", "-c", f"mkdir -p $(dirname {path}) && umask 077 && cat >{path} && chmod {mode} {path}", stdin=text)

    def crash(self, process):
        """Ends a daemon as a power cut would: what the kernel holds for it is gone, too."""
        process.kill()
        process.wait()
        self.run("sh", "-c", "ip xfrm state flush; ip xfrm policy flush; ip route flush table 220; ip -6 route flush table 220; :")

    def read(self, path):
        return self.run("sh", "-c", f"cat {path} 2>/dev/null || :")


class Hosts(netns.Network):
    """The five hosts, whose router can also hold more clients, translate addresses, and be listened at."""

    def seat(self, host):
        """A seat for a foreign daemon. What it shall not send into a tunnel goes to the router."""
        gateway = {"cgw": "11.101.1.254", "sgw": "173.1.1.254"}.get(host)
        if gateway:
            self.ip(host, "route", "replace", "default", "via", gateway)
        return Seat(self, host)

    def add_client(self, number):
        """A further client gateway behind the router, 11.101.NUMBER.1; the name of its host."""
        host, net = f"cgw{number}", f"11.101.{number}"
        self.names[host] = f"{self.names['cgw']}{number}"
        run("ip", "netns", "add", self.names[host])
        self.ip(host, "link", "set", "lo", "up")
        run("ip", "link", "add", "port9", "netns", self.names[host], "type", "veth", "peer", "name", f"left{number}", "netns", self.names["router"])
        for where, device, address in ((host, "port9", f"{net}.1"), ("router", f"left{number}", f"{net}.254")):
            self.ip(where, "link", "set", device, "up")
            self.ip(where, "addr", "add", f"{address}/24", "dev", device)
        self.ip(host, "route", "add", "default", "via", f"{net}.254")
        self.ip("sgw", "route", "replace", "11.101.0.0/16", "via", "173.1.1.254")
        return host

    def translate(self):
        """From now on the router hides its left side behind its right address, with ports of its own choice."""
        self.run("router", "nft", "-f", "-", stdin="""
            table ip nat {
              chain post {
                type nat hook postrouting priority 100
                oifname "right" meta l4proto udp masquerade to :20000-29999 random
                oifname "right" masquerade
              }
            }
            """)

    def forget_translations(self):
        """The router forgets what it translated, so the next packet gets another port, as after a restart of a cheap one."""
        self.run("router", "conntrack", "-F", check=False)

    def capture(self, path):
        """Records IKE and ESP at the router, as both its sides see it, for the rest of the run."""
        words = ("tcpdump", "-Z", "root", "-U", "--immediate-mode", "-n", "-s0", "-i", "any", "-w", str(path), "udp port 500 or udp port 4500 or esp or udp portrange 20000-29999")
        self.start("router", *words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("the capture", lambda: pathlib.Path(path).exists() and pathlib.Path(path).stat().st_size, 10)
