"""Under a flood of first messages the gateway asks for cookies, also of who comes by ticket (RFC 7296 2.6, 5723 4.3.1): its memory and
half-open SAs stay bounded, and those who return the cookie get in."""
import os
import time

import probing
import scenario
from netns import wait_for
from probing import Exchange, IkeSa, Kind, Note, suites, wire
from scenario import check

THRESHOLD = 32  # half-open SAs from which the gateway asks (its documented limit)
FLOOD = 2400


def half_open(p):
    return p.server.status()["half_open"]


def first(sa, payloads, exchange=Exchange.IKE_SESSION_RESUME):
    return wire.clear(sa.spi_i, bytes(8), exchange, wire.INITIATOR, 0, payloads)


def load(p):
    """Enough logins begun and left alone that the gateway asks for cookies."""
    end, ke = p.endpoint(), suites.KeyExchange(31)
    while half_open(p) < THRESHOLD:
        for _ in range(THRESHOLD):
            sa = IkeSa(end, p.who())
            end.send(first(sa, sa.init_payloads(ke), Exchange.IKE_SA_INIT))
        p.barrier(end)
    return end


def no_cookie_while_it_is_quiet(p):
    sa = p.login()
    check(sa.cookie_rounds == 0, "a login in one round")
    check(p.by_ticket(sa).cookie_rounds == 0, "a resume in one round")


def a_cookie_before_a_login_and_before_a_resume(p):
    early = [p.login() for _ in range(3)]
    load(p)
    late = p.login()
    check(late.cookie_rounds == 1, "a login is asked for a cookie")
    for old in [*early, late]:
        load(p)
        sa = p.half_open(old.ticket, old.who)
        check(sa.cookie_rounds == 1, "a resume is asked for a cookie")
        sa.auth()
        check(sa.inside == old.inside and p.ping(sa), "and returns to its tunnel")


def auth_covers_the_last_message_sent(p):
    old = p.login()
    load(p)
    sa = p.half_open(old.ticket, old.who)
    check(sa.message1 != sa.message1_before_cookie, "two messages were sent")
    over_first = suites.auth_resume(sa.suite, sa.message1_before_cookie, sa.nr, sa.keys.pi, sa.who.idi)
    p.refused(Note.AUTHENTICATION_FAILED, "AUTH over the message without the cookie", lambda: sa.auth(auth=over_first))
    load(p)
    check(p.by_ticket(old).inside == old.inside, "over the one with it, it is accepted")


def a_cookie_is_only_good_for_whom_it_was_made(p):
    old = p.login()
    load(p)
    sa = IkeSa(p.endpoint(), old.who)
    usual = sa.resume_payloads(old.ticket.octets)
    asked = sa.answer_to(first(sa, usual))
    cookie = asked.note(Note.COOKIE).data
    check(len(asked.octets) <= len(first(sa, usual)), "the question is not longer than what asked for it")
    before = half_open(p)

    def again(payloads, by=sa):
        answer = by.answer_to(first(by, payloads))
        check(answer.note(Note.COOKIE) and answer.spi_r == bytes(8), f"a COOKIE once more, not {answer}")

    back = wire.notify(Note.COOKIE, cookie)
    again(usual)
    again([wire.notify(Note.COOKIE, os.urandom(len(cookie))), *usual])
    again([wire.notify(Note.COOKIE, cookie[:-1] + bytes([cookie[-1] ^ 1])), *usual])
    again([wire.notify(Note.COOKIE, cookie[:-1]), *usual])
    again([wire.notify(Note.COOKIE, bytes(64)), *usual])
    again([back, wire.nonce(os.urandom(32)), *usual[1:]])
    other = IkeSa(sa.endpoint, old.who)
    again([back, wire.nonce(sa.ni), *usual[1:]], other)
    p.world.network.ip("cgw", "addr", "add", "11.101.1.78/24", "dev", "port9")
    there = IkeSa(p.endpoint("11.101.1.78"), old.who)
    there.spi_i, there.ni = sa.spi_i, sa.ni
    again([back, *usual], there)
    p.ignored(sa.endpoint, first(sa, [wire.notify(Note.COOKIE, b""), *usual]), first(sa, [wire.notify(Note.COOKIE, bytes(65)), *usual]))
    check(half_open(p) <= before, "none of it leaves a half-open SA")
    check(sa.answer_to(first(sa, [back, *usual])).find(Kind.NONCE), "the right one is accepted")


def a_bad_ticket_behind_a_good_cookie_is_nacked(p):
    load(p)
    sa = IkeSa(p.endpoint(), p.who())
    usual = sa.resume_payloads(os.urandom(200))
    cookie = sa.answer_to(first(sa, usual)).note(Note.COOKIE)
    check(sa.answer_to(first(sa, [wire.notify(Note.COOKIE, cookie.data), *usual])).note(Note.TICKET_NACK), "TICKET_NACK")


def flood(p, make):
    """From many ports at once; every few hundred it waits until the gateway has read them all."""
    ends = [p.endpoint() for _ in range(16)]
    for n in range(FLOOD):
        end = ends[n % len(ends)]
        end.send(make(IkeSa(end, None)))
        if n % 320 == 319:
            for end in ends:
                p.barrier(end)
    return half_open(p)


def floods_are_bounded(p):
    sa = p.login()
    ke, nobody = suites.KeyExchange(31), p.who()
    floods = {"random tickets": lambda s: first(s, s.resume_payloads(os.urandom(200))),
              "a copied ticket": lambda s: first(s, s.resume_payloads(sa.ticket.octets)),
              "IKE_SA_INIT": lambda s: first(s, s.init_payloads(ke), Exchange.IKE_SA_INIT)}
    for name, make in floods.items():  # tables and allocator reach their size
        flood(p, make)
    before = p.server.rss_kib()
    for name, make in floods.items():
        began = time.monotonic()
        count = flood(p, make)
        check(count <= THRESHOLD + 1, f"{name}: {count} half-open SAs")
        check(p.by_ticket(sa).inside == sa.inside, f"{name}: the owner comes back meanwhile")
        p.world.say(f"{FLOOD} times {name}: {FLOOD / (time.monotonic() - began):.0f} a second, {count} half-open")
    grown = p.server.rss_kib() - before
    check(grown < 1024, f"memory stays flat: {grown} KiB more")
    wait_for("half-open SAs to end", lambda: half_open(p) == 0, 5)
    sa = p.by_ticket(sa)
    check(sa.cookie_rounds == 1, "a cookie is asked for some seconds more")
    time.sleep(5.1)
    check(p.by_ticket(sa).cookie_rounds == 0, "and all is as before")


def test(world):
    # Without the debug trail, whose writing would be what is measured.
    p = probing.Probing(world, probing.gateway(negotiate_timeout=2), debug=False)
    probing.run(world, p, [
        no_cookie_while_it_is_quiet, a_cookie_before_a_login_and_before_a_resume, auth_covers_the_last_message_sent,
        a_cookie_is_only_good_for_whom_it_was_made, a_bad_ticket_behind_a_good_cookie_is_nacked, floods_are_bounded])


scenario.main(test)
