"""A strongSwan of this machine as the other end: charon with its own userspace ESP, in one gateway's namespace.

charon keeps some paths built in, so each runs with a private /run; everything else is in a folder of its own. Its ESP is
always in UDP (it says there is a NAT), since it has no raw socket for protocol 50.
"""
import pathlib
import shutil
import subprocess

import conf
from daemon import Log
from netns import Failure, wait_for

CHARON = "/usr/lib/ipsec/charon"

# The five phase 1 proposals of the example, each with a phase 2 proposal, as FortiOS and as strongSwan write them.
SUITES = [
    ("aes128-sha256", "aes128-sha256-modp2048", "aes128-sha256", "aes128-sha256"),
    ("aes256-sha256", "aes256-sha256-modp2048", "aes256-sha256", "aes256-sha256"),
    ("aes128gcm-prfsha256", "aes128gcm16-prfsha256-modp2048", "aes128gcm", "aes128gcm16"),
    ("aes256gcm-prfsha384", "aes256gcm16-prfsha384-modp2048", "aes256gcm", "aes256gcm16"),
    ("chacha20poly1305-prfsha256", "chacha20poly1305-prfsha256-modp2048", "chacha20poly1305", "chacha20poly1305"),
]


def why_not():
    if not pathlib.Path(CHARON).exists() or not shutil.which("swanctl"):
        return "strongSwan's charon and swanctl are not installed (./dev setup)"
    return None


class Charon:
    """One charon with one connection `dm` and one child `net`."""

    def __init__(self, world, host, local, remote, local_ts, remote_ts, ike, esp, dpd=0, connection="", sections="",
                 proof=None, peer_proof=None, remote_id=None):
        """`connection`: more settings of the connection; `sections`: more sections of swanctl.conf; `proof` and `peer_proof`: how it proves
        itself and what it wants of its peer, else the shared key (`install` puts the files of certificates in place); `remote_id`: where
        it is not `remote`."""
        proof, peer_proof = proof or f"auth = psk\n    id = {local}", peer_proof or f"auth = psk\n    id = {remote_id or remote}"
        self.network, self.host = world.network, host
        self.home = world.workdir / f"charon-{host}-{ike}"
        for folder in ("conf.d", "x509", "x509ca", "private"):
            (self.home / "swanctl" / folder).mkdir(parents=True, exist_ok=True)
        self.uri = f"unix://{self.home}/vici"
        (self.home / "strongswan.conf").write_text(f"""
charon {{
  load = random nonce aes sha1 sha2 hmac kdf pem pkcs1 pkcs8 x509 pubkey revocation constraints openssl curve25519 gcm chapoly kernel-libipsec kernel-netlink socket-default vici
  filelog {{ log {{ path = {self.home}/log
    default = 1
    flush_line = yes }} }}
  syslog {{ }}
  plugins {{
    vici {{ socket = {self.uri} }}
    kernel-libipsec {{ allow_peer_ts = yes }}
  }}
}}
""")
        (self.home / "swanctl" / "swanctl.conf").write_text(f"""
connections {{ dm {{
  version = 2
  local_addrs = {local}
  remote_addrs = {remote}
  proposals = {ike}
  encap = yes
  dpd_delay = {dpd}s
  {connection}
  local {{ {proof} }}
  remote {{ {peer_proof} }}
  children {{ net {{ local_ts = {local_ts}
    remote_ts = {remote_ts}
    esp_proposals = {esp}-modp2048 }} }}
}} }}
{sections}
secrets {{ ike {{ secret = "{conf.SECRET}" }} }}
""")
        self.process = None

    def install(self, folder, path):
        """A copy of a file in swanctl's folder ("x509", "x509ca", "private"); its name."""
        target = self.home / "swanctl" / folder / path.name
        target.write_bytes(path.read_bytes())
        target.chmod(0o600)
        return path.name

    def environment(self):
        return ["env", f"STRONGSWAN_CONF={self.home}/strongswan.conf", f"SWANCTL_DIR={self.home}/swanctl"]

    def start(self):
        (self.home / "vici").unlink(missing_ok=True)
        script = f"mount -t tmpfs run /run && exec {' '.join(self.environment())} {CHARON}"
        self.process = self.network.start(self.host, "unshare", "-m", "sh", "-c", script, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        self.output = Log(self.process.stdout, f"charon on {self.host}")
        wait_for("charon's socket", lambda: (self.home / "vici").exists(), 10)
        self.swanctl("--load-all", "--noprompt")
        return self

    def swanctl(self, *words, timeout=30):
        done = subprocess.run([*self.environment(), "swanctl", *words, "--uri", self.uri], capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise Failure(f"swanctl {words[0]}: {done.stdout[-800:]}{done.stderr[-400:]}\n{self.log()[-3000:]}")
        return done.stdout

    def initiate(self):
        return self.swanctl("--initiate", "--child", "net")

    def terminate(self):
        return self.swanctl("--terminate", "--ike", "dm")

    def log(self):
        path = self.home / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
