"""libreswan in a seat: pluto with the kernel's ESP."""
import conf
import pki
from netns import wait_for

PLUTO = "/usr/libexec/ipsec/pluto"
LOG, NSS = "/run/pluto.log", "/var/lib/ipsec/nss"


class Libreswan:
    """One pluto with the connection `dm`, which its caller writes in the manner of ipsec.conf."""
    name = "libreswan"
    rekey_within = 15.0

    def __init__(self, world, host, **settings):
        """`settings` of the connection: `_` in a name stands for `-`."""
        self.seat = world.seat(host)
        world.peers.append(self)
        self.process = None
        self.configure(**settings)

    def configure(self, **settings):
        values = {"keyexchange": "ikev2", "authby": "secret", "ike": "aes_gcm128-sha2_256-dh14", "esp": "aes_gcm128;modp2048",
                  "auto": "ignore", "encapsulation": "auto", **{k.replace("_", "-"): v for k, v in settings.items()}}
        lines = "".join(f"\t{name}={value}\n" for name, value in values.items())
        debug = values.pop("plutodebug", "none")
        setup = f"config setup\n\tlogfile={LOG}\n\tlogappend=yes\n\tplutodebug={debug}\n\tdnssec-enable=no\n"
        self.seat.write("/etc/ipsec.conf", f"{setup}conn dm\n{lines}")
        self.seat.write("/etc/ipsec.secrets", f': PSK "{conf.SECRET}"\n')

    def install(self, leaf, authority):
        """Gives it a key with its certificate, "own", and the certificate of an authority."""
        bundle = leaf.key.with_suffix(".p12")
        pki.openssl("pkcs12", "-export", "-inkey", leaf.key, "-in", leaf.certificate, "-certfile", authority.certificate, "-name", "own",
                    "-passout", "pass:bundle", "-out", bundle)
        self.seat.run("sh", "-c", f"rm -rf {NSS} && mkdir -p {NSS} && ipsec initnss && pk12util -i {bundle} -d sql:{NSS} -W bundle -K ''")
        self.seat.run("certutil", "-A", "-d", f"sql:{NSS}", "-n", "authority", "-t", "CT,,", "-i", str(authority.certificate))
        return self

    def start(self):
        self.seat.run("sh", "-c", f"test -e {NSS}/cert9.db || {{ mkdir -p {NSS} && ipsec initnss; }}")
        self.seat.run("rm", "-f", "/run/pluto/pluto.pid", "/run/pluto/pluto.ctl")
        self.process = self.seat.start(PLUTO, "--nofork", "--config", "/etc/ipsec.conf")
        wait_for("pluto", lambda: "pluto" in self.ipsec("whack", "--status", check=False), 20, 0.1)
        self.ipsec("whack", "--listen")
        self.ipsec("add", "dm")
        return self

    def ipsec(self, *words, check=True, timeout=60):
        """Runs ipsec; its output. whack's own exit status tells how a negotiation went, 0 being the good end."""
        return self.seat.run("ipsec", *words, check=check, timeout=timeout)

    def up(self):
        return self.ipsec("up", "dm")

    def down(self):
        return self.ipsec("down", "dm", check=False)

    def rekey_child(self):
        return self.ipsec("whack", "--rekey-child", "--name", "dm")

    def rekey_ike(self):
        return self.ipsec("whack", "--rekey-ike", "--name", "dm")

    def has_sas(self):
        return "established" in self.ipsec("whack", "--showstates")

    def suspend(self):
        """Ends the tunnel and keeps the ticket."""
        return self.ipsec("whack", "--suspend", "--name", "dm")

    def log(self):
        return self.seat.read(LOG)

    def wait_log(self, text, timeout=15.0):
        wait_for(f"'{text}' in libreswan's log", lambda: text in self.log(), timeout, 0.1)

    def stop(self):
        self.ipsec("whack", "--shutdown", check=False)
        self.process.wait(20)
