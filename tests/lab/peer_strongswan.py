"""strongSwan in a seat: charon with the kernel's ESP."""
import subprocess

import conf
import netns
from netns import wait_for

CHARON, LOG = "/usr/lib/ipsec/charon", "/run/charon.log"
NEWEST = "/lab/newest"  # the root of a charon newer than the guest's, where Debian's archive had one

SETTINGS = """
charon {{
  delete_rekeyed_delay = 1
  filelog {{ log {{ path = %s
    default = 1
    cfg = 1
    flush_line = yes }} }}
  syslog {{ }}
  plugins {{ tpm {{ load = no }} }}
  {more}
}}
""" % LOG

CONNECTION = """
connections {{ dm {{
  version = 2
  local_addrs = {local}
  remote_addrs = {remote}
  proposals = {ike}
  {connection}
  local {{ {proof} }}
  remote {{ {peer_proof} }}
  children {{ {children} }}
}} }}
{sections}
secrets {{ ike {{ secret = "{secret}" }} }}
"""


def child(local_ts, remote_ts, esp="aes128gcm16-modp2048", name="net", more=""):
    """A child of the connection in swanctl's words."""
    return f"{name} {{ local_ts = {local_ts}\n remote_ts = {remote_ts}\n esp_proposals = {esp}\n {more} }}"


class StrongSwan:
    """One charon with the connection `dm`."""
    name = "strongswan"
    rekey_within = 15.0

    def __init__(self, world, host, local, remote, children, ike="aes128gcm16-prfsha256-modp2048", connection="", sections="", charon="",
                 local_id=None, remote_id=None, proof=None, peer_proof=None, newest=False):
        """`children`: texts of `child`; `connection`, `sections`, `charon`: more of the connection, of swanctl.conf, of charon's own; `proof`
        and `peer_proof`: how it proves itself and what it wants of its peer, else the shared key; `newest`: of Debian unstable, one at
        a time."""
        self.seat = world.seat(host)
        world.peers.append(self)
        self.process = None
        self.words = ["chroot", NEWEST, CHARON] if newest else [CHARON]
        self.seat.write("/etc/strongswan.d/lab.conf", SETTINGS.format(more=charon))
        self.seat.write("/etc/swanctl/conf.d/lab.conf", CONNECTION.format(
            local=local, remote=remote, ike=ike, connection=connection, children="\n".join(children), sections=sections, secret=conf.SECRET,
            proof=proof or f"auth = psk\n id = {local_id or local}", peer_proof=peer_proof or f"auth = psk\n id = {remote_id or remote}"))

    def install(self, leaf, *authorities):
        """Gives it a key with its certificate, own.pem, and the certificates of authorities."""
        self.seat.write("/etc/swanctl/private/own.key", leaf.key.read_text())
        self.seat.write("/etc/swanctl/x509/own.pem", leaf.certificate.read_text())
        for authority in authorities:
            self.seat.write(f"/etc/swanctl/x509ca/{authority.name}.pem", authority.certificate.read_text())
        return self

    def start(self):
        self.seat.run("sh", "-c", "rm -f /run/charon.*; mkdir -p /etc/ipsec.d")
        if NEWEST in self.words:
            self.seat.run("sh", "-ec", f"for d in dev proc run sys; do mountpoint -q {NEWEST}/$d || mount --rbind /$d {NEWEST}/$d; done;"
                          f"cp /etc/strongswan.d/lab.conf {NEWEST}/etc/strongswan.d/")
        self.process = self.seat.start(*self.words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("charon", lambda: self.seat.run("sh", "-c", "test -S /run/charon.vici && echo yes", check=False), 20, 0.1)
        self.swanctl("--load-all", "--noprompt")
        return self

    def swanctl(self, *words, timeout=60):
        return self.seat.run("swanctl", *words, timeout=timeout)

    def up(self, name="net"):
        return self.swanctl("--initiate", "--child", name)

    def down(self):
        return self.swanctl("--terminate", "--ike", "dm")

    def rekey_child(self):
        return self.swanctl("--rekey", "--child", "net")

    def rekey_ike(self):
        return self.swanctl("--rekey", "--ike", "dm")

    def has_sas(self):
        return "ESTABLISHED" in self.sas()

    def sas(self):
        return self.swanctl("--list-sas")

    def log(self):
        return self.seat.read(LOG)

    def wait_log(self, text, timeout=15.0):
        wait_for(f"'{text}' in strongSwan's log", lambda: text in self.log(), timeout, 0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def at(world, host, esp="aes128gcm16-modp2048", more="", connection="dpd_delay = 20s", **others):
    """strongSwan in place of the example's client ("cgw") or gateway ("sgw"), the networks behind both in its one child."""
    here, there = (netns.SERVER_OUTSIDE, "192.168.5.0/24"), (netns.CLIENT_OUTSIDE, "10.1.100.0/24")
    if host == "cgw":
        here, there = there, here
    return StrongSwan(world, host, here[0], there[0], [child(here[1], there[1], esp=esp, more=more)], connection=connection, **others)
