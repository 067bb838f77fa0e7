"""One IKE SA as the initiator sees it: exchanges, and the three ways to one: login, ticket, rekey."""
import dataclasses
import os
import struct

from . import suites, wire
from .endpoint import Silence
from .esp import ChildSa
from .numbers import Exchange, Kind, Note, Protocol

INTERNAL_IP4_ADDRESS = 1
EVERYWHERE = ("0.0.0.0", "255.255.255.255")


class Refused(Exception):
    """The peer answered, with an error. `note` is its number."""

    def __init__(self, message):
        self.message = message
        self.note = (message.errors() or [n.type for n in message.notifies()] or [0])[0]
        super().__init__(f"{message} ({Note.name(self.note)})")


@dataclasses.dataclass
class Who:
    """An identity and its secret."""
    idi: bytes
    psk: bytes
    idr: bytes | None = None  # asked for, if at all


@dataclasses.dataclass(frozen=True)
class Ticket:
    octets: bytes
    lifetime: int
    sk_d: bytes
    suite: suites.Suite
    inside: str | None = None


class IkeSa:
    """Created empty; `init` or `resume` fill the keys, `auth` makes it stand."""

    def __init__(self, endpoint, who, suite=suites.GCM_X25519, nat=True):
        """`nat`: hide our address from the gateway, so that ESP travels in UDP."""
        self.endpoint, self.who, self.suite, self.nat = endpoint, who, suite, nat
        self.spi_i, self.spi_r = os.urandom(8), bytes(8)
        self.ni, self.nr = os.urandom(32), b""
        self.mid = 0
        self.keys = self.message1 = self.message2 = None
        self.resumed_from = None
        self.peer_notes, self.child, self.ticket, self.inside, self.idr, self.auth_lifetime = [], None, None, None, None, None

    # --- octets

    def nat_payloads(self):
        source = os.urandom(20) if self.nat else suites.nat_hash(self.spi_i, self.spi_r, self.endpoint.address_octets(), self.endpoint.port)
        there = suites.nat_hash(self.spi_i, self.spi_r, self.endpoint.address_octets(True), self.endpoint.gateway_port)
        return [wire.notify(Note.NAT_DETECTION_SOURCE_IP, source), wire.notify(Note.NAT_DETECTION_DESTINATION_IP, there)]

    def seal(self, exchange, payloads, mid=None, flags=wire.INITIATOR, padding=b"", keys=None):
        """A protected message of ours. A list of payloads, or raw inner octets as (first kind, octets)."""
        first, inner = payloads if isinstance(payloads, tuple) else wire.chain(payloads)
        k = keys or self.keys
        seal = suites.Seal(self.suite, k.ei, k.ai)
        pad = padding or bytes(-(len(inner) + 1) % seal.block)
        plain = inner + pad + bytes([len(pad)])
        size = len(plain) + seal.overhead
        head = wire.header(self.spi_i, self.spi_r, Kind.SK, exchange, flags, self.mid if mid is None else mid, 32 + size)
        head += struct.pack(">BBH", first, 0, 4 + size)
        return head + seal.seal(head, plain)

    def open(self, message):
        """The same message with its inner payloads."""
        if message.kinds[-1:] != [Kind.SK]:
            raise wire.Malformed(f"not protected: {message}")
        sk = message.payloads[-1]
        cut = len(message.octets) - len(sk.body)
        plain = suites.Seal(self.suite, self.keys.er, self.keys.ar).open(message.octets[:cut], sk.body)
        inner = plain[:len(plain) - 1 - plain[-1]]
        return dataclasses.replace(message, payloads=wire.walk(sk.length, inner))

    # --- exchanges

    def _mine(self, message):
        return message.spi_i == self.spi_i and message.response

    def send(self, octets):
        self.endpoint.send(octets)

    def answer_to(self, octets, timeout=2.0):
        """Sends a request; the raw answer to it (same SPIi, same message id)."""
        mid = int.from_bytes(octets[20:24], "big")
        self.send(octets)
        return self.endpoint.receive(lambda m: self._mine(m) and m.mid == mid, timeout)

    def ask(self, exchange, payloads, timeout=2.0):
        """One protected exchange; the answer, opened."""
        self.last_request = self.seal(exchange, payloads)
        self.last_reply = self.answer_to(self.last_request, timeout)
        self.mid += 1
        opened = self.open(self.last_reply)
        if opened.exchange != exchange or opened.flags != wire.RESPONSE or opened.spi_r != self.spi_r:
            raise wire.Malformed(f"header of the answer: {opened}")
        return opened

    def answer_requests(self):
        """Answers what the gateway asked meanwhile with an empty message; returns the requests, opened."""
        seen = []
        for m in self.endpoint.drain():
            if m.spi_i == self.spi_i and not m.response and m.spi_r == self.spi_r:
                seen.append(self.open(m))
                self.send(self.seal(m.exchange, [], m.mid, wire.INITIATOR | wire.RESPONSE))
        return seen

    # --- IKE_SA_INIT

    def init_payloads(self, ke, more=()):
        return [wire.security_association(wire.proposal(1, Protocol.IKE, b"", self.suite.transforms())),
                wire.key_exchange(ke.group, ke.public), wire.nonce(self.ni), *self.nat_payloads(),
                wire.notify(Note.FRAGMENTATION_SUPPORTED), *more]

    def _first_exchange(self, exchange, payloads, rounds=3):
        """Message 0 in clear; a COOKIE is given back in front. The answer."""
        cookie = []
        self.cookie_rounds = 0
        while True:
            self.message1 = wire.clear(self.spi_i, bytes(8), exchange, wire.INITIATOR, 0, cookie + payloads)
            if not cookie:
                self.message1_before_cookie = self.message1
            answer = self.answer_to(self.message1)
            if answer.exchange != exchange or answer.flags != wire.RESPONSE or answer.mid != 0:
                raise wire.Malformed(f"header of the answer: {answer}")
            asked = answer.note(Note.COOKIE)
            if not asked:
                break
            if not 1 <= len(asked.data) <= 64 or len(answer.payloads) != 1 or answer.spi_r != bytes(8):
                raise wire.Malformed(f"cookie: {answer}")
            self.cookie_rounds += 1
            if self.cookie_rounds > rounds:
                raise Refused(answer)
            cookie = [wire.notify(Note.COOKIE, asked.data)]
        if answer.find(Kind.NONCE) is None:
            raise Refused(answer)
        self.message2, self.spi_r, self.nr = answer.octets, answer.spi_r, answer.find(Kind.NONCE)
        if self.spi_r == bytes(8) or not 16 <= len(self.nr) <= 256:
            raise wire.Malformed(f"SPIr {self.spi_r.hex()}, nonce of {len(self.nr)}")
        self.peer_notes = answer.notifies()
        self.mid = 1
        return answer

    def init(self):
        ke = suites.KeyExchange(self.suite.group)
        answer = self._first_exchange(Exchange.IKE_SA_INIT, self.init_payloads(ke))
        chosen = wire.read_proposals(answer.find(Kind.SA))
        wanted = sorted(t if len(t) == 3 else (*t, None) for t in self.suite.transforms())
        if len(chosen) != 1 or chosen[0][1] != Protocol.IKE or sorted(chosen[0][3], key=lambda t: t[:2]) != wanted:
            raise wire.Malformed(f"chosen: {chosen}")
        theirs = answer.find(Kind.KE)
        if int.from_bytes(theirs[:2], "big") != ke.group:
            raise wire.Malformed("group of the answer")
        seed = suites.skeyseed_login(self.suite, self.ni, self.nr, ke.shared(theirs[4:]))
        self.keys = suites.ike_keys(self.suite, seed, self.ni, self.nr, self.spi_i, self.spi_r)
        return self

    # --- IKE_SESSION_RESUME

    def resume_payloads(self, ticket):
        return [wire.nonce(self.ni), wire.notify(Note.TICKET_OPAQUE, ticket), *self.nat_payloads(),
                wire.notify(Note.FRAGMENTATION_SUPPORTED)]

    def resume(self, ticket, payloads=None):
        self.suite, self.resumed_from = ticket.suite, ticket
        answer = self._first_exchange(Exchange.IKE_SESSION_RESUME, payloads or self.resume_payloads(ticket.octets))
        if {Kind.SA, Kind.KE} & set(answer.kinds):
            raise wire.Malformed(f"a resume answered with {answer}")
        seed = suites.skeyseed_resume(self.suite, ticket.sk_d, self.ni, self.nr)
        self.keys = suites.ike_keys(self.suite, seed, self.ni, self.nr, self.spi_i, self.spi_r)
        return self

    # --- IKE_AUTH

    def own_auth(self):
        if self.resumed_from:
            return suites.auth_resume(self.suite, self.message1, self.nr, self.keys.pi, self.who.idi)
        return suites.auth_psk(self.suite, self.who.psk, self.message1, self.nr, self.keys.pi, self.who.idi)

    def peer_auth(self, idr):
        if self.resumed_from:
            return suites.auth_resume(self.suite, self.message2, self.ni, self.keys.pr, idr)
        return suites.auth_psk(self.suite, self.who.psk, self.message2, self.ni, self.keys.pr, idr)

    def auth_payloads(self, auth=None, ticket=True, inside=True, more=(), idi=None, idr=None, method=2):
        self.offered = ChildSa(self.suite, os.urandom(4))
        out = [wire.Payload(Kind.IDI, self.who.idi if idi is None else idi)]
        if idr or self.who.idr:
            out.append(wire.Payload(Kind.IDR, idr or self.who.idr))
        out.append(wire.authentication(self.own_auth() if auth is None else auth, method))
        if inside:
            out.append(wire.configuration(1, (INTERNAL_IP4_ADDRESS, b"")))
        out += [wire.security_association(wire.proposal(1, Protocol.ESP, self.offered.spi_in, self.suite.esp_transforms())),
                wire.selectors(Kind.TSI, EVERYWHERE), wire.selectors(Kind.TSR, EVERYWHERE)]
        if ticket:
            out.append(wire.notify(Note.TICKET_REQUEST))
        return out + list(more)

    def auth(self, check=None, **changes):
        """IKE_AUTH; Refused with the peer's word if it says no. `check` replaces the check of the peer's AUTH."""
        if self.nat:
            self.endpoint.gateway_port = 4500
        self.auth_answer = answer = self.ask(Exchange.IKE_AUTH, self.auth_payloads(**changes))
        self.idr = answer.find(Kind.IDR)
        proof = answer.find(Kind.AUTH)
        if self.idr is None or proof is None:
            raise Refused(answer)
        if proof[:1] != b"\x02" or proof[4:] != (check or self.peer_auth)(self.idr):
            raise suites.WrongKey("AUTH of the gateway")
        self.take_ticket(answer)
        lifetime = answer.note(Note.AUTH_LIFETIME)
        self.auth_lifetime = int.from_bytes(lifetime.data, "big") if lifetime else None
        cp = answer.find(Kind.CP)
        if cp:
            given = dict(wire.read_configuration(cp)[1]).get(INTERNAL_IP4_ADDRESS)
            self.inside = ".".join(map(str, given)) if given else None
        if self.ticket and self.inside:
            self.ticket = dataclasses.replace(self.ticket, inside=self.inside)
        if answer.find(Kind.SA):
            self.child = self.offered
            self.child.answered(wire.read_proposals(answer.find(Kind.SA)))
            self.child.selectors = tuple(wire.read_selectors(answer.find(k)) for k in (Kind.TSI, Kind.TSR))
            self.child.key(self.keys.d, self.ni, self.nr)
        return self

    def take_ticket(self, answer):
        note = answer.note(Note.TICKET_LT_OPAQUE)
        if note:
            if note.protocol or note.spi or len(note.data) <= 4:
                raise wire.Malformed("TICKET_LT_OPAQUE")
            self.ticket = Ticket(note.data[4:], int.from_bytes(note.data[:4], "big"), self.keys.d, self.suite, self.inside)
        return note

    # --- afterwards

    def inform(self, *payloads):
        return self.ask(Exchange.INFORMATIONAL, list(payloads))

    def delete(self):
        return self.inform(wire.delete(Protocol.IKE))

    def more_child_payloads(self, group=31):
        """A further Child SA with a key exchange of its own: (payloads, what `more_child` needs)."""
        ke, ni, child = suites.KeyExchange(group), os.urandom(32), ChildSa(self.suite, os.urandom(4))
        offer = wire.proposal(1, Protocol.ESP, child.spi_in, self.suite.esp_transforms(group))
        return [wire.security_association(offer), wire.nonce(ni), wire.key_exchange(ke.group, ke.public),
                wire.selectors(Kind.TSI, EVERYWHERE), wire.selectors(Kind.TSR, EVERYWHERE)], (ke, ni, child)

    def more_child(self):
        payloads, (ke, ni, child) = self.more_child_payloads()
        answer = self.ask(Exchange.CREATE_CHILD_SA, payloads)
        if answer.errors():
            raise Refused(answer)
        child.answered(wire.read_proposals(answer.find(Kind.SA)))
        child.key(self.keys.d, ni, answer.find(Kind.NONCE), ke.shared(answer.find(Kind.KE)[4:]))
        return child

    def rekey(self, ticket=False):
        """The IKE SA that follows this one (RFC 7296 1.3.2); this one is deleted."""
        next_sa = IkeSa(self.endpoint, self.who, self.suite, self.nat)
        ke = suites.KeyExchange(self.suite.group)
        offer = wire.proposal(1, Protocol.IKE, next_sa.spi_i, self.suite.transforms())
        more = [wire.notify(Note.TICKET_REQUEST)] if ticket else []
        answer = self.ask(Exchange.CREATE_CHILD_SA, [wire.security_association(offer), wire.nonce(next_sa.ni),
                                                     wire.key_exchange(ke.group, ke.public), *more])
        if answer.errors():
            raise Refused(answer)
        next_sa.spi_r = wire.read_proposals(answer.find(Kind.SA))[0][2]
        next_sa.nr = answer.find(Kind.NONCE)
        seed = suites.skeyseed_rekey(self.suite, self.keys.d, ke.shared(answer.find(Kind.KE)[4:]), next_sa.ni, next_sa.nr)
        next_sa.keys = suites.ike_keys(self.suite, seed, next_sa.ni, next_sa.nr, next_sa.spi_i, next_sa.spi_r)
        next_sa.child, next_sa.inside, next_sa.idr = self.child, self.inside, self.idr
        next_sa.take_ticket(answer)
        self.delete()
        return next_sa

    def alive(self):
        """Whether the gateway still answers on this SA."""
        try:
            return not self.ask(Exchange.INFORMATIONAL, [], 0.5).errors()
        except Silence:
            return False

    # --- the two usual ways

    @classmethod
    def login(cls, endpoint, who, suite=suites.GCM_X25519, nat=True, **changes):
        return cls(endpoint, who, suite, nat).init().auth(**changes)

    @classmethod
    def by_ticket(cls, endpoint, who, ticket, nat=True, **changes):
        return cls(endpoint, who, ticket.suite, nat).resume(ticket).auth(**changes)
