"""What ends a ticket, what does not, and how long it lives (RFC 5723 5, 6.2, RFC 4478): by Delete, by the administrator, by a change of
configuration, by time; through a restart of the gateway; and from sleep. Wherever a ticket is refused, a login is served."""
import os
import time

import probing
import scenario
from netns import wait_for
from probing import IkeSa, Kind, Note, suites, wire
from scenario import check

SHORT = 12  # seconds of life for what shall end within the test
SHORT_PSK = b"short of breath"
TWO_MORE_PHASE1 = f"""
config vpn ipsec phase1-interface
    edit "short"
        set type dynamic
        set interface "port8"
        set ike-version 2
        set peertype any
        set net-device enable
        set proposal aes128gcm-prfsha256
        set dhgrp 19
        set dpd disable
        set mode-cfg enable
        set ipv4-start-ip 10.8.0.1
        set ipv4-end-ip 10.8.0.9
        set keylife {SHORT}
        set rekey disable
        set reauth enable
        set psksecret "{SHORT_PSK.decode()}"
    next
    edit "spare"
        set type dynamic
        set interface "port8"
        set ike-version 2
        set peertype any
        set net-device enable
        set proposal aes256gcm-prfsha384
        set psksecret "there is always another"
    next
end
config vpn ipsec phase2-interface
    edit "short"
        set phase1name "short"
        set proposal aes128gcm
    next
    edit "spare"
        set phase1name "spare"
        set proposal aes256gcm
    next
end
config firewall policy
    edit 11
        set srcintf "short"
        set dstintf "port2"
        set action accept
        set srcaddr "all"
        set dstaddr "192.168.5.0"
        set schedule "always"
        set service "ALL"
    next
    edit 12
        set srcintf "spare"
        set dstintf "port2"
        set action accept
        set srcaddr "all"
        set dstaddr "192.168.5.0"
        set schedule "always"
        set service "ALL"
    next
end
"""


def configuration(**phase1):
    return probing.gateway(**({"dhgrp": "31 14"} | phase1)).add(TWO_MORE_PHASE1)


def short_lived(p):
    return IkeSa.login(p.endpoint(), probing.Who(wire.fqdn(f"short{time.monotonic_ns()}.example"), SHORT_PSK), suites.GCM_ECP256)


def refused_and_login_served(p, sa, reason):
    """The ticket is refused for this reason, and its owner can log in."""
    before = p.refusals(reason)
    p.nacked(sa.ticket)
    check(p.refusals(reason) == before + 1, f"refused as {reason}")
    again = IkeSa.login(p.endpoint(), sa.who, sa.suite)
    check(p.ping(again), "an echo after the login")
    return again


def begin_what_shall_expire(p):
    p.expiring, p.renewed = short_lived(p), short_lived(p)
    p.began = time.monotonic()
    for sa in (p.expiring, p.renewed):
        check(sa.auth_lifetime and SHORT - 2 <= sa.auth_lifetime <= SHORT, f"AUTH_LIFETIME {sa.auth_lifetime}")
        check(0 < sa.ticket.lifetime <= sa.auth_lifetime, f"a ticket for {sa.ticket.lifetime} s, AUTH_LIFETIME {sa.auth_lifetime}")
    check(p.ping(p.expiring), "an echo")


def a_delete_ends_it(p):
    sa = p.login()
    check(not sa.delete().payloads, "an empty answer")
    check(p.tunnel_of(sa) is None, "the tunnel is gone")
    refused_and_login_served(p, sa, "revoked")


def a_delete_on_a_resumed_sa_ends_all_of_them(p):
    old = p.login()
    new = p.by_ticket(old)
    new.delete()
    for sa in (old, new):
        p.nacked(sa.ticket)
    refused_and_login_served(p, new, "revoked")


def the_administrator_ends_it(p):
    for command, told in (("flush", False), ("clear", True)):
        sa = p.login()
        p.server.shell(f"diagnose vpn ike gateway {command} name {p.tunnel_of(sa)['name']}")
        wait_for("the tunnel to go", lambda: p.tunnel_of(sa) is None)
        deletes = [m for m in sa.answer_requests() if m.find(Kind.DELETE)]
        check(bool(deletes) == told, f"{command}: {'a' if told else 'no'} Delete")
        refused_and_login_served(p, sa, "revoked")


def a_new_login_of_the_same_device_ends_it(p):
    old = p.login()
    name = p.tunnel_of(old)["name"]
    new = IkeSa.login(old.endpoint, old.who, more=[wire.notify(Note.INITIAL_CONTACT)])
    if p.tunnel_of(new)["name"] == name:
        check(not old.alive(), "the login has taken the tunnel over")
        p.nacked(old.ticket)
    else:
        check(p.by_ticket(old).inside == old.inside, "another tunnel, another ticket")
    check(p.by_ticket(new).inside == new.inside, "the new one is good")


def changes_of_the_configuration_end_it(p):
    for what, change in {
            "another pre-shared key": lambda c: c.phase1("toClient", psksecret='"nobody sleeps in here"'),
            "a suite less": lambda c: c.phase1("toClient", proposal="aes128-sha256"),
            "another selector": lambda c: c.phase2("toClient", src_subnet="192.168.5.0 255.255.255.0"),
            "no policy": lambda c: c.delete("firewall policy", "1").delete("firewall policy", "2"),
            "removal of the phase 1": lambda c: without_phase1(c)}.items():
        p.server.reload(configuration())
        sa = p.login()
        check(p.server.reload(change(configuration())), f"{what}: applied")
        p.nacked(sa.ticket)
        check(p.tunnel_of(sa) is None, f"{what}: the tunnel is gone")
        if what == "another pre-shared key":
            p.refused(Note.AUTHENTICATION_FAILED, "a login with the old key", lambda: IkeSa.login(p.endpoint(), sa.who))
            sa.who.psk = b"nobody sleeps in here"
            p.login(who=sa.who)
            sa.who.psk = probing.PSK
        elif what == "a suite less":
            p.login(suites.CBC_X25519, who=sa.who)
        elif what == "another selector":
            p.login(who=sa.who)
        p.server.reload(configuration())
        p.nacked(sa.ticket)  # it does not come back with the configuration
        p.login(who=sa.who)


def without_phase1(c):
    c.delete("firewall policy", "1").delete("firewall policy", "2")
    return c.delete("vpn ipsec phase2-interface", "toClient").delete("vpn ipsec phase1-interface", "toClient")


def switched_off_it_is_refused_and_none_is_given(p):
    sa = p.login()
    check(p.server.reload(configuration().set("system settings", None, "ike-session-resume", "disable")), "applied")
    p.nacked(sa.ticket)
    other = p.login()
    check(not other.ticket and other.auth_answer.note(Note.TICKET_NACK), "a request is answered by TICKET_NACK, the login goes on")
    check(not p.login(ticket=False).auth_answer.note(Note.TICKET_NACK), "without a request nothing is said")
    check(other.inform(wire.notify(Note.TICKET_REQUEST)).note(Note.TICKET_NACK), "nor later")
    check(p.server.reload(configuration()), "applied")
    check(p.by_ticket(sa).inside == sa.inside, "switched on, it is good again: nothing else has ended it")


def a_deadline_set_later_holds_for_old_tickets_too(p):
    sa = p.login()
    check(sa.auth_lifetime is None, "no AUTH_LIFETIME without reauth")
    check(p.server.reload(configuration(reauth="enable", keylife="3600")), "applied")
    back = p.by_ticket(sa)
    check(back.auth_lifetime and back.auth_lifetime <= 3600, f"AUTH_LIFETIME {back.auth_lifetime}")
    check(back.ticket.lifetime <= back.auth_lifetime, f"the next ticket is for {back.ticket.lifetime} s")
    p.server.reload(configuration())


def the_libreswan_form_only_where_it_is_asked_for(p):
    def message_only(sa):
        half = p.half_open(sa.ticket, sa.who)
        theirs = lambda idr: suites.auth_message_only(half.suite, half.message2, half.keys.pr)
        return half.auth(auth=suites.auth_message_only(half.suite, half.message1, half.keys.pi), check=theirs)

    sa = p.login()
    p.refused(Note.AUTHENTICATION_FAILED, "AUTH over the message alone", lambda: message_only(sa))
    check(p.server.reload(configuration(resume_auth="libreswan")), "applied")
    p.refused(Note.AUTHENTICATION_FAILED, "the RFC's AUTH", lambda: p.by_ticket(sa))
    sa = message_only(sa)
    check(p.ping(sa), "an echo")
    sa.delete()  # as libreswan does before it suspends
    check(p.ping(message_only(sa)), "its Delete means sleep: the ticket is good")
    p.login().delete()
    p.server.reload(configuration())


def what_is_spent_or_revoked_stays_so_over_a_restart(p):
    good, gone = p.login(), p.login()
    spent = p.login()
    new = p.by_ticket(spent)
    check(new.alive(), "the new SA is used")
    gone.delete()
    time.sleep(0.3)  # what is written is written
    p.server.kill()
    p.server.start()
    for sa in (spent, gone):
        p.nacked(sa.ticket)
    for sa in (good, new):
        back = p.by_ticket(sa)
        check(back.inside == sa.inside and p.ping(back), "the ticket outlives the gateway, and so does the address")
    foreign = p.login()
    time.sleep(0.3)
    p.server.kill()
    secret = p.server.state / "tickets.secret"
    secret.unlink()
    p.server.start()
    p.nacked(foreign.ticket)
    p.login(who=foreign.who)


def asleep(p, sa):
    """Lets its tunnel fall asleep by not answering; its status then."""
    return wait_for("the tunnel to sleep", lambda: next((t for t in p.server.tunnels().values()
                    if t["state"] == "asleep" and sa.who.idi[4:].decode() in str(t)), None), 8, 0.05)


def from_sleep(p):
    sa, other = p.login(), p.login()
    for each in (sa, other):
        check(p.ping(each), "an echo")
    check(p.server.reload(configuration(dpd="on-idle", dpd_retryinterval=1, retransmit_schedule="1")), "applied")
    tunnel = asleep(p, sa)
    asleep(p, other)
    check(p.server.reload(configuration()), "applied")
    mark, sleepers = p.server.log.mark(), p.phase1()["asleep"]
    spy = p.half_open(sa.ticket, sa.who)
    p.refused(Note.AUTHENTICATION_FAILED, "wrong AUTH", lambda: spy.auth(auth=bytes(32)))
    p.half_open(sa.ticket, sa.who)
    IkeSa(p.endpoint(), sa.who).init()
    p.nacked(os.urandom(200))
    check(p.server.tunnels()[tunnel["name"]]["state"] == "asleep", "neither a login nor a resume half done wakes it")
    p.server.log.expect_none("client has resumed", mark)
    new = p.by_ticket(sa)
    now = p.server.tunnels()[tunnel["name"]]
    check(now["state"] == "up" and now["wakes_by_ticket"] == 1 and len(now["ike"]) == 1, f"awake by ticket: {now['state']}")
    check(new.inside == sa.inside and p.ping(new), "as it was")
    p.server.log.wait(rf"client has resumed \({sleepers}\)", mark, 2)
    p.server.shell(f"diagnose vpn ike gateway flush name {asleep(p, other)['name']}")
    refused_and_login_served(p, other, "revoked")


def the_deadline_of_the_login_is_never_moved(p):
    gone = time.monotonic() - p.began
    check(gone > 2, "some time has passed")
    back = p.by_ticket(p.renewed)
    check(back.auth_lifetime and back.auth_lifetime <= SHORT - int(gone), f"AUTH_LIFETIME {back.auth_lifetime} of {SHORT} after {gone:.1f} s")
    check(back.ticket.lifetime <= back.auth_lifetime, f"a ticket for {back.ticket.lifetime} s")
    p.renewed = back


def expired_it_is_refused(p):
    left = SHORT + 0.5 - (time.monotonic() - p.began)
    time.sleep(max(0, left))
    for sa in (p.expiring, p.renewed):
        check(p.tunnel_of(sa) is None, "the tunnel ended with the deadline")
        refused_and_login_served(p, sa, "expired")


def test(world):
    p = probing.Probing(world, configuration())
    probing.run(world, p, [
        begin_what_shall_expire, a_delete_ends_it, a_delete_on_a_resumed_sa_ends_all_of_them, the_administrator_ends_it,
        a_new_login_of_the_same_device_ends_it, switched_off_it_is_refused_and_none_is_given,
        a_deadline_set_later_holds_for_old_tickets_too, from_sleep, the_deadline_of_the_login_is_never_moved,
        the_libreswan_form_only_where_it_is_asked_for, changes_of_the_configuration_end_it, expired_it_is_refused,
        what_is_spent_or_revoked_stays_so_over_a_restart])


scenario.main(test)
