"""The other side: a gateway that gives tickets, takes them or lies about them. It does what a test tells it, one message at a time."""
import os
import socket
import struct
import time

from . import suites, wire
from .endpoint import NON_ESP, Silence, in_namespace, udp
from .numbers import Exchange, Kind, Note, Protocol

REPLY = wire.RESPONSE


class Gateway:
    """Sockets on 500 and 4500 of one address, and the requests that arrive there."""

    def __init__(self, namespace, address, psk, suite=suites.GCM_X25519):
        self.address, self.psk, self.suite = address, psk, suite
        self.idr = wire.id_body(1, socket.inet_aton(address))
        self.sockets = {port: in_namespace(namespace, lambda p=port: udp(address, p)) for port in (500, 4500)}
        self.sas = {}  # by our SPI, to answer their probes
        self.kept = []

    def send(self, octets, to):
        address, port, ours = to
        self.sockets[ours].sendto((NON_ESP if ours == 4500 else b"") + octets, (address, port))

    def _arrived(self, timeout):
        """(parsed message, where it came from) or None."""
        deadline = time.monotonic() + timeout
        while True:
            for ours, s in self.sockets.items():
                s.settimeout(0.0005)
                try:
                    octets, (address, port) = s.recvfrom(65535)
                except (TimeoutError, BlockingIOError):
                    continue
                if ours == 4500:
                    if octets[:4] != NON_ESP:
                        continue
                    octets = octets[4:]
                return wire.parse(octets), (address, port, ours)
            if time.monotonic() > deadline:
                return None

    def expect(self, exchange, timeout=2.0, keep=(), wanted=lambda m: True):
        """The next request of an exchange: (message, from). Probes on living SAs are answered meanwhile; requests of the exchanges in `keep`
        are kept for the next `expect`, all else is dropped."""
        for n, (m, to) in enumerate(self.kept):
            if m.exchange == exchange and wanted(m):
                return self.kept.pop(n)
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            got = self._arrived(left)
            if not got or got[0].response:
                continue
            m, to = got
            if m.exchange == exchange and wanted(m):
                return m, to
            sa = self.sas.get(m.spi_r)
            if sa and m.exchange == Exchange.INFORMATIONAL:
                sa.answer(m, to, [])
            elif m.exchange in keep:
                self.kept.append((m, to))
        raise Silence(f"no {Exchange.name(exchange)} within {timeout:g} s")

    def quiet(self, seconds):
        """Everything that comes in that time (probes are answered and not counted)."""
        deadline, out = time.monotonic() + seconds, []
        while (left := deadline - time.monotonic()) > 0:
            got = self._arrived(left)
            if got and not got[0].response:
                sa = self.sas.get(got[0].spi_r)
                if sa and got[0].exchange == Exchange.INFORMATIONAL:
                    out += [m for m in [sa.answer(*got, [])] if m.payloads]
                else:
                    out.append(got[0])
        return out

    def refuse(self, request, to, note, data=b"", **fields):
        """An answer in clear with one notify."""
        octets = wire.clear(request.spi_i, bytes(8), request.exchange, REPLY, request.mid, [wire.notify(note, data, **fields)])
        self.send(octets, to)

    # --- SAs

    def begin_login(self, request, to):
        """IKE_SA_INIT answered; the half-open SA."""
        ke = suites.KeyExchange(self.suite.group)
        number = next(n for n, _, _, _ in wire.read_proposals(request.find(Kind.SA)))
        sa = PeerSa(self, request, os.urandom(8), self.suite)
        sa.send_first(Exchange.IKE_SA_INIT, [
            wire.security_association(wire.proposal(number, Protocol.IKE, b"", self.suite.transforms())),
            wire.key_exchange(ke.group, ke.public), wire.nonce(sa.nr)], to)
        sa.keyed(suites.skeyseed_login(self.suite, sa.ni, sa.nr, ke.shared(request.find(Kind.KE)[4:])))
        return sa

    def begin_resume(self, request, to, sk_d):
        sa = PeerSa(self, request, os.urandom(8), self.suite)
        sa.resumed = True
        sa.send_first(Exchange.IKE_SESSION_RESUME, [wire.nonce(sa.nr)], to)
        sa.keyed(suites.skeyseed_resume(self.suite, sk_d, sa.ni, sa.nr))
        return sa

    def login(self, timeout=3.0, **answer):
        """A whole login; the SA."""
        return self.begin_login(*self.expect(Exchange.IKE_SA_INIT, timeout)).finish(**answer)


class PeerSa:
    """One IKE SA as its responder."""

    def __init__(self, gateway, request, spi_r, suite):
        self.gateway, self.request, self.suite = gateway, request, suite
        self.spi_i, self.spi_r = request.spi_i, spi_r
        self.ni, self.nr = request.find(Kind.NONCE), os.urandom(32)
        self.token, self.ticket, self.resumed = os.urandom(32), None, False
        self.keys = self.idi = self.to = None

    def send_first(self, exchange, payloads, to):
        self.message2 = wire.clear(self.spi_i, self.spi_r, exchange, REPLY, 0, payloads)
        self.gateway.send(self.message2, to)

    def keyed(self, seed):
        self.keys = suites.ike_keys(self.suite, seed, self.ni, self.nr, self.spi_i, self.spi_r)
        self.gateway.sas[self.spi_r] = self

    def open(self, message):
        sk = message.payloads[-1]
        cut = len(message.octets) - len(sk.body)
        plain = suites.Seal(self.suite, self.keys.ei, self.keys.ai).open(message.octets[:cut], sk.body)
        return wire.dataclasses.replace(message, payloads=wire.walk(sk.length, plain[:len(plain) - 1 - plain[-1]]))

    def seal(self, exchange, mid, payloads, flags=REPLY):
        first, inner = wire.chain(payloads)
        seal = suites.Seal(self.suite, self.keys.er, self.keys.ar)
        pad = -(len(inner) + 1) % seal.block
        plain = inner + bytes(pad) + bytes([pad])
        size = len(plain) + seal.overhead
        head = wire.header(self.spi_i, self.spi_r, Kind.SK, exchange, flags, mid, 32 + size) + struct.pack(">BBH", first, 0, 4 + size)
        return head + seal.seal(head, plain)

    def answer(self, request, to, payloads):
        """Answers a protected request; the request, opened."""
        opened = self.open(request)
        self.to = to
        self.gateway.send(self.seal(request.exchange, request.mid, payloads), to)
        return opened

    def peer_auth(self):
        if self.resumed:
            return suites.auth_resume(self.suite, self.request.octets, self.nr, self.keys.pi, self.idi)
        return suites.auth_psk(self.suite, self.gateway.psk, self.request.octets, self.nr, self.keys.pi, self.idi)

    def own_auth(self):
        if self.resumed:
            return suites.auth_resume(self.suite, self.message2, self.ni, self.keys.pr, self.gateway.idr)
        return suites.auth_psk(self.suite, self.gateway.psk, self.message2, self.ni, self.keys.pr, self.gateway.idr)

    def expect_auth(self, timeout=2.0, **options):
        """IKE_AUTH of this SA, its AUTH checked: (opened, raw, from)."""
        request, to = self.gateway.expect(Exchange.IKE_AUTH, timeout, wanted=lambda m: m.spi_r == self.spi_r, **options)
        opened = self.open(request)
        self.idi = opened.find(Kind.IDI)
        if opened.find(Kind.AUTH) != b"\2\0\0\0" + self.peer_auth():
            raise suites.WrongKey("AUTH of the client")
        return opened, request, to

    def answer_auth(self, opened, request, to, auth=None, ticket=True, lifetime=3600, more=()):
        spi, number = wire.read_proposals(opened.find(Kind.SA))[0][2], wire.read_proposals(opened.find(Kind.SA))[0][0]
        self.their_spi, self.spi = spi, os.urandom(4)
        payloads = [wire.Payload(Kind.IDR, self.gateway.idr), wire.authentication(self.own_auth() if auth is None else auth),
                    wire.notify(Note.QCD_TOKEN, self.token, Protocol.IKE),
                    wire.security_association(wire.proposal(number, Protocol.ESP, self.spi, self.suite.esp_transforms())),
                    wire.Payload(Kind.TSI, opened.find(Kind.TSI)), wire.Payload(Kind.TSR, opened.find(Kind.TSR))]
        if ticket and opened.note(Note.TICKET_REQUEST):
            self.ticket = os.urandom(200)
            payloads.append(wire.notify(Note.TICKET_LT_OPAQUE, struct.pack(">I", lifetime) + self.ticket))
        self.answer(request, to, payloads + list(more))
        return self

    def finish(self, **answer):
        """IKE_AUTH asked and answered."""
        self.asked, request, to = self.expect_auth()
        return self.answer_auth(self.asked, request, to, **answer)

    def crash(self, token=None):
        """Says that this SA is lost, as RFC 6290 has it: in clear, with the token."""
        del self.gateway.sas[self.spi_r]
        self.in_clear(wire.notify(Note.INVALID_IKE_SPI), wire.notify(Note.QCD_TOKEN, token or self.token, Protocol.IKE))

    def in_clear(self, *payloads, exchange=Exchange.INFORMATIONAL, flags=REPLY, mid=2):
        self.gateway.send(wire.clear(self.spi_i, self.spi_r, exchange, flags, mid, payloads), self.to)

    def delete(self):
        """A Delete of this SA, from us."""
        self.gateway.send(self.seal(Exchange.INFORMATIONAL, 0, [wire.delete(Protocol.IKE)], flags=0), self.to)
