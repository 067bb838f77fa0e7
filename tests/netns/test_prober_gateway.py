"""The client before a gateway that is not ours: it shows its ticket when it should (RFC 5723 4.3), answers cookies, believes nothing that
is not authenticated, and never waits long before it logs in."""
import os
import time

import conf
import netns
import probing
import scenario
from netns import wait_for
from probing import Exchange, Kind, Note, Silence, responder, suites, wire
from scenario import check

SOON = 0.5  # seconds: what follows at once, on a busy machine
SWITCH = """
config system settings
    set ike-session-resume enable
    set ike-quick-crash-detect enable
end
"""


class Bench:
    """The client, and the gateway it is connected to."""

    def __init__(self, world):
        self.world, self.open = world, []
        self.gateway = responder.Gateway(world.network.names["sgw"], netns.SERVER_OUTSIDE, probing.PSK)
        text = conf.client().add(SWITCH)
        text.phase1("toServer", proposal="aes128gcm-prfsha256", dhgrp="31", dpd="disable", dpd_retryinterval=None, ticket_rekey_delay="0",
                    localid='"laptop.example"')
        text.phase2("toServer", proposal="aes128gcm", pfs="disable")
        self.client = world.client(text).start()
        self.sa = self.gateway.login()
        self.up()

    def tunnel(self):
        return self.client.tunnels()["toServer"]

    def up(self):
        """The tunnel is up, on the SA that the gateway has."""
        spi = self.sa.spi_i.hex()
        return wait_for("the client to be up", lambda: (t := self.tunnel())["state"] == "up" and [i for i in t["ike"] if i["spi_i"] == spi and i["state"] == "established"], 3)

    def crash(self):
        """The gateway forgets the SA and says so; RESUME follows: (message, from)."""
        self.gateway.kept.clear()
        self.sa.crash()
        return self.gateway.expect(Exchange.IKE_SESSION_RESUME, SOON)

    def resume(self, request, to, **answer):
        self.sa = self.gateway.begin_resume(request, to, self.sa.keys.d).finish(**answer)
        self.up()

    def login(self, timeout=2.0, **answer):
        self.sa = self.gateway.login(timeout, **answer)
        self.up()

    def no_resume_but_login(self, timeout=2.0, **answer):
        """What comes next is a login, without a ticket before or beside it."""
        request, to = self.gateway.expect(Exchange.IKE_SA_INIT, timeout, keep=(Exchange.IKE_SESSION_RESUME,))
        check(not self.gateway.kept, "no ticket is shown")
        self.sa = self.gateway.begin_login(request, to).finish(**answer)
        self.up()


def the_ticket_is_shown_as_the_rfc_has_it(b):
    for _ in range(2):
        old = b.sa
        check(old.asked.note(Note.TICKET_REQUEST), "a ticket was asked for")
        request, to = b.crash()
        check((request.spi_r, request.mid, request.flags) == (bytes(8), 0, wire.INITIATOR), "the header of a first message")
        check(request.kinds[0] == Kind.NONCE and request.note(Note.TICKET_OPAQUE).data == old.ticket, "Ni and the ticket")
        check(not {Kind.SA, Kind.KE, Kind.CERTREQ} & set(request.kinds), "no SA and no KE")
        notes = {n.type: n.data for n in request.notifies()}
        check(set(notes) >= {Note.NAT_DETECTION_SOURCE_IP, Note.NAT_DETECTION_DESTINATION_IP}, "NAT detection")
        here, there = netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE
        check(notes[Note.NAT_DETECTION_SOURCE_IP] == suites.nat_hash(request.spi_i, bytes(8), bytes(map(int, here.split("."))), to[1]), "of its address")
        check(notes[Note.NAT_DETECTION_DESTINATION_IP] == suites.nat_hash(request.spi_i, bytes(8), bytes(map(int, there.split("."))), to[2]), "and of ours")
        check(request.spi_i != old.spi_i and request.find(Kind.NONCE) != old.ni, "a new SPI and a new nonce")
        b.resume(request, to)  # with AUTH checked
        asked = b.sa.asked
        check(b.sa.idi == old.idi, "the identity of the login")
        check(not asked.note(Note.INITIAL_CONTACT) and asked.note(Note.TICKET_REQUEST), "no INITIAL_CONTACT, but a request for the next ticket")
        check(not {Kind.CERT, Kind.CERTREQ, Kind.EAP} & set(asked.kinds), "no certificates")
        check(b.tunnel()["last_wake"] == "ticket" and len(b.tunnel()["ike"]) == 1, "up by ticket, with one SA")
        check(not b.gateway.quiet(0.2), "and nothing more is said")


def a_cookie_is_answered(b):
    first, to = b.crash()
    cookie = os.urandom(64)
    b.gateway.refuse(first, to, Note.COOKIE, bytes(65))
    b.gateway.refuse(first, to, Note.COOKIE, cookie)
    again, to = b.gateway.expect(Exchange.IKE_SESSION_RESUME, SOON)
    check(again.payloads[0].kind == Kind.NOTIFY and again.notifies()[0] == wire.Notify(Note.COOKIE, cookie), "the cookie, in front")
    check(again.spi_i == first.spi_i and again.payloads[1:] == first.payloads, "the rest as it was")
    b.resume(again, to)  # AUTH covers the last message, or this fails


def cookies_without_end_lead_to_a_login(b):
    request, to = b.crash()
    for rounds in range(20):
        b.gateway.refuse(request, to, Note.COOKIE, os.urandom(16))
        try:
            request, to = b.gateway.expect(Exchange.IKE_SESSION_RESUME, 0.3, keep=(Exchange.IKE_SA_INIT,))
        except Silence:
            break
    check(rounds < 10, f"{rounds} rounds")
    b.login()


def a_nack_leads_to_a_login_at_once(b):
    before = b.tunnel()["wakes_by_ticket"]
    request, to = b.crash()
    began = time.monotonic()
    b.gateway.refuse(request, to, Note.TICKET_NACK)
    init = b.gateway.expect(Exchange.IKE_SA_INIT, SOON)
    check(time.monotonic() - began < 0.35, "sooner than it would come of itself")
    b.sa = b.gateway.begin_login(*init).finish()
    b.up()
    check(b.tunnel()["wakes_by_ticket"] == before, "up by login")


def a_nack_is_not_the_last_word(b):
    request, to = b.crash()
    b.gateway.refuse(request, to, Note.TICKET_NACK)  # from somebody else
    b.gateway.expect(Exchange.IKE_SA_INIT, SOON)  # what the true gateway has to say takes longer
    time.sleep(0.4)
    b.resume(request, to)
    check(b.tunnel()["last_wake"] == "ticket", "the true answer is taken")


def other_errors_in_clear_are_no_word_at_all(b):
    request, to = b.crash()
    for note in (Note.INVALID_SYNTAX, Note.INVALID_MAJOR_VERSION, Note.NO_PROPOSAL_CHOSEN, Note.INVALID_SPI, Note.AUTHENTICATION_FAILED, Note.INVALID_IKE_SPI):
        b.gateway.refuse(request, to, note)
    b.resume(request, to)
    check(b.tunnel()["last_wake"] == "ticket", "the true answer is taken")


def answers_that_make_no_sense_are_passed_over(b):
    request, to = b.crash()

    def say(payloads, spi_r=b"gateway!", flags=wire.RESPONSE, mid=0, spi_i=None, exchange=Exchange.IKE_SESSION_RESUME):
        b.gateway.send(wire.clear(spi_i or request.spi_i, spi_r, exchange, flags, mid, payloads), to)

    good = [wire.nonce(os.urandom(32))]
    say(good, spi_r=bytes(8))
    say(good, mid=1)
    say(good, flags=0)
    say(good, flags=wire.RESPONSE | wire.INITIATOR)
    say(good, spi_i=os.urandom(8))
    say(good, exchange=Exchange.IKE_SA_INIT)
    say([wire.nonce(bytes(15))])
    say([wire.nonce(bytes(257))])
    say([])
    say([wire.Payload(Kind.VENDOR, b"x")])
    say([*good, wire.Payload(200, b"?", critical=True)])
    say([wire.Payload(Kind.SK, os.urandom(60))])
    say([wire.Payload(Kind.NONCE, os.urandom(32), length=200)])
    check(not [m for m in b.gateway.quiet(0.15) if m.exchange == Exchange.IKE_AUTH], "none of them is gone along with")
    b.resume(request, to)


def silence_leads_to_a_login_soon(b):
    began = time.monotonic()
    request, to = b.crash()
    init = b.gateway.expect(Exchange.IKE_SA_INIT, 3, keep=(Exchange.IKE_SESSION_RESUME,))
    check(time.monotonic() - began < 1.5, f"a login after {time.monotonic() - began:.2f} s")
    again, _ = b.gateway.expect(Exchange.IKE_SESSION_RESUME, 2)
    check(again.octets == request.octets, "the RESUME was repeated octet by octet")
    b.sa = b.gateway.begin_login(*init).finish()
    b.up()


def a_late_answer_still_counts(b):
    request, to = b.crash()
    b.gateway.expect(Exchange.IKE_SA_INIT, 2)
    b.resume(request, to)
    check(b.tunnel()["last_wake"] == "ticket", "by ticket")


def refused_under_its_own_keys_a_ticket_is_dropped(b):
    before = b.tunnel()["wakes_by_ticket"]
    request, to = b.crash()
    half = b.gateway.begin_resume(request, to, b.sa.keys.d)
    _, raw, to = half.expect_auth()
    half.answer(raw, to, [wire.notify(Note.AUTHENTICATION_FAILED)])
    b.login()
    check(b.tunnel()["wakes_by_ticket"] == before, "up by login")


def a_gateway_that_cannot_prove_itself_is_left(b):
    wrong = {"the message alone": lambda s: suites.auth_message_only(s.suite, s.message2, s.keys.pr),
             "the pre-shared key": lambda s: suites.auth_psk(s.suite, b.gateway.psk, s.message2, s.ni, s.keys.pr, b.gateway.idr),
             "the client's own AUTH": lambda s: s.peer_auth(), "nothing": lambda s: b""}
    for what, make in wrong.items():
        before = b.tunnel()["wakes_by_ticket"]
        request, to = b.crash()
        half = b.gateway.begin_resume(request, to, b.sa.keys.d)
        opened, raw, to = half.expect_auth()
        half.answer_auth(opened, raw, to, auth=make(half))
        b.login()
        check(b.tunnel()["wakes_by_ticket"] == before, f"AUTH over {what}: up by login")


def nothing_in_clear_ends_or_disturbs_a_tunnel(b):
    before = b.tunnel()
    for flags in (wire.RESPONSE, 0):
        for exchange in (Exchange.INFORMATIONAL, Exchange.IKE_AUTH, Exchange.CREATE_CHILD_SA, Exchange.IKE_SESSION_RESUME, Exchange.IKE_SA_INIT):
            for note in (Note.TICKET_NACK, Note.INVALID_SPI, Note.INVALID_IKE_SPI, Note.AUTHENTICATION_FAILED, Note.INVALID_SYNTAX, Note.CHILD_SA_NOT_FOUND):
                b.sa.in_clear(wire.notify(note, b.sa.their_spi if note == Note.INVALID_SPI else b""), exchange=exchange, flags=flags)
            b.sa.in_clear(wire.delete(1), exchange=exchange, flags=flags)
    for token in (os.urandom(32), b.sa.token[:-1], b.sa.token + b"\0", bytes([b.sa.token[0] ^ 1]) + b.sa.token[1:], b""):
        b.sa.in_clear(wire.notify(Note.INVALID_IKE_SPI), wire.notify(Note.QCD_TOKEN, token, 1))
    b.sa.in_clear(wire.notify(Note.QCD_TOKEN, b.sa.token, 1), flags=0)  # right, but no answer to anything
    said = b.gateway.quiet(0.3)
    check(not said, f"it says nothing: {said}")
    after = b.tunnel()
    check(after["state"] == "up" and after["ike"][0]["spi_i"] == b.sa.spi_i.hex() and after["up_since"] == before["up_since"], "it is up on the same SA")


def a_delete_takes_the_ticket_along(b):
    b.sa.delete()
    b.gateway.sas.clear()
    b.no_resume_but_login(4)


def no_ticket_no_resume(b):
    empty, header = wire.notify(Note.TICKET_LT_OPAQUE, b"\0\0\x0e\x10"), wire.notify(Note.TICKET_LT_OPAQUE, b"\0\0")
    for answer in ({"ticket": False}, {"ticket": False, "more": [wire.notify(Note.TICKET_NACK)]}, {"lifetime": 0},
                   {"ticket": False, "more": [empty]}, {"ticket": False, "more": [header]}):
        b.resume(*b.crash(), **answer)
        b.gateway.kept.clear()
        b.sa.crash()
        b.no_resume_but_login()


def an_expired_ticket_is_not_shown(b):
    request, to = b.crash()
    b.resume(request, to, lifetime=1)
    time.sleep(1.1)
    b.gateway.kept.clear()
    b.sa.crash()
    b.no_resume_but_login()


def a_ticket_for_ever_is_only_believed_for_a_while(b):
    request, to = b.crash()
    b.resume(request, to, lifetime=0xFFFFFFFF)
    request, to = b.crash()
    check(request.note(Note.TICKET_OPAQUE).data == b.sa.ticket, "it is shown, and nothing overflowed")
    b.resume(request, to)


def a_ticket_promised_for_later_is_asked_for_later(b):
    request, to = b.crash()
    b.resume(request, to, ticket=False, more=[wire.notify(Note.TICKET_ACK)])
    asked, to = b.gateway.expect(Exchange.INFORMATIONAL, 5, wanted=lambda m: m.spi_r == b.sa.spi_r and b.sa.open(m).note(Note.TICKET_REQUEST))
    b.sa.ticket = os.urandom(100)
    b.sa.answer(asked, to, [wire.notify(Note.TICKET_LT_OPAQUE, b"\0\0\x0e\x10" + b.sa.ticket)])
    time.sleep(0.1)
    request, to = b.crash()
    check(request.note(Note.TICKET_OPAQUE).data == b.sa.ticket, "it is the one shown")
    b.resume(request, to)


def test(world):
    probing.run(world, Bench(world), [
        the_ticket_is_shown_as_the_rfc_has_it, a_cookie_is_answered, cookies_without_end_lead_to_a_login, a_nack_leads_to_a_login_at_once,
        a_nack_is_not_the_last_word, other_errors_in_clear_are_no_word_at_all, answers_that_make_no_sense_are_passed_over,
        silence_leads_to_a_login_soon, a_late_answer_still_counts, refused_under_its_own_keys_a_ticket_is_dropped,
        a_gateway_that_cannot_prove_itself_is_left, nothing_in_clear_ends_or_disturbs_a_tunnel, a_delete_takes_the_ticket_along,
        no_ticket_no_resume, an_expired_ticket_is_not_shown, a_ticket_for_ever_is_only_believed_for_a_while,
        a_ticket_promised_for_later_is_asked_for_later])


scenario.main(test)
