"""IKEv2 octets (RFC 7296 section 3): what is well formed, and the freedom to write what is not.

A message is a header and a list of `Payload`. Nothing is checked while writing; `parse` is strict, because what it reads
is the product's output."""
import dataclasses
import ipaddress
import struct

from .numbers import Exchange, Kind, Note

HEADER = struct.Struct(">8s8sBBBBII")
VERSION = 0x20
INITIATOR, RESPONSE = 0x08, 0x20


class Malformed(Exception):
    """What came is not what the RFC allows; the text says where."""


@dataclasses.dataclass(frozen=True)
class Payload:
    kind: int
    body: bytes = b""
    critical: bool = False
    length: int | None = None  # what the generic header claims, if it shall lie


@dataclasses.dataclass(frozen=True)
class Notify:
    """A Notify payload, read."""
    type: int
    data: bytes
    protocol: int = 0
    spi: bytes = b""


# --- writing


def chain(payloads, last=0):
    """(kind of the first, octets) of a chain; `last` is what follows it."""
    kinds = [p.kind for p in payloads] + [last]
    octets = b"".join(
        struct.pack(">BBH", following, 0x80 if p.critical else 0, len(p.body) + 4 if p.length is None else p.length) + p.body
        for p, following in zip(payloads, kinds[1:]))
    return kinds[0], octets


def header(spi_i, spi_r, first, exchange, flags, mid, length, version=VERSION):
    return HEADER.pack(spi_i, spi_r, first, version, exchange, flags, mid, length)


def clear(spi_i, spi_r, exchange, flags, mid, payloads, version=VERSION, length=None):
    """A message without protection."""
    first, body = chain(payloads)
    return header(spi_i, spi_r, first, exchange, flags, mid, HEADER.size + len(body) if length is None else length, version) + body


def notify(kind, data=b"", protocol=0, spi=b"", critical=False):
    return Payload(Kind.NOTIFY, struct.pack(">BBH", protocol, len(spi), kind) + spi + data, critical)


def nonce(octets):
    return Payload(Kind.NONCE, octets)


def key_exchange(group, public):
    return Payload(Kind.KE, struct.pack(">HH", group, 0) + public)


def transform(kind, number, bits=None, last=False):
    attributes = b"" if bits is None else struct.pack(">HH", 0x800E, bits)
    return struct.pack(">BBHBBH", 0 if last else 3, 0, 8 + len(attributes), kind, 0, number) + attributes


def proposal(number, protocol, spi, transforms, last=True):
    """`transforms`: tuples of (type, id) or (type, id, key bits)."""
    body = b"".join(transform(*t, last=i + 1 == len(transforms)) if len(t) == 3 else
                    transform(*t, None, i + 1 == len(transforms)) for i, t in enumerate(transforms))
    return struct.pack(">BBHBBBB", 0 if last else 2, 0, 8 + len(spi) + len(body), number, protocol, len(spi), len(transforms)) + spi + body


def security_association(*proposals):
    return Payload(Kind.SA, b"".join(proposals))


def id_body(kind, data):
    return bytes([kind, 0, 0, 0]) + data


def fqdn(name):
    """The body of an Identification payload: a name of type ID_FQDN."""
    return id_body(2, name.encode())


def authentication(octets, method=2):
    return Payload(Kind.AUTH, bytes([method, 0, 0, 0]) + octets)


def delete(protocol, spis=()):
    return Payload(Kind.DELETE, struct.pack(">BBH", protocol, len(spis[0]) if spis else 0, len(spis)) + b"".join(spis))


def selectors(kind, *ranges, protocol=0, ports=(0, 65535)):
    """TSi or TSr; each range is (first, last) as text."""
    body = b""
    for first, last in ranges:
        first, last = ipaddress.ip_address(first).packed, ipaddress.ip_address(last).packed
        body += struct.pack(">BBHHH", 7 if len(first) == 4 else 8, protocol, 8 + 2 * len(first), *ports) + first + last
    return Payload(kind, bytes([len(ranges), 0, 0, 0]) + body)


def configuration(kind, *attributes):
    """CP; kind 1 asks, 2 answers. Attributes are (type, octets)."""
    return Payload(Kind.CP, bytes([kind, 0, 0, 0]) + b"".join(struct.pack(">HH", t, len(v)) + v for t, v in attributes))


# --- reading


@dataclasses.dataclass(frozen=True)
class Message:
    octets: bytes
    spi_i: bytes
    spi_r: bytes
    exchange: int
    flags: int
    mid: int
    first: int
    payloads: tuple  # the outer ones, until `opened` puts the inner ones there

    @property
    def response(self):
        return bool(self.flags & RESPONSE)

    @property
    def kinds(self):
        return [p.kind for p in self.payloads]

    def find(self, kind):
        """The body of the one payload of a kind, or None."""
        found = [p.body for p in self.payloads if p.kind == kind]
        if len(found) > 1:
            raise Malformed(f"{len(found)} payloads of kind {kind}")
        return found[0] if found else None

    def notifies(self):
        return [read_notify(p.body) for p in self.payloads if p.kind == Kind.NOTIFY]

    def note(self, kind):
        """The one notify of a type, or None."""
        found = [n for n in self.notifies() if n.type == kind]
        if len(found) > 1:
            raise Malformed(f"{len(found)} notifies of type {kind}")
        return found[0] if found else None

    def errors(self):
        return [n.type for n in self.notifies() if n.type < 16384]

    def __str__(self):
        notes = ",".join(Note.name(n.type) for n in self.notifies())
        return f"{Exchange.name(self.exchange)} {'reply' if self.response else 'request'} {self.mid} [{','.join(map(Kind.name, self.kinds))}] {notes}"


def walk(first, octets):
    """The payloads of a chain; an Encrypted payload ends it, its first inner kind is left in `Payload.length`."""
    payloads, at, kind = [], 0, first
    while kind:
        if len(octets) - at < 4:
            raise Malformed(f"payload {kind} has no header")
        following, flags, length = struct.unpack_from(">BBH", octets, at)
        if length < 4 or at + length > len(octets):
            raise Malformed(f"payload {kind} has length {length}")
        if flags & 0x7F:
            raise Malformed(f"payload {kind} has reserved bits {flags:#x}")
        payloads.append(Payload(kind, octets[at + 4:at + length], bool(flags), following if kind == Kind.SK else None))
        at += length
        kind = 0 if kind == Kind.SK else following
    if at != len(octets):
        raise Malformed(f"{len(octets) - at} octets after the last payload")
    return tuple(payloads)


def parse(octets):
    if len(octets) < HEADER.size:
        raise Malformed("shorter than a header")
    spi_i, spi_r, first, version, exchange, flags, mid, length = HEADER.unpack_from(octets)
    if version != VERSION or length != len(octets):
        raise Malformed(f"version {version:#x}, length {length} of {len(octets)}")
    if flags & ~(INITIATOR | RESPONSE):
        raise Malformed(f"flags {flags:#x}")
    return Message(octets, spi_i, spi_r, exchange, flags, mid, first, walk(first, octets[HEADER.size:]))


def read_notify(body):
    if len(body) < 4:
        raise Malformed("short notify")
    protocol, size, kind = struct.unpack_from(">BBH", body)
    if len(body) < 4 + size:
        raise Malformed("notify shorter than its SPI")
    return Notify(kind, body[4 + size:], protocol, body[4:4 + size])


def read_proposals(body):
    """[(number, protocol, spi, [(type, id, key bits or None)])]"""
    out, at, more = [], 0, 2
    while more == 2:
        if len(body) - at < 8:
            raise Malformed("short proposal")
        more, _, length, number, protocol, size, count = struct.unpack_from(">BBHBBBB", body, at)
        if more not in (0, 2) or length < 8 + size or at + length > len(body):
            raise Malformed("proposal's length")
        transforms, t, last = [], at + 8 + size, 3
        while last == 3:
            if at + length - t < 8:
                raise Malformed("short transform")
            last, _, t_length, kind, _, identifier = struct.unpack_from(">BBHBBH", body, t)
            bits = None
            if t_length == 12:
                attribute, bits = struct.unpack_from(">HH", body, t + 8)
                if attribute != 0x800E:
                    raise Malformed("transform attribute")
            elif t_length != 8:
                raise Malformed("transform's length")
            transforms.append((kind, identifier, bits))
            t += t_length
        if t != at + length or len(transforms) != count:
            raise Malformed("transforms do not fill the proposal")
        out.append((number, protocol, body[at + 8:at + 8 + size], transforms))
        at += length
    if at != len(body):
        raise Malformed("octets after the last proposal")
    return out


def read_selectors(body):
    """[(protocol, (first port, last port), first address, last address)], addresses as text."""
    out, at = [], 4
    for _ in range(body[0]):
        kind, protocol, length, first_port, last_port = struct.unpack_from(">BBHHH", body, at)
        size = {7: 4, 8: 16}[kind]
        if length != 8 + 2 * size or at + length > len(body):
            raise Malformed("traffic selector's length")
        first, last = body[at + 8:at + 8 + size], body[at + 8 + size:at + length]
        out.append((protocol, (first_port, last_port), str(ipaddress.ip_address(first)), str(ipaddress.ip_address(last))))
        at += length
    if at != len(body):
        raise Malformed("octets after the last selector")
    return out


def read_configuration(body):
    """(kind, [(type, octets)])"""
    out, at = [], 4
    while at < len(body):
        kind, length = struct.unpack_from(">HH", body, at)
        if at + 4 + length > len(body):
            raise Malformed("configuration attribute's length")
        out.append((kind & 0x7FFF, body[at + 4:at + 4 + length]))
        at += 4 + length
    return body[0], out
