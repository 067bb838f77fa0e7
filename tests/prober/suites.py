"""Algorithms and key schedules, by RFC 7296 2.13-2.17, 3.14, RFC 5282, 4303, 4106 and 5723. Ciphers and curves are
python3-cryptography's, all else is here."""
import dataclasses
import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .numbers import Transform

KEY_PAD = b"Key Pad for IKEv2"
RESUMPTION = b"Resumption"


class WrongKey(Exception):
    """An integrity check failed."""


# --- key exchange

# RFC 3526 section 3, group 14: 2^2048 - 2^1984 - 1 + 2^64 * ([2^1918 pi] + 124476)
MODP2048 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF", 16)


class KeyExchange:
    """Our half of one key exchange."""

    def __init__(self, group):
        self.group = group
        if group == 31:
            self._private = x25519.X25519PrivateKey.generate()
            self.public = self._private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        elif group == 19:
            self._private = ec.generate_private_key(ec.SECP256R1())
            self.public = self._private.public_key().public_bytes(serialization.Encoding.X962,
                                                                  serialization.PublicFormat.UncompressedPoint)[1:]
        elif group == 14:
            self._private = int.from_bytes(os.urandom(64), "big")
            self.public = pow(2, self._private, MODP2048).to_bytes(256, "big")
        else:
            raise ValueError(f"group {group}")

    def shared(self, theirs):
        if self.group == 31:
            return self._private.exchange(x25519.X25519PublicKey.from_public_bytes(theirs))
        if self.group == 19:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + theirs)
            return self._private.exchange(ec.ECDH(), point)
        return pow(int.from_bytes(theirs, "big"), self._private, MODP2048).to_bytes(256, "big")


# --- suites


@dataclasses.dataclass(frozen=True)
class Suite:
    """One set of algorithms; `integ` None means that the cipher authenticates."""
    encr: int
    bits: int
    prf: int
    integ: int | None
    group: int

    @property
    def hash(self):
        return {5: "sha256", 6: "sha384", 7: "sha512"}[self.prf]

    @property
    def prf_size(self):
        return hashlib.new(self.hash).digest_size

    @property
    def salt(self):
        return 4 if self.encr == 20 else 0

    @property
    def integ_size(self):
        return 32 if self.integ else 0

    def transforms(self, ke=True):
        """As an offer for the IKE SA."""
        out = [(Transform.ENCR, self.encr, self.bits), (Transform.PRF, self.prf)]
        if self.integ:
            out.append((Transform.INTEG, self.integ))
        return out + ([(Transform.KE, self.group)] if ke else [])

    def esp_transforms(self, group=None):
        """As an offer for a Child SA, with the same cipher."""
        out = [(Transform.ENCR, self.encr, self.bits)]
        if self.integ:
            out.append((Transform.INTEG, self.integ))
        if group:
            out.append((Transform.KE, group))
        return out + [(Transform.ESN, 0)]


GCM_X25519 = Suite(20, 128, 5, None, 31)
GCM_ECP256 = Suite(20, 128, 5, None, 19)
GCM_MODP2048 = Suite(20, 128, 5, None, 14)
CBC_X25519 = Suite(12, 128, 5, 12, 31)
CBC_MODP2048 = Suite(12, 128, 5, 12, 14)


def prf(suite, key, *parts):
    return hmac.new(key, b"".join(parts), suite.hash).digest()


def prf_plus(suite, key, seed, size):
    out, block, n = b"", b"", 1
    while len(out) < size:
        block = prf(suite, key, block, seed, bytes([n]))
        out, n = out + block, n + 1
    return out[:size]


@dataclasses.dataclass(frozen=True)
class IkeKeys:
    d: bytes
    ai: bytes
    ar: bytes
    ei: bytes
    er: bytes
    pi: bytes
    pr: bytes


def ike_keys(suite, skeyseed, ni, nr, spi_i, spi_r):
    p, a, e = suite.prf_size, suite.integ_size, suite.bits // 8 + suite.salt
    sizes = (p, a, a, e, e, p, p)
    stream, cut = prf_plus(suite, skeyseed, ni + nr + spi_i + spi_r, sum(sizes)), []
    for size in sizes:
        cut.append(stream[:size])
        stream = stream[size:]
    return IkeKeys(*cut)


def skeyseed_login(suite, ni, nr, secret):
    return prf(suite, ni + nr, secret)


def skeyseed_rekey(suite, sk_d, secret, ni, nr):
    return prf(suite, sk_d, secret, ni, nr)


def skeyseed_resume(suite, sk_d, ni, nr):
    return prf(suite, sk_d, RESUMPTION, ni, nr)


def auth_psk(suite, psk, message, peer_nonce, sk_p, id_body):
    return prf(suite, prf(suite, psk, KEY_PAD), message, peer_nonce, prf(suite, sk_p, id_body))


def auth_resume(suite, message, peer_nonce, sk_p, id_body):
    """RFC 5723 5.1: the octets of RFC 7296 2.15, the key is SK_p itself."""
    return prf(suite, sk_p, message, peer_nonce, prf(suite, sk_p, id_body))


def auth_message_only(suite, message, sk_p):
    """What libreswan computes after a ticket."""
    return prf(suite, sk_p, message)


def child_keys(suite, sk_d, ni, nr, secret=b""):
    """((encryption, integrity) of the initiator, the same of the responder)"""
    e, a = suite.bits // 8 + suite.salt, suite.integ_size
    stream = prf_plus(suite, sk_d, secret + ni + nr, 2 * (e + a))
    return (stream[:e], stream[e:e + a]), (stream[e + a:2 * e + a], stream[2 * e + a:])


# --- protection: the same for the Encrypted payload and for ESP, except what is padded and covered


class Seal:
    """One direction's keys. `covered` is what stands before the IV."""

    def __init__(self, suite, encryption, integrity):
        self.suite, self.integrity = suite, integrity
        cut = len(encryption) - suite.salt
        self.key, self.salt = encryption[:cut], encryption[cut:]
        self.iv_size = 8 if suite.encr == 20 else 16
        self.block = 1 if suite.encr == 20 else 16
        self.overhead = self.iv_size + 16

    def seal(self, covered, plain):
        """IV, ciphertext and check value."""
        iv = os.urandom(self.iv_size)
        if self.suite.encr == 20:
            return iv + AESGCM(self.key).encrypt(self.salt + iv, plain, covered)
        enc = Cipher(algorithms.AES(self.key), modes.CBC(iv)).encryptor()
        body = iv + enc.update(plain) + enc.finalize()
        return body + hmac.new(self.integrity, covered + body, "sha256").digest()[:16]

    def open(self, covered, sealed):
        if len(sealed) < self.overhead:
            raise WrongKey("too short")
        if self.suite.encr == 20:
            try:
                return AESGCM(self.key).decrypt(self.salt + sealed[:8], sealed[8:], covered)
            except InvalidTag as tag:
                raise WrongKey("GCM tag") from tag
        body, tag = sealed[:-16], sealed[-16:]
        if not hmac.compare_digest(tag, hmac.new(self.integrity, covered + body, "sha256").digest()[:16]):
            raise WrongKey("HMAC")
        dec = Cipher(algorithms.AES(self.key), modes.CBC(body[:16])).decryptor()
        return dec.update(body[16:]) + dec.finalize()


def nat_hash(spi_i, spi_r, address, port):
    return hashlib.sha1(spi_i + spi_r + address + struct.pack(">H", port)).digest()
