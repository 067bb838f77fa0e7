"""OpenIKED in a seat: iked with the kernel's ESP, by PF_KEY."""
import subprocess

import conf
from netns import wait_for

LOG = "/run/iked.log"
# On Linux its ESP is what PF_KEY has: no AES-GCM, no SHA-256.
IKE = "enc aes-128-gcm prf hmac-sha2-256 group modp2048"
ESP = "enc aes-256 auth hmac-sha1 group modp2048 noesn"
FOLDERS = "/etc/iked/private /etc/iked/ca /etc/iked/certs /etc/iked/crls /etc/iked/ocsp /etc/ssl /var/empty " \
          "/etc/iked/pubkeys/ipv4 /etc/iked/pubkeys/ipv6 /etc/iked/pubkeys/fqdn /etc/iked/pubkeys/ufqdn"


class OpenIked:
    """One iked with one policy."""
    name = "openiked"
    rekey_within = 150.0  # by its lifetimes alone

    def __init__(self, world, host, policy):
        """`policy` in the manner of iked.conf, without its secret; ending in "rfc7427" it signs."""
        self.seat = world.seat(host)
        world.peers.append(self)
        self.process = None
        self.seat.write("/etc/iked.conf", policy + "\n" if policy.endswith("rfc7427") else f'{policy} \\\n  psk "{conf.SECRET}"\n')
        # It wants a key pair even for a shared secret.
        self.seat.run("sh", "-c", f"""mkdir -p {FOLDERS}
            openssl ecparam -name prime256v1 -genkey -noout -out /etc/iked/private/local.key
            openssl ec -in /etc/iked/private/local.key -pubout -out /etc/iked/local.pub""")

    def install(self, leaf, authority):
        """Gives it a key with its certificate, and the certificate of an authority."""
        self.seat.write("/etc/iked/private/local.key", leaf.key.read_text())
        self.seat.write("/etc/iked/certs/own.crt", leaf.certificate.read_text(), "644")
        self.seat.write("/etc/iked/ca/ca.crt", authority.certificate.read_text(), "644")
        return self

    def start(self):
        self.process = self.seat.start("sh", "-c", f"exec /usr/sbin/iked -dvv -f /etc/iked.conf >>{LOG} 2>&1", stdin=subprocess.DEVNULL)
        wait_for("iked", lambda: "ikev2" in self.log(), 20, 0.1)
        return self

    def up(self):
        """It tries by itself, once a minute."""

    def down(self):
        return self.ctl("reset", "sa")

    def rekey_child(self):
        """Its lifetimes do; nobody can ask for it."""

    def rekey_ike(self):
        """As rekey_child."""

    def has_sas(self):
        return "iked_sas: " in self.ctl("show", "sa")

    def ctl(self, *words):
        return self.seat.run("ikectl", *words)

    def log(self):
        return self.seat.read(LOG)

    def wait_log(self, text, timeout=15.0):
        wait_for(f"'{text}' in OpenIKED's log", lambda: text in self.log(), timeout, 0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
