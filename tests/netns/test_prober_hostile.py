"""A peer that breaks the rules of RFC 7296 in IKE_SA_INIT, in IKE_AUTH with all the keys, on an SA that is up, and in ESP: the gateway
answers with the right error or not at all, keeps no half-done state, and other tunnels do not notice."""
import os
import random
import struct

import netns
import probing
import scenario
from netns import wait_for
from probing import Exchange, IkeSa, Kind, Note, Protocol, Refused, esp, suites, wire
from scenario import check

TS_ANY = ("0.0.0.0", "255.255.255.255")


def quiet(p):
    wait_for("half-open SAs to end", lambda: p.server.status()["half_open"] == 0, 5)


def bystander_is_fine(p):
    check(p.bystander.alive() and p.ping(p.bystander), "a tunnel that has nothing to do with it carries packets")


def one_of(answers, *notes):
    """No answer, or one with one of these errors and nothing that was agreed on."""
    for m in answers:
        check(m.errors() and set(m.errors()) <= set(notes) and not {Kind.SA, Kind.KE, Kind.AUTH, Kind.IDR} & set(m.kinds),
              f"nothing, or {'/'.join(map(Note.name, notes))}: {m}")


# --- IKE_SA_INIT


def init_messages(sa, ke):
    """name: (message, errors that may answer it)"""
    usual = sa.init_payloads(ke)
    offer, key, nonce, rest = usual[0], usual[1], usual[2], usual[3:]

    def make(payloads, spi_r=bytes(8), flags=wire.INITIATOR, mid=0, spi_i=None, **more):
        return wire.clear(sa.spi_i if spi_i is None else spi_i, spi_r, Exchange.IKE_SA_INIT, flags, mid, payloads, **more)

    def offering(*transforms, protocol=Protocol.IKE, spi=b""):
        return make([wire.security_association(wire.proposal(1, protocol, spi, transforms)), key, nonce, *rest])

    def body(octets):
        return make([wire.Payload(Kind.SA, octets), key, nonce, *rest])

    gcm, prf, x = (1, 20, 128), (2, 5), (4, 31)
    good = offer.body
    none, syntax, ke_bad = Note.NO_PROPOSAL_CHOSEN, Note.INVALID_SYNTAX, Note.INVALID_KE_PAYLOAD
    whole = make(usual)
    out = {
        "message id 1": (make(usual, mid=1), ()), "flag of a response": (make(usual, flags=wire.RESPONSE), ()),
        "no initiator": (make(usual, flags=0), ()), "SPIr set": (make(usual, spi_r=os.urandom(8)), ()), "SPIi 0": (make(usual, spi_i=bytes(8)), ()),
        "no SA": (make([key, nonce]), (syntax,)), "no KE": (make([offer, nonce]), (syntax,)), "no nonce": (make([offer, key]), (syntax,)),
        "nothing": (make([]), (syntax,)), "a nonce of 15": (make([offer, key, wire.nonce(bytes(15))]), (syntax,)),
        "a nonce of 257": (make([offer, key, wire.nonce(bytes(257))]), (syntax,)),
        "KE an octet short": (make([offer, wire.key_exchange(31, ke.public[:-1]), nonce]), (syntax, ke_bad)),
        "KE an octet long": (make([offer, wire.key_exchange(31, ke.public + b"x"), nonce]), (syntax, ke_bad)),
        "KE empty": (make([offer, wire.key_exchange(31, b""), nonce]), (syntax, ke_bad)),
        "KE the zero point": (make([offer, wire.key_exchange(31, bytes(32)), nonce]), (syntax,)),  # RFC 8031 5: no contribution
        "KE the point 1": (make([offer, wire.key_exchange(31, b"\1" + bytes(31)), nonce]), (syntax,)),
        "KE of another group": (make([offer, wire.key_exchange(14, bytes(256)), nonce]), (syntax, ke_bad)),
        "KE of no group": (make([offer, wire.key_exchange(0, ke.public), nonce]), (syntax, ke_bad)),
        "no cipher": (offering(prf, x), (none, syntax)), "no PRF": (offering(gcm, x), (none, syntax)), "no group": (offering(gcm, prf), (none, syntax)),
        "GCM without a key length": (offering((1, 20), prf, x), (none, syntax)), "GCM of 64 bits": (offering((1, 20, 64), prf, x), (none, syntax)),
        "3DES": (offering((1, 3), (2, 2), (3, 2), x), (none, syntax)), "CBC without integrity": (offering((1, 12, 128), prf, x), (none, syntax)),
        "GCM with integrity": (offering(gcm, prf, (3, 12), x), (none, syntax)),
        "an unknown transform type": (offering(gcm, prf, x, (200, 1)), (none, syntax)),
        "a proposal for ESP": (offering(gcm, (5, 0), protocol=Protocol.ESP, spi=b"abcd"), (none, syntax)),
        "no proposal": (body(b""), (none, syntax)), "a proposal cut short": (body(good[:-3]), (none, syntax)),
        "a proposal's length of 0": (body(good[:2] + b"\0\0" + good[4:]), (none, syntax)),
        "a proposal's length too long": (body(good[:2] + b"\x40\0" + good[4:]), (none, syntax)),
        "more transforms announced": (body(good[:7] + b"\x09" + good[8:]), (none, syntax)),
        "fewer transforms announced": (body(good[:7] + b"\x01" + good[8:]), (none, syntax)),
        "an SPI size of 255": (body(good[:6] + b"\xff" + good[7:]), (none, syntax)),
        "a following proposal that is not there": (body(b"\x02" + good[1:]), (none, syntax)),
        "100 proposals": (body(b"".join(wire.proposal(n, 1, b"", [gcm, (2, 2), (4, 2)], n == 100) for n in range(1, 101))), (none, syntax)),
        "255 transforms": (offering(*[(1, 3)] * 255), (none, syntax)),
        "an unknown critical payload": (make([*usual, wire.Payload(200, b"?", critical=True)]), (Note.UNSUPPORTED_CRITICAL_PAYLOAD,)),
        "100 payloads": (make([*usual, *[wire.Payload(Kind.VENDOR, b"v")] * 100]), (syntax,)),
        "an Encrypted payload": (make([wire.Payload(Kind.SK, os.urandom(80))]), (syntax,)),
        "a header length of 27": (make(usual, length=27), (syntax,)), "a header length of 2^32-1": (make(usual, length=0xFFFFFFFF), (syntax,)),
        "a payload length of 0": (make([offer, wire.Payload(Kind.KE, key.body, length=0), nonce]), (syntax,)),
        "a payload length too long": (make([offer, key, wire.Payload(Kind.NONCE, nonce.body, length=4000)]), (syntax,)),
        "a notify of 2 octets": (make([*usual, wire.Payload(Kind.NOTIFY, b"\0\0")]), (syntax,)),
        "a notify whose SPI is not there": (make([*usual, wire.Payload(Kind.NOTIFY, b"\1\xff\x40\0")]), (syntax,)),
        "major version 3": (make(usual, version=0x30), (Note.INVALID_MAJOR_VERSION,)),
        "major version 1": (make(usual, version=0x10), (Note.INVALID_MAJOR_VERSION,)),
    }
    off_curve = suites.KeyExchange(19).public[:-1] + b"\0"
    for name, group, public in (("ECP off the curve", 19, off_curve), ("ECP at infinity", 19, bytes(64)), ("MODP 0", 14, bytes(256)),
                                ("MODP 1", 14, bytes(255) + b"\1"), ("MODP p-1", 14, (suites.MODP2048 - 1).to_bytes(256, "big")),
                                ("MODP p", 14, suites.MODP2048.to_bytes(256, "big")), ("MODP short", 14, bytes(255))):
        proposal = wire.security_association(wire.proposal(1, Protocol.IKE, b"", [gcm, prf, (4, group)]))
        out[name] = (make([proposal, wire.key_exchange(group, public), nonce]), (syntax, ke_bad))
    for cut in (1, 8, 16, 27, 28, 29, 31, 40, 60, len(whole) - 1):
        out[f"cut after {cut} octets"] = (whole[:cut], (syntax, none))
    return out


def a_first_message_that_breaks_a_rule_begins_nothing(p):
    ke = suites.KeyExchange(31)
    for name in init_messages(IkeSa(p.endpoint(), None), ke):
        sa = IkeSa(p.endpoint(), None)
        octets, errors = init_messages(sa, ke)[name]
        sa.endpoint.send(octets)
        try:
            one_of(p.barrier(sa.endpoint), *errors)
        except netns.Failure as failure:
            raise netns.Failure(f"{name}: {failure}") from failure
        sa.endpoint.close()
        if name == "an unknown critical payload":
            p.refused(Note.UNSUPPORTED_CRITICAL_PAYLOAD, name, lambda: IkeSa(p.endpoint(), None)._first_exchange(
                Exchange.IKE_SA_INIT, [*sa.init_payloads(ke), wire.Payload(200, b"?", critical=True)]))
    check(p.server.status()["half_open"] == 0, "no half-open SA")
    bystander_is_fine(p)


def a_wrong_guess_of_the_group_is_told_the_right_one(p):
    sa = IkeSa(p.endpoint(), p.who())
    both = [*suites.GCM_X25519.transforms(), (4, 18)]
    offer = wire.security_association(wire.proposal(1, Protocol.IKE, b"", both))
    answer = sa.answer_to(wire.clear(sa.spi_i, bytes(8), Exchange.IKE_SA_INIT, wire.INITIATOR, 0, [offer, wire.key_exchange(18, bytes(1024)), wire.nonce(sa.ni)]))
    note = answer.note(Note.INVALID_KE_PAYLOAD)
    check(note and note.data == struct.pack(">H", 31), f"INVALID_KE_PAYLOAD with group 31, not {answer}")


def what_is_unknown_but_harmless_is_skipped(p):
    sa = IkeSa(p.endpoint(), p.who())
    odd = [wire.Payload(Kind.VENDOR, b""), wire.notify(40961, b"?" * 300), wire.notify(8191), wire.Payload(200, b"later")]
    sa.init_payloads = lambda _ke, usual=sa.init_payloads: odd + usual(_ke)
    sa.init().auth(more=odd)
    check(p.ping(sa), "it logs in")


def every_bit_of_a_first_message_may_be_wrong(p):
    rng, end, ke = random.Random(7296), p.endpoint(), suites.KeyExchange(31)
    for _ in range(600):
        sa = IkeSa(end, None)
        octets = bytearray(wire.clear(sa.spi_i, bytes(8), Exchange.IKE_SA_INIT, wire.INITIATOR, 0, sa.init_payloads(ke)))
        for _ in range(rng.randint(1, 3)):
            octets[rng.randrange(8, len(octets))] ^= 1 << rng.randrange(8)
        end.send(bytes(octets))
    p.barrier(end)
    bystander_is_fine(p)
    quiet(p)


# --- IKE_AUTH, with keys


def auth_cases(sa):
    """name: (inner payloads, errors that may answer, tunnel made)"""
    u = sa.auth_payloads()
    kinds = [x.kind for x in u]
    idi, auth, cp, child, tsi, tsr = (u[kinds.index(k)] for k in (Kind.IDI, Kind.AUTH, Kind.CP, Kind.SA, Kind.TSI, Kind.TSR))
    right = auth.body[4:]
    no, syntax = Note.AUTHENTICATION_FAILED, Note.INVALID_SYNTAX

    def swap(kind, payload):
        return [payload if x.kind == kind else x for x in u]

    cases = {
        "no IDi": [x for x in u if x.kind != Kind.IDI], "no AUTH": [x for x in u if x.kind != Kind.AUTH],
        "nothing": [], "AUTH alone": [auth], "IDi alone": [idi],
        "IDi of 3 octets": swap(Kind.IDI, wire.Payload(Kind.IDI, b"\2\0\0")), "IDi without a name": swap(Kind.IDI, wire.Payload(Kind.IDI, b"\2\0\0\0")),
        "IDi of type 0": swap(Kind.IDI, wire.Payload(Kind.IDI, b"\0" + idi.body[1:])),
        "an IPv4 address of 3 octets": swap(Kind.IDI, wire.Payload(Kind.IDI, b"\1\0\0\0abc")),
        "IDi not the signed one": swap(Kind.IDI, wire.Payload(Kind.IDI, wire.fqdn("somebody.else"))),
        "two IDi, the second not signed": u + [wire.Payload(Kind.IDI, wire.fqdn("admin.example"))],
        "two IDi, the first not signed": [wire.Payload(Kind.IDI, wire.fqdn("admin.example"))] + u,
        "two AUTH, the first wrong": [wire.authentication(bytes(32))] + u,
        "AUTH empty": swap(Kind.AUTH, wire.authentication(b"")), "AUTH of 3 octets": swap(Kind.AUTH, wire.Payload(Kind.AUTH, b"\2\0\0")),
        "AUTH an octet short": swap(Kind.AUTH, wire.authentication(right[:-1])), "AUTH an octet long": swap(Kind.AUTH, wire.authentication(right + b"\0")),
        "AUTH of zeros": swap(Kind.AUTH, wire.authentication(bytes(32))), "AUTH twice over": swap(Kind.AUTH, wire.authentication(right * 2)),
        "AUTH as RSA": swap(Kind.AUTH, wire.authentication(right, 1)), "AUTH as NULL": swap(Kind.AUTH, wire.authentication(right, 13)),
        "AUTH as a resume's": swap(Kind.AUTH, wire.authentication(suites.auth_resume(sa.suite, sa.message1, sa.nr, sa.keys.pi, sa.who.idi))),
        "the gateway's own AUTH": swap(Kind.AUTH, wire.authentication(sa.peer_auth(wire.id_body(1, bytes([173, 1, 1, 1]))))),
    }
    return {name: (payloads, (no, syntax)) for name, payloads in cases.items()}


def an_auth_that_is_not_right_makes_no_tunnel(p):
    for suite in (suites.GCM_X25519, suites.CBC_X25519):
        for name in auth_cases(p_half(p, suite)):
            sa = p_half(p, suite)
            before = set(p.server.tunnels())
            answer = sa.ask(Exchange.IKE_AUTH, auth_cases(sa)[name][0])
            made = set(p.server.tunnels()) - before
            if answer.errors():
                one_of([answer], *auth_cases(sa)[name][1])
                check(not made, f"{name}: no tunnel")
                p.ignored(sa.endpoint, sa.seal(Exchange.INFORMATIONAL, []))  # the SA is gone
            else:  # it may take one of two, but only one that AUTH covers
                check(name == "two IDi, the first not signed", f"{name} is refused, not {answer}")
                check("admin" not in str(p.tunnel_of(sa)), f"{name}: as who was signed")
            sa.endpoint.close()
        quiet(p)
    bystander_is_fine(p)


def p_half(p, suite=suites.GCM_X25519):
    sa = IkeSa(p.endpoint(), p.who(), suite).init()
    sa.endpoint.gateway_port = 4500
    return sa


def raw_auths(sa):
    """name: octets of a message with right keys and a wrong inside, and the errors that may answer"""
    first, inner = wire.chain(sa.auth_payloads())
    good = sa.seal(Exchange.IKE_AUTH, (first, inner))
    syntax = (Note.INVALID_SYNTAX,)
    return {
        "a critical payload nobody knows": (sa.seal(Exchange.IKE_AUTH, sa.auth_payloads(more=[wire.Payload(200, b"?", critical=True)])), (Note.UNSUPPORTED_CRITICAL_PAYLOAD,)),
        "an inner length of 0": (sa.seal(Exchange.IKE_AUTH, (first, inner[:2] + b"\0\0" + inner[4:])), syntax),
        "an inner length too long": (sa.seal(Exchange.IKE_AUTH, (first, inner[:2] + b"\xff\xff" + inner[4:])), syntax),
        "an inner chain cut short": (sa.seal(Exchange.IKE_AUTH, (first, inner[:-1])), syntax),
        "an inner chain of another kind": (sa.seal(Exchange.IKE_AUTH, (Kind.SA, inner)), (*syntax, Note.AUTHENTICATION_FAILED)),
        "an Encrypted payload inside": (sa.seal(Exchange.IKE_AUTH, (Kind.SK, struct.pack(">BBH", 0, 0, 8) + b"abcd")), (*syntax, Note.AUTHENTICATION_FAILED)),
        "65 inner payloads": (sa.seal(Exchange.IKE_AUTH, sa.auth_payloads(more=[wire.Payload(Kind.VENDOR, b"")] * 65)), syntax),
        "more padding than there is": (padded(sa, first, inner, 255), syntax),
        "nothing but padding": (padded(sa, 0, b"", 255), syntax),
        "one bit wrong": (good[:40] + bytes([good[40] ^ 4]) + good[41:], ()), "a check value cut": (good[:24] + struct.pack(">I", len(good) - 4) + good[28:-4], ()),
        "a header bit wrong": (good[:19] + bytes([good[19] ^ 0x40]) + good[20:], ()),
        "message id 0": (sa.seal(Exchange.IKE_AUTH, sa.auth_payloads(), mid=0), ()), "message id 2": (sa.seal(Exchange.IKE_AUTH, sa.auth_payloads(), mid=2), ()),
        "flag of a response": (sa.seal(Exchange.IKE_AUTH, sa.auth_payloads(), flags=wire.INITIATOR | wire.RESPONSE), ()),
        "flag of the responder": (sa.seal(Exchange.IKE_AUTH, sa.auth_payloads(), flags=0), ()),
        "in clear": (wire.clear(sa.spi_i, sa.spi_r, Exchange.IKE_AUTH, wire.INITIATOR, 1, sa.auth_payloads()), ()),
        "an Encrypted payload of 0 octets": (wire.clear(sa.spi_i, sa.spi_r, Exchange.IKE_AUTH, wire.INITIATOR, 1, [wire.Payload(Kind.SK)]), ()),
        "an Encrypted payload of 20 octets": (wire.clear(sa.spi_i, sa.spi_r, Exchange.IKE_AUTH, wire.INITIATOR, 1, [wire.Payload(Kind.SK, bytes(20))]), ()),
        "a payload before the Encrypted one": (wire.clear(sa.spi_i, sa.spi_r, Exchange.IKE_AUTH, wire.INITIATOR, 1, [wire.notify(16384), wire.Payload(Kind.SK, bytes(80))]), ()),
        "a fragment": (wire.clear(sa.spi_i, sa.spi_r, Exchange.IKE_AUTH, wire.INITIATOR, 1, [wire.Payload(Kind.SKF, struct.pack(">HH", 1, 0) + bytes(80))]), ()),
        "our own SPIs swapped": (wire.clear(sa.spi_r, sa.spi_i, Exchange.IKE_AUTH, wire.INITIATOR, 1, [wire.Payload(Kind.SK, bytes(80))]), ()),
    }


def padded(sa, first, inner, claim):
    """The pad length says `claim`, whatever is there."""
    seal = suites.Seal(sa.suite, sa.keys.ei, sa.keys.ai)
    plain = inner + bytes(-(len(inner) + 1) % seal.block) + bytes([claim])
    size = len(plain) + seal.overhead
    head = wire.header(sa.spi_i, sa.spi_r, Kind.SK, Exchange.IKE_AUTH, wire.INITIATOR, sa.mid, 32 + size) + struct.pack(">BBH", first, 0, 4 + size)
    return head + seal.seal(head, plain)


def a_message_that_is_not_right_is_no_login(p):
    for suite in (suites.GCM_X25519, suites.CBC_X25519):
        for name in raw_auths(p_half(p, suite)):
            sa = p_half(p, suite)
            before = set(p.server.tunnels())
            octets, errors = raw_auths(sa)[name]
            sa.send(octets)
            answers = [sa.open(m) for m in p.barrier(sa.endpoint)]
            try:
                one_of(answers, *errors)
                check(not set(p.server.tunnels()) - before, "no tunnel")
                if not errors:
                    sa.auth()  # what is not authenticated has changed nothing: the right one is still accepted
                    sa.delete()
            except (Refused, netns.Failure, probing.Silence) as failure:
                raise netns.Failure(f"{name}: {failure}") from failure
            sa.endpoint.close()
        quiet(p)
    bystander_is_fine(p)


def as_much_padding_as_one_likes(p):
    for suite in (suites.GCM_X25519, suites.CBC_X25519):
        sa = p_half(p, suite)
        first, inner = wire.chain(sa.auth_payloads())
        block = 1 if suite.encr == 20 else 16
        most = 255 - (len(inner) + 1 + 255) % block
        answer = sa.open(sa.answer_to(sa.seal(Exchange.IKE_AUTH, (first, inner), padding=os.urandom(most))))
        check(answer.find(Kind.AUTH), f"accepted with {most} octets of padding: {answer}")


# --- an SA that is up


def message_ids_are_taken_in_their_order(p):
    sa = p.login()
    first = sa.seal(Exchange.INFORMATIONAL, [])
    reply = sa.answer_to(first)
    check(sa.answer_to(first).octets == reply.octets, "a repeated request: the identical answer")
    delete = [wire.delete(Protocol.IKE)]
    p.ignored(sa.endpoint, sa.seal(Exchange.INFORMATIONAL, delete))  # the same id, another content
    p.ignored(sa.endpoint, *[sa.seal(Exchange.INFORMATIONAL, delete, mid=mid) for mid in (0, 1, sa.mid + 2, sa.mid + 100, 0x7FFFFFFF, 0xFFFFFFFF)])
    p.ignored(sa.endpoint, *[sa.seal(e, delete, mid=mid, flags=wire.INITIATOR | wire.RESPONSE) for e in (35, 36, 37) for mid in range(4)])
    p.ignored(sa.endpoint, reply.octets, sa.message2)  # its own words
    sa.mid += 1
    check(sa.alive() and p.ping(sa), "none of it counted")


def requests_that_make_no_sense(p):
    sa = p.login()
    usual, (ke, ni, child) = sa.more_child_payloads()
    offer, nonce, key, tsi, tsr = usual
    syntax, none, ts = Note.INVALID_SYNTAX, Note.NO_PROPOSAL_CHOSEN, Note.TS_UNACCEPTABLE

    def esp_offer(*transforms, spi=b"abcd", protocol=Protocol.ESP):
        return [wire.security_association(wire.proposal(1, protocol, spi, transforms)), *usual[1:]]

    def selector(kind, octets):
        return [wire.Payload(kind, octets) if x.kind == kind else x for x in usual]

    gcm, x, esn = (1, 20, 128), (4, 31), (5, 0)
    one = wire.selectors(Kind.TSI, TS_ANY).body
    cases = {
        "no nonce": ([offer, key, tsi, tsr], (syntax,)), "no SA": (usual[1:], (syntax,)), "no TSi": ([offer, nonce, key, tsr], (syntax, ts)),
        "nothing": ([], (syntax,)), "two nonces of nothing": ([offer, wire.nonce(b""), key, tsi, tsr], (syntax,)),
        "a cipher nobody has": (esp_offer((1, 3), (3, 2), x, esn), (none,)),
        "an SPI of 0": (esp_offer(gcm, x, esn, spi=bytes(4)), (none, syntax)), "an SPI of 3 octets": (esp_offer(gcm, x, esn, spi=b"abc"), (none, syntax)),
        "AH": (esp_offer((3, 12), x, esn, protocol=Protocol.AH), (none, syntax)),
        "KE of another group": ([offer, nonce, wire.key_exchange(14, bytes(256)), tsi, tsr], (Note.INVALID_KE_PAYLOAD, syntax)),
        "KE the zero point": ([offer, nonce, wire.key_exchange(31, bytes(32)), tsi, tsr], (syntax, Note.INVALID_KE_PAYLOAD)),
        "no KE where there must be one": ([offer, nonce, tsi, tsr], (Note.INVALID_KE_PAYLOAD, none, syntax)),
        "a selector of nothing we have": ([*usual[:3], tsi, wire.selectors(Kind.TSR, ("fe80::1", "fe80::2"))], (ts,)),
        "no selectors": (selector(Kind.TSI, b"\0\0\0\0"), (syntax, ts)), "more selectors announced": (selector(Kind.TSI, b"\x02" + one[1:]), (syntax,)),
        "200 selectors": (selector(Kind.TSI, b"\xc8" + one[1:4] + one[4:] * 200), (syntax, ts)),
        "a selector that ends before it begins": ([*usual[:3], wire.selectors(Kind.TSI, ("10.2.0.1", "10.1.0.1")), tsr], (syntax, ts)),
        "ports that end before they begin": ([*usual[:3], wire.selectors(Kind.TSI, TS_ANY, ports=(9, 3)), tsr], (syntax, ts)),
        "a selector of type 200": (selector(Kind.TSI, one[:4] + b"\xc8" + one[5:]), (syntax, ts)),
        "a rekey of nothing": ([wire.notify(Note.REKEY_SA, b"", Protocol.ESP, b"none"), *usual], (Note.CHILD_SA_NOT_FOUND,)),
        "a rekey of another tunnel's child": ([wire.notify(Note.REKEY_SA, b"", Protocol.ESP, p.bystander.child.spi_in), *usual], (Note.CHILD_SA_NOT_FOUND,)),
        "a rekey without an SPI": ([wire.notify(Note.REKEY_SA), *usual], (Note.CHILD_SA_NOT_FOUND, syntax)),
        "an IKE SA with an SPI of 4 octets": ([wire.security_association(wire.proposal(1, 1, b"abcd", sa.suite.transforms())), nonce, key], (none, syntax)),
        "an IKE SA with SPI 0": ([wire.security_association(wire.proposal(1, 1, bytes(8), sa.suite.transforms())), nonce, key], (none, syntax)),
        "an IKE SA without KE": ([wire.security_association(wire.proposal(1, 1, os.urandom(8), sa.suite.transforms())), nonce], (syntax, Note.INVALID_KE_PAYLOAD)),
        "a critical payload nobody knows": ([*usual, wire.Payload(201, critical=True)], (Note.UNSUPPORTED_CRITICAL_PAYLOAD,)),
    }
    for name, (payloads, errors) in cases.items():
        if not sa.alive():  # RFC 7296 2.21.3: after INVALID_SYNTAX an SA may be given up
            sa = p.login()
        answer = sa.ask(Exchange.CREATE_CHILD_SA, payloads)
        check(len(answer.errors()) == 1 and answer.errors()[0] in errors and Kind.SA not in answer.kinds, f"{name}: {'/'.join(map(Note.name, errors))}, not {answer}")
        tunnel = p.tunnel_of(sa)
        check(not tunnel or len(tunnel["ike"][0]["children"]) == 1, f"{name}: no Child SA more")
    unknown = p.login().ask(99, [])
    check(unknown.errors() == [Note.INVALID_SYNTAX], f"an exchange nobody knows: {unknown}")
    sa = p.login()
    p.ignored(sa.endpoint, sa.seal(Exchange.IKE_AUTH, sa.auth_payloads()))  # once is enough
    check(sa.alive(), "a second IKE_AUTH changes nothing")
    bystander_is_fine(p)


def deletes_of_what_is_not_ones_own(p):
    sa = p.login()
    for what, payload in {"nothing": wire.delete(Protocol.ESP, [b"none"]), "a neighbour's": wire.delete(Protocol.ESP, [p.bystander.child.spi_in, p.bystander.child.spi_out]),
                          "its own by the other's SPI": wire.delete(Protocol.ESP, [sa.child.spi_out]),
                          "AH": wire.delete(Protocol.AH, [sa.child.spi_in])}.items():
        answer = sa.inform(payload)
        check(not answer.find(Kind.DELETE) and not answer.errors(), f"{what}: nothing is deleted, {answer}")
        check(p.ping(sa), f"{what}: the Child SA lives")
    answer = sa.inform(wire.delete(Protocol.ESP, [sa.child.spi_in] * 3))
    check(answer.find(Kind.DELETE) == b"\x03\x04\0\x01" + sa.child.spi_out, f"three times its own: deleted once, {answer}")
    check(not p.ping(sa, timeout=0.2), "the Child SA is gone")
    more = sa.more_child()
    check(p.ping(sa, child=more), "and another can be made")
    for what, body in {"an SPI size of 255": b"\x03\xff\0\x01abcd", "SPIs that are not there": b"\x03\x04\xff\xffabcd", "3 octets": b"\x03\x04\0"}.items():
        sa = p.login()
        answer = sa.inform(wire.Payload(Kind.DELETE, body))
        check(answer.errors() in ([], [Note.INVALID_SYNTAX]) and Kind.DELETE not in answer.kinds, f"{what}: {answer}")
    bystander_is_fine(p)


def child_sas_are_counted(p):
    sa, made = p.login(), 1
    while made < 100:
        try:
            sa.more_child()
        except Refused as refusal:
            check(refusal.note == Note.NO_ADDITIONAL_SAS, f"NO_ADDITIONAL_SAS, not {refusal}")
            break
        made += 1
    check(8 <= made <= 64, f"{made} Child SAs of one peer")
    check(sa.alive(), "it has those it has")
    sa.delete()
    bystander_is_fine(p)


# --- ESP


def packets_that_are_not_ones_own(p):
    sa, other = p.login(), p.bystander
    check(p.ping(sa), "an echo")
    counters = p.tunnel_of(sa)["counters"]
    token = os.urandom(16)
    mine = esp.echo_request(sa.inside, netns.SERVER_HOST, token)

    def lost(what, *octets):
        for one in octets:
            sa.endpoint.send_esp(one)
        check(p.ping(other), "a barrier")
        while (got := sa.endpoint.receive_esp(0.05)) is not None:
            check(token not in sa.child.open(got), f"{what}: not forwarded")

    good = sa.child.seal(mine)
    flipped = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1:] for at in range(len(good))]
    lost("any bit wrong", *flipped)
    lost("cut short", *[good[:n] for n in range(4, len(good))])
    lost("a false source address", sa.child.seal(esp.echo_request(other.inside, netns.SERVER_HOST, token)),
         sa.child.seal(esp.echo_request("192.168.5.1", netns.SERVER_HOST, token)))
    lost("sequence number 0", sa.child.seal(mine, 0))
    lost("no IP packet", sa.child.seal(b""), sa.child.seal(b"\x45"), sa.child.seal(b"\x65" + mine[1:]), sa.child.seal(os.urandom(200)))
    swapped = esp.ChildSa(sa.suite, sa.child.spi_in)
    swapped.spi_out, swapped.outward = other.child.spi_out, sa.child.outward
    lost("another's SPI", swapped.seal(mine))
    sa.child.sequence += 10
    check(p.ping(sa), "an echo, still")
    answered = sa.child.seal(mine)
    sa.endpoint.send_esp(answered)
    check(token in sa.child.open(sa.endpoint.receive_esp()), "the packet itself is forwarded")
    lost("the same once more", answered, answered)
    after = p.tunnel_of(sa)["counters"]
    check(after["packets_in"] - counters["packets_in"] <= 10, f"counted: {after['packets_in'] - counters['packets_in']}")


def random_messages_under_ones_own_keys(p):
    """A fuzzer with all the keys: whatever is inside, it is answered or ends the SA, and nobody else notices."""
    rng, sa, ended = random.Random(4303), p.login(), 0
    for _ in range(250):
        payloads = [*sa.more_child_payloads()[0], wire.notify(Note.REKEY_SA, b"", 3, sa.child.spi_in), wire.configuration(1, (1, b"")),
                    wire.notify(Note.TICKET_REQUEST), wire.notify(Note.UPDATE_SA_ADDRESSES), wire.delete(3, [os.urandom(4)])]
        first, inner = wire.chain(rng.sample(payloads, rng.randint(1, len(payloads))))
        inner = bytearray(inner)
        for _ in range(rng.randint(1, 4)):
            inner[rng.randrange(len(inner))] ^= 1 << rng.randrange(8)
        exchange = rng.choice((Exchange.CREATE_CHILD_SA, Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL))
        sa.send(sa.seal(exchange, (first, bytes(inner))))
        answers = [m for m in p.barrier(sa.endpoint) if m.response]
        check(len(answers) < 2, "one answer")
        if answers:
            sa.open(answers[0])
            sa.mid += 1
        else:
            sa, ended = p.login(), ended + 1
    check(ended < 200, f"most are answered: {ended} were not")
    bystander_is_fine(p)


def test(world):
    p = probing.Probing(world, probing.gateway(negotiate_timeout=1))
    p.bystander = p.login()
    p.open.clear()  # its endpoint stays open
    before = p.server.rss_kib()
    probing.run(world, p, [
        a_first_message_that_breaks_a_rule_begins_nothing, a_wrong_guess_of_the_group_is_told_the_right_one,
        what_is_unknown_but_harmless_is_skipped, every_bit_of_a_first_message_may_be_wrong, an_auth_that_is_not_right_makes_no_tunnel,
        a_message_that_is_not_right_is_no_login, as_much_padding_as_one_likes, message_ids_are_taken_in_their_order,
        requests_that_make_no_sense, deletes_of_what_is_not_ones_own, child_sas_are_counted, packets_that_are_not_ones_own,
        random_messages_under_ones_own_keys])
    world.say(f"resident memory {before} KiB, now {p.server.rss_kib()} KiB")


scenario.main(test)
