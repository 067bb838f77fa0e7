"""Tickets, AUTH and messages of a resume (RFC 5723) that are not what they should be: each is refused in the right words or met with
silence, and neither the tunnel nor its ticket suffers."""
import time
import dataclasses
import os
import random

import netns
import probing
import scenario
from netns import wait_for
from probing import Exchange, IkeSa, Kind, Note, Protocol, Refused, suites, wire
from scenario import check

def unharmed(p, sa):
    """The tunnel carries packets on the SA it had, and its ticket is as good as ever. Returns the SA that follows."""
    check(p.ping(sa), "the tunnel carries packets")
    tunnel = p.tunnel_of(sa)
    check(tunnel and tunnel["state"] == "up" and len(tunnel["ike"]) == 1, "by the SA it had")
    return p.by_ticket(sa)


def every_damaged_ticket_is_nacked(p):
    sa = p.login()
    good, rng = sa.ticket.octets, random.Random(5723)
    for at in range(len(good)):
        p.nacked(good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1:])
    for size in (0, 1, 3, 4, 7, 8, 11, 12, 15, 16, 27, 28, 31, 32, len(good) // 2, len(good) - 16, len(good) - 1):
        p.nacked(good[:size])
    for more in (1, 16, 512, 4096, 20000):
        p.nacked(good + bytes(more))
    for size in (16, 32, 52, len(good), 856, 4000, 60000):
        p.nacked(rng.randbytes(size))
    p.nacked(good[:16] + rng.randbytes(len(good) - 16))  # what looks like a header, and nothing behind it
    p.nacked(bytes(len(good)))
    p.nacked(b"\xff" * len(good))
    check(p.server.status()["half_open"] == 0, "none of them leaves a half-open SA")
    unharmed(p, sa)


def a_ticket_of_one_is_not_good_for_another(p):
    mine, theirs = p.login(), p.login()
    thief = IkeSa(p.endpoint(), mine.who)
    thief.resume(dataclasses.replace(theirs.ticket, sk_d=mine.ticket.sk_d))
    thief.endpoint.gateway_port = 4500
    p.ignored(thief.endpoint, thief.seal(Exchange.IKE_AUTH, thief.auth_payloads()))
    unharmed(p, mine)
    unharmed(p, theirs)


def a_copied_ticket_burns_and_wakes_nothing(p):
    sa = p.login()
    before = p.tunnel_of(sa)
    for _ in range(20):
        spy = p.half_open(sa.ticket, sa.who)
        spy.keys = suites.ike_keys(spy.suite, os.urandom(32), spy.ni, spy.nr, spy.spi_i, spy.spi_r)
        spy.endpoint.gateway_port = 4500
        spy.endpoint.send(spy.seal(Exchange.IKE_AUTH, spy.auth_payloads()))
        spy.endpoint.send(spy.seal(Exchange.INFORMATIONAL, [wire.delete(Protocol.IKE)]))
    p.ignored(spy.endpoint)
    after = p.tunnel_of(sa)
    for key in ("id", "state", "path", "sleeps"):
        check(after[key] == before[key], f"{key} is {before[key]}, not {after[key]}")
    unharmed(p, sa)


def only_the_identities_of_the_ticket(p):
    sa = p.login()
    idi, idr = sa.who.idi, sa.idr
    for name, changes in {
            "another IDi": {"idi": wire.fqdn("somebody.else")}, "a longer IDi": {"idi": idi + b"x"}, "a shorter IDi": {"idi": idi[:-1]},
            "an IDi of another type": {"idi": b"\x03" + idi[1:]}, "an empty IDi": {"idi": idi[:4]}, "another case": {"idi": idi[:4] + idi[4:].upper()},
            "another IDr": {"idr": wire.fqdn("gateway.else")}, "an IDr next to it": {"idr": idr[:-1] + bytes([idr[-1] ^ 1])},
            "its text as an IDr": {"idr": wire.fqdn(netns.SERVER_OUTSIDE)}}.items():
        half = p.half_open(sa.ticket, sa.who)
        own = changes.get("idi", idi)
        auth = suites.auth_resume(half.suite, half.message1, half.nr, half.keys.pi, own)
        p.refused(Note.AUTHENTICATION_FAILED, name, lambda: half.auth(auth=auth, **changes))
    check(len(p.by_ticket(sa, idr=idr).ticket.octets) > 0, "the right ones are accepted, and the ticket was not spent by the wrong ones")


def wrong_auths(half):
    """name: octets"""
    s, k, idi = half.suite, half.keys, half.who.idi
    right = suites.auth_resume(s, half.message1, half.nr, k.pi, idi)
    padded = suites.prf(s, k.pi, suites.KEY_PAD)
    return {
        "the key pad over SK_p": suites.prf(s, padded, half.message1, half.nr, suites.prf(s, k.pi, idi)),
        "a login's AUTH with the pre-shared key": suites.auth_psk(s, half.who.psk, half.message1, half.nr, k.pi, idi),
        "the message alone": suites.auth_message_only(s, half.message1, k.pi),
        "our own nonce": suites.auth_resume(s, half.message1, half.ni, k.pi, idi),
        "no identity": suites.prf(s, k.pi, half.message1, half.nr),
        "the bare identity": suites.prf(s, k.pi, half.message1, half.nr, idi),
        "the responder's SK_p": suites.auth_resume(s, half.message1, half.nr, k.pr, idi),
        "the reply's octets": suites.auth_resume(s, half.message2, half.nr, k.pi, idi),
        "the non-ESP marker signed too": suites.auth_resume(s, bytes(4) + half.message1, half.nr, k.pi, idi),
        "nothing": b"", "an octet less": right[:-1], "an octet more": right + b"\0", "one bit wrong": right[:-1] + bytes([right[-1] ^ 1]),
        "a thousand octets": right * 32,
    }


def only_the_auth_of_the_rfc(p):
    sa = p.login()
    for name in wrong_auths(p.half_open(sa.ticket, sa.who)):
        half = p.half_open(sa.ticket, sa.who)
        p.refused(Note.AUTHENTICATION_FAILED, f"AUTH over {name}", lambda: half.auth(auth=wrong_auths(half)[name]))
        check(not half.endpoint.drain(), "one answer")
    for method in (0, 1, 3, 9, 13, 14, 255):
        half = p.half_open(sa.ticket, sa.who)
        p.refused(Note.AUTHENTICATION_FAILED, f"method {method}", lambda: half.auth(method=method))
    half = p.half_open(sa.ticket, sa.who)
    half.endpoint.gateway_port = 4500
    answer = half.ask(Exchange.IKE_AUTH, [x for x in half.auth_payloads() if x.kind != Kind.AUTH])  # as for EAP
    check(answer.errors() == [Note.AUTHENTICATION_FAILED], f"AUTHENTICATION_FAILED, not {answer}")
    unharmed(p, sa)


def keys_derived_otherwise_open_nothing(p):
    sa = p.login()
    d = sa.ticket.sk_d
    for name, seed, order in (("no literal", lambda s, i, r: suites.prf(s, d, i, r), 0),
                              ("the literal with its NUL", lambda s, i, r: suites.prf(s, d, b"Resumption\0", i, r), 0),
                              ("nonces swapped in SKEYSEED", lambda s, i, r: suites.skeyseed_resume(s, d, r, i), 0),
                              ("nonces swapped in prf+", lambda s, i, r: suites.skeyseed_resume(s, d, i, r), 1),
                              ("a rekey's SKEYSEED", lambda s, i, r: suites.skeyseed_rekey(s, d, b"", i, r), 0)):
        half = p.half_open(sa.ticket, sa.who)
        nonces = (half.nr, half.ni) if order else (half.ni, half.nr)
        half.keys = suites.ike_keys(half.suite, seed(half.suite, half.ni, half.nr), *nonces, half.spi_i, half.spi_r)
        half.endpoint.gateway_port = 4500
        try:
            p.ignored(half.endpoint, half.seal(Exchange.IKE_AUTH, half.auth_payloads()))
        except netns.Failure as failure:
            raise netns.Failure(f"{name}: {failure}") from failure
    unharmed(p, sa)


def nothing_but_auth_before_auth(p):
    sa = p.login()
    other = p.login()
    for what in (lambda h: (Exchange.CREATE_CHILD_SA, h.more_child_payloads()[0]),
                 lambda h: (Exchange.INFORMATIONAL, []),
                 lambda h: (Exchange.INFORMATIONAL, [wire.delete(Protocol.IKE)]),
                 lambda h: (Exchange.INFORMATIONAL, [wire.delete(Protocol.ESP, [sa.child.spi_in])]),
                 lambda h: (Exchange.INFORMATIONAL, [wire.notify(Note.TICKET_REQUEST)]),
                 lambda h: (Exchange.INFORMATIONAL, [wire.notify(Note.UPDATE_SA_ADDRESSES)]),
                 lambda h: (40, [])):
        half = p.half_open(sa.ticket, sa.who)
        half.endpoint.gateway_port = 4500
        before = p.server.tunnels()
        for mid in (1, 2, 0):
            half.endpoint.send(half.seal(*what(half), mid=mid))
        for m in p.barrier(half.endpoint):
            opened = half.open(m)
            check(opened.errors() and not {Kind.SA, Kind.DELETE} & set(opened.kinds) and not opened.note(Note.TICKET_LT_OPAQUE), f"at most an error, not {opened}")
        after = p.server.tunnels()
        check({k: (v["state"], v["path"], v["ike"]) for k, v in before.items()} == {k: (v["state"], v["path"], v["ike"]) for k, v in after.items()}, "no tunnel has changed")
    check(other.alive(), "nor has another")
    unharmed(p, sa)


def quiet(p):
    """Half-open SAs make the gateway ask for cookies, which is another case's matter."""
    wait_for("half-open SAs to end", lambda: p.server.status()["half_open"] == 0, 5)
    time.sleep(5.1)  # for which the gateway goes on to ask


def first_messages(sa, half):
    """name: (message, may it be answered with an error)"""
    ticket = sa.ticket.octets
    usual = half.resume_payloads(ticket)
    n, t, rest = usual[0], usual[1], usual[2:]

    def make(payloads, spi_r=bytes(8), flags=wire.INITIATOR, mid=0, exchange=Exchange.IKE_SESSION_RESUME, **more):
        return wire.clear(half.spi_i, spi_r, exchange, flags, mid, payloads, **more)

    whole = make(usual)
    return {
        "message id 1": make(usual, mid=1), "message id 2^32-1": make(usual, mid=0xFFFFFFFF),
        "a response": make(usual, flags=wire.RESPONSE), "a response of an initiator": make(usual, flags=wire.RESPONSE | wire.INITIATOR),
        "no initiator": make(usual, flags=0), "SPIr set": make(usual, spi_r=os.urandom(8)), "SPIr of the old SA": make(usual, spi_r=sa.spi_r),
        "no nonce": make([t, *rest]), "no ticket": make([n, *rest]), "nothing at all": make([]), "only a nonce": make([n]),
        "a nonce of 15 octets": make([wire.nonce(bytes(15)), t]), "a nonce of 257 octets": make([wire.nonce(bytes(257)), t]),
        "an empty nonce": make([wire.nonce(b""), t]), "two nonces": make([n, wire.nonce(os.urandom(32)), t]),
        "a ticket notify with an SPI": make([n, wire.notify(Note.TICKET_OPAQUE, ticket, 3, b"abcd")]),
        "a ticket with a lifetime": make([n, wire.notify(Note.TICKET_LT_OPAQUE, bytes(4) + ticket)]),
        "an unknown critical payload": make([*usual, wire.Payload(200, b"what?", critical=True)]),
        "a header length too long": make(usual, length=len(whole) + 1), "a header length too short": make(usual, length=len(whole) - 1),
        "a header length of 0": make(usual, length=0), "octets behind the message": whole + b"\0", "a message cut short": whole[:-1],
        "a payload length of 0": make([n, wire.Payload(Kind.NOTIFY, t.body, length=0)]),
        "a payload length of 3": make([n, wire.Payload(Kind.NOTIFY, t.body, length=3)]),
        "a payload length too long": make([n, wire.Payload(Kind.NOTIFY, t.body, length=len(t.body) + 5)]),
        "major version 3": make(usual, version=0x30), "major version 1": make(usual, version=0x10),
        "100 payloads": make([n, t] + [wire.Payload(Kind.VENDOR, b"v")] * 100),
        "an Encrypted payload": make([wire.Payload(Kind.SK, os.urandom(64))]),
        "a header alone": whole[:28], "half a header": whole[:14],
    }


def malformed_first_messages_begin_nothing(p):
    quiet(p)
    sa = p.login()
    for name in first_messages(sa, IkeSa(p.endpoint(), sa.who)):
        half = IkeSa(p.endpoint(), sa.who)
        half.endpoint.send(first_messages(sa, half)[name])
        for m in p.barrier(half.endpoint):
            accepted = m.find(Kind.NONCE) is not None
            check(not accepted or name in ("two nonces", "a ticket notify with an SPI"), f"{name} is not accepted")
            check(accepted or m.errors() or m.note(Note.TICKET_NACK), f"{name}: an error, not {m}")
            check(m.response and not m.flags & wire.INITIATOR and m.spi_i == half.spi_i, f"{name}: a reply to us")
        check(sa.alive(), f"{name} does not touch the old SA")
    unharmed(p, sa)


def sa_and_ke_have_no_say_in_a_resume(p):
    sa = p.login()
    ke = suites.KeyExchange(19)
    offer = wire.security_association(wire.proposal(1, Protocol.IKE, b"", suites.CBC_MODP2048.transforms()))
    for more in ([offer], [wire.key_exchange(19, ke.public)], [offer, wire.key_exchange(19, ke.public)]):
        half = IkeSa(p.endpoint(), sa.who)
        try:
            half.resume(sa.ticket, half.resume_payloads(sa.ticket.octets) + more)
        except Refused as refusal:
            check(refusal.note == Note.INVALID_SYNTAX, f"INVALID_SYNTAX, not {refusal}")
            continue
        half.auth()  # with the suite and the keys of the ticket, or it would not open
        check(p.ping(half), "an echo")
        sa = half
    unharmed(p, sa)


def unknown_payloads_without_the_critical_bit_are_skipped(p):
    sa = p.login()
    half = IkeSa(p.endpoint(), sa.who)
    extra = [wire.Payload(200, b"later"), wire.notify(40000, b"status of the future"), wire.Payload(Kind.VENDOR, b"somebody")]
    half.resume(sa.ticket, extra[:1] + half.resume_payloads(sa.ticket.octets) + extra[1:]).auth(more=extra)
    check(half.inside == sa.inside, "it resumes all the same")
    unharmed(p, half)


def forged_answers_on_an_sa_that_is_up_change_nothing(p):
    sa = p.login()
    end = p.endpoint()
    end.gateway_port = sa.endpoint.gateway_port
    lies = [wire.clear(sa.spi_i, sa.spi_r, e, flags, mid, payloads)
            for e in (Exchange.INFORMATIONAL, Exchange.IKE_AUTH, Exchange.CREATE_CHILD_SA, Exchange.IKE_SESSION_RESUME, Exchange.IKE_SA_INIT)
            for flags in (wire.INITIATOR, wire.INITIATOR | wire.RESPONSE) for mid in (0, 1, 2)
            for payloads in ([wire.delete(Protocol.IKE)], [wire.notify(Note.INVALID_SPI, sa.child.spi_in)], [wire.notify(Note.INVALID_IKE_SPI)],
                             [wire.notify(Note.AUTHENTICATION_FAILED)], [wire.notify(Note.TICKET_NACK)])]
    p.ignored(end, *lies)
    check(sa.alive(), "it answers on the next message id")
    unharmed(p, sa)


def test(world):
    p = probing.Probing(world, probing.gateway(negotiate_timeout=1))
    probing.run(world, p, [
        every_damaged_ticket_is_nacked, a_ticket_of_one_is_not_good_for_another, a_copied_ticket_burns_and_wakes_nothing,
        only_the_identities_of_the_ticket, only_the_auth_of_the_rfc, keys_derived_otherwise_open_nothing, nothing_but_auth_before_auth,
        malformed_first_messages_begin_nothing, sa_and_ke_have_no_say_in_a_resume, unknown_payloads_without_the_critical_bit_are_skipped,
        forged_answers_on_an_sa_that_is_up_change_nothing])


scenario.main(test)
