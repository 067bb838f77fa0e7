"""Certificate authorities, certificates and revocation lists for tests, made by the openssl program."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from netns import Failure

KEYS = {
    "rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa4096": ["RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "p256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "ed25519": ["ED25519"],
}


def why_not():
    if not shutil.which("openssl"):
        return "the openssl program is not installed"
    if "DORMOUSED" not in os.environ:
        return None  # scenario.main says so
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as text:
        text.write("config vpn certificate ca\nend\n")
        text.flush()
        known = subprocess.run([os.environ["DORMOUSED"], "--config", text.name, "--check"], capture_output=True, timeout=20)
    return None if known.returncode == 0 else "this dormoused has no `config vpn certificate ca`"


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Failure(f"openssl {words[0]}: {done.stderr[-600:]}")
    return done.stdout


class Leaf:
    """A key and its certificate: files, and the texts a configuration holds."""

    def __init__(self, key, certificate):
        self.key, self.certificate = key, certificate

    def configuration(self, name):
        return (f'config vpn certificate local\n    edit "{name}"\n        set private-key "{self.key.read_text()}"\n'
                f'        set certificate "{self.certificate.read_text()}"\n    next\nend\n')


class Authority:
    """A root in a folder of its own, or an authority below another one."""

    def __init__(self, folder, name, kind="p256", above=None):
        self.home, self.name = pathlib.Path(folder) / name, name
        self.home.mkdir(parents=True)
        self.key, self.certificate = self.home / "ca.key", self.home / "ca.pem"
        (self.home / "index.txt").write_text("")
        (self.home / "crlnumber").write_text("01\n")
        (self.home / "serial").write_text("1000\n")
        self.settings = self.home / "ca.cnf"
        self.settings.write_text(f"""
[ca]
default_ca = it
[it]
database = {self.home}/index.txt
new_certs_dir = {self.home}
serial = {self.home}/serial
crlnumber = {self.home}/crlnumber
certificate = {self.certificate}
private_key = {self.key}
default_md = default
default_crl_days = 30
policy = any
copy_extensions = copy
unique_subject = no
[any]
countryName = optional
organizationName = optional
commonName = supplied
[crl]
authorityKeyIdentifier = keyid
""")
        openssl("genpkey", "-algorithm", *KEYS[kind], "-out", self.key)
        self.above = above
        words = ["-new", "-key", self.key, "-subj", f"/C=CA/O=Example/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
                 "keyUsage=critical,keyCertSign,cRLSign", "-addext", "subjectKeyIdentifier=hash"]
        if above:
            openssl("req", *words, "-out", self.home / "ca.csr")
            above.sign(self.home / "ca.csr", self.certificate)
        else:
            openssl("req", "-x509", *words, "-days", 30, "-out", self.certificate)

    def sign(self, request, certificate, dates=("-days", 20)):
        openssl("ca", "-batch", "-notext", "-config", self.settings, "-in", request, "-out", certificate, *dates)

    def issue(self, name, kind="p256", names=None, expired=False):
        """A certificate for CN=name; `names`: subjectAltName, as openssl writes it ("DNS:a,IP:1.2.3.4")."""
        stem = f"{name}-{kind}-{len(list(self.home.iterdir()))}"
        key, request, certificate = (self.home / f"{stem}.{end}" for end in ("key", "csr", "pem"))
        openssl("genpkey", "-algorithm", *KEYS[kind], "-out", key)
        extensions = ["-addext", "keyUsage=critical,digitalSignature"]
        if names:
            extensions += ["-addext", f"subjectAltName={names}"]
        openssl("req", "-new", "-key", key, "-out", request, "-subj", f"/C=CA/O=Example/CN={name}", *extensions)
        dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"] if expired else ["-days", 20]
        self.sign(request, certificate, dates)
        if self.above:
            certificate.write_text(certificate.read_text() + self.certificate.read_text())
        return Leaf(key, certificate)

    def revoke(self, *leaves):
        """The text of a list on which these stand, also authorities below."""
        for leaf in leaves:
            openssl("ca", "-config", self.settings, "-revoke", leaf.certificate)
        path = self.home / "crl.pem"
        openssl("ca", "-config", self.settings, "-gencrl", "-crlexts", "crl", "-out", path)
        return path.read_text()

    def configuration(self):
        return f'config vpn certificate ca\n    edit "{self.name}"\n        set ca "{self.certificate.read_text()}"\n    next\nend\n'


def revocations(name, text):
    return f'config vpn certificate crl\n    edit "{name}"\n        set crl "{text}"\n    next\nend\n'


def sign(configuration, phase1, authority, leaf, name, **more):
    """A phase 1 that proves itself with `leaf` and wants a certificate under `authority`."""
    configuration.add(authority.configuration()).add(leaf.configuration(name))
    configuration.phase1(phase1, psksecret=None, authmethod="signature", certificate=f'"{name}"', **more)
    return configuration
