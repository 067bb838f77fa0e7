"""A peer that knows the RFCs alone logs in and comes back by ticket (RFC 5723): keys, AUTH, addresses, what is spent and when, and
that every answer can be had again."""
import time

import netns
import probing
import scenario
from probing import Exchange, IkeSa, Kind, Note, Protocol, Silence, suites, wire
from scenario import check


def every_suite_logs_in_and_carries_packets(p):
    for suite in (suites.GCM_X25519, suites.GCM_ECP256, suites.GCM_MODP2048, suites.CBC_X25519, suites.CBC_MODP2048):
        sa = p.login(suite)
        check(p.ping(sa), f"an echo under {suite}")
        sa.delete()


def a_ticket_brings_back_tunnel_and_address_in_two_round_trips(p):
    for suite in (suites.GCM_X25519, suites.CBC_MODP2048):
        old = p.login(suite)
        before = p.tunnel_of(old)
        check(p.ping(old), "an echo before")
        counts = p.phase1()
        new = p.by_ticket(old)
        check(new.mid == 2 and not new.endpoint.drain(), "two exchanges, and nothing else is said")
        check(new.inside == old.inside, f"the inside address {old.inside}, not {new.inside}")
        check(new.idr == old.idr, "the gateway is who it was")
        after = p.tunnel_of(new)
        check(after["name"] == before["name"] and after["id"] == before["id"], f"{before['name']}, not {after['name']}")
        check(abs(after["logged_in"] - before["logged_in"]) < 1_500_000_000, "logged in when it was, to the second")
        check(len(after["ike"]) == 1 and len(after["ike"][0]["children"]) == 1, "one IKE SA with one Child SA")
        now = p.phase1()
        check((now["logins"], now["resumed_by_ticket"]) == (counts["logins"], counts["resumed_by_ticket"] + 1), "counted as by ticket")
        check(now["leases"] == counts["leases"] and now["tunnels"] == counts["tunnels"], "one lease, one tunnel")
        routes = [r for r in p.world.network.routes("sgw") if r.startswith(old.inside + " ")]
        check(len(routes) == 1 and before["name"] in routes[0], f"one route to {old.inside}: {routes}")
        check(p.ping(new), "an echo after")


def the_old_sa_is_gone_without_a_word(p):
    old = p.login()
    new = p.by_ticket(old)
    check(p.ping(new), "an echo")
    check(not p.ping(old, timeout=0.2), "the old Child SA carries nothing")
    check(not old.alive(), "the old IKE SA does not answer")
    check(not old.endpoint.drain() and not new.endpoint.drain(), "no Delete was sent")


def a_resumed_sa_lives_like_any_other(p):
    sa = p.by_ticket(p.login())
    check(sa.alive(), "it answers a probe")
    check(p.ping(sa), "the first Child SA carries packets")
    more = sa.more_child()
    check(p.ping(sa, child=more), "and so does a further one")
    sa.child = more
    next_sa = sa.rekey()
    check(next_sa.alive() and p.ping(next_sa), "its successor too")
    next_sa.delete()
    check(p.tunnel_of(next_sa) is None, "a Delete ends the tunnel")


def chain_of_tickets(p):
    sa = p.login()
    tunnel = p.tunnel_of(sa)["name"]
    for _ in range(5):
        sa = p.by_ticket(sa)
        check(p.ping(sa), "an echo")
    check(p.tunnel_of(sa)["name"] == tunnel, "always the same tunnel")


def nat_detection_is_done_anew(p):
    there = p.login(nat=True)
    check(p.tunnel_of(there)["ike"][0]["udp_encap"], "a NAT is found at the login")
    for nat in (False, True):
        end = p.endpoint()
        sa = IkeSa(end, there.who, nat=nat).resume(there.ticket)
        for kind, address, port in ((Note.NAT_DETECTION_SOURCE_IP, end.address_octets(True), 500),
                                    (Note.NAT_DETECTION_DESTINATION_IP, end.address_octets(), end.port)):
            notes = [n.data for n in sa.peer_notes if n.type == kind]
            check(notes == [suites.nat_hash(sa.spi_i, sa.spi_r, address, port)], f"{Note.name(kind)} of the new SPIs")
        sa.auth()
        check(p.tunnel_of(sa)["ike"][0]["udp_encap"] == nat, f"encapsulation {nat} after the resume")
        check(sa.alive(), "it answers")
        there = sa


def what_the_init_announces_the_resume_announces_again(p):
    sa = IkeSa(p.endpoint(), p.who()).init()
    first = {n.type for n in sa.peer_notes}
    sa.auth()
    again = {n.type for n in p.half_open(sa.ticket, sa.who).peer_notes}
    wanted = {Note.FRAGMENTATION_SUPPORTED, Note.NAT_DETECTION_SOURCE_IP, Note.NAT_DETECTION_DESTINATION_IP}
    check(first & wanted == again & wanted, f"{first} at the login, {again} at the resume")


def from_another_address_and_port(p):
    p.world.network.ip("cgw", "addr", "add", "11.101.1.77/24", "dev", "port9")
    old = p.login()
    new = IkeSa.by_ticket(p.endpoint("11.101.1.77"), old.who, old.ticket)
    tunnel = p.tunnel_of(new)
    check(new.inside == old.inside and "11.101.1.77" in str(tunnel["path"]), f"the tunnel moved: {tunnel['path']}")
    check(p.ping(new), "an echo from there")


def begun_on_port_4500(p):
    old = p.login()
    end = p.endpoint()
    end.gateway_port = 4500
    new = IkeSa.by_ticket(end, old.who, old.ticket)
    check(new.inside == old.inside and p.ping(new), "without the marker in the signed octets")


def spent_once_the_new_sa_is_used(p):
    for use in (lambda sa: sa.alive(), p.ping):
        old = p.login()
        new = p.by_ticket(old)
        check(use(new), "the new SA is used")
        p.nacked(old.ticket)
        check(new.alive() and p.ping(new), "the NACK changes nothing")
        again = p.by_ticket(new)
        check(again.inside == old.inside, "the new ticket is good")


def the_shown_ticket_is_good_until_then(p):
    old = p.login()
    lost = p.by_ticket(old)  # say that its last answer was lost, and the laptop slept again
    second = p.by_ticket(old)
    third = p.by_ticket(old)
    check(third.inside == old.inside and p.ping(third), "the ticket is good as long as nobody used what it made")
    for ticket in (old.ticket, lost.ticket, second.ticket):
        p.nacked(ticket)
    check(not lost.alive() and not second.alive(), "the SAs nobody used are gone")
    check(p.by_ticket(third).inside == old.inside, "the last ticket is good")


def a_half_done_resume_spends_nothing(p):
    old = p.login()
    for _ in range(3):
        p.half_open(old.ticket, old.who)
    check(old.alive() and p.ping(old), "the old SA lives on")
    check(p.by_ticket(old).inside == old.inside, "the ticket is good")


def a_repeated_resume_has_the_identical_answer(p):
    old = p.login()
    sa = IkeSa(p.endpoint(), old.who).resume(old.ticket)
    for _ in range(2):
        check(sa.answer_to(sa.message1).octets == sa.message2, "the identical reply")
    other = wire.clear(sa.spi_i, bytes(8), Exchange.IKE_SESSION_RESUME, wire.INITIATOR, 0,
                       [wire.nonce(bytes(32)), *sa.resume_payloads(old.ticket.octets)[1:]])
    sa.send(other)
    check(all(m.octets == sa.message2 for m in p.barrier(sa.endpoint)), "another RESUME under the same SPI makes no other answer")
    sa.auth()
    check(p.ping(sa), "the first one stands")


def a_repeated_auth_has_the_identical_answer(p):
    old = p.login()
    sa = p.by_ticket(old)
    sa.mid -= 1
    for _ in range(2):
        check(sa.answer_to(sa.last_request).octets == sa.last_reply.octets, "the identical reply")
    p.ignored(sa.endpoint, sa.seal(Exchange.IKE_AUTH, sa.auth_payloads()))  # the same message id, other octets
    sa.mid += 1
    check(sa.alive() and len(p.tunnel_of(sa)["ike"]) == 1, "one SA came of it")


def a_ticket_is_only_given_when_asked_for(p):
    sa = p.login(ticket=False)
    check(not sa.ticket and not sa.auth_answer.note(Note.TICKET_NACK), "nothing about tickets")
    check(not sa.inform().notifies(), "nor in an INFORMATIONAL")
    answer = sa.inform(wire.notify(Note.TICKET_REQUEST))
    check(sa.take_ticket(answer), "there it is")
    check(p.by_ticket(sa).inside == sa.inside, "and it is good")


def a_rekey_of_the_ike_sa_ends_its_tickets(p):
    sa = p.login()
    old_ticket = sa.ticket
    new = sa.rekey(ticket=True)
    check(new.alive() and p.ping(new), "the successor lives")
    p.nacked(old_ticket)
    if not new.ticket:
        new.take_ticket(new.inform(wire.notify(Note.TICKET_REQUEST)))
    check(new.ticket and p.by_ticket(new).inside == sa.inside, "the successor's ticket is good")


def small_and_not_longer_than_the_sa(p):
    sa = p.login(who=p.who("a-rather-long-name-of-a-laptop-in-the-field.branch.example.org"))
    check(len(sa.ticket.octets) <= 360, f"a ticket of {len(sa.ticket.octets)} octets fits an IPv4 packet of 576")
    check(0 < sa.ticket.lifetime <= 86400, f"valid for {sa.ticket.lifetime} s")
    check(p.login().ticket.octets != sa.ticket.octets, "no two are alike")
    left = p.by_ticket(sa)
    check(len(left.ticket.octets) <= 360, "nor does it grow")


def another_device_of_the_same_identity_stays(p):
    who = p.who("shared.example")
    first, second = p.login(who=who), p.login(who=who)
    check(p.tunnel_of(first)["name"] != p.tunnel_of(second)["name"], "two devices, two tunnels")
    back = p.by_ticket(first, more=[wire.notify(Note.INITIAL_CONTACT)])
    check(back.inside == first.inside and p.ping(back), "the first one is back")
    check(second.alive() and p.ping(second), "the second one is untouched, INITIAL_CONTACT or not")


def without_a_child_sa_the_ike_sa_stands_alone(p):
    old = p.login()
    sa = p.half_open(old.ticket, old.who)
    sa.endpoint.gateway_port = 4500
    asked = [x for x in sa.auth_payloads() if x.kind != Kind.SA]
    nothing_we_have = wire.proposal(1, Protocol.ESP, sa.offered.spi_in, [(1, 3), (5, 0)])
    answer = sa.ask(Exchange.IKE_AUTH, [*asked[:-3], wire.security_association(nothing_we_have), *asked[-3:]])
    check(answer.find(Kind.AUTH) and Note.NO_PROPOSAL_CHOSEN in answer.errors(), f"the IKE SA alone: {answer}")
    check(len(p.tunnel_of(sa)["ike"]) == 1 and not old.alive(), "the old SA is gone at once")
    more = sa.more_child()
    sa.inside = old.inside
    check(p.ping(sa, child=more), "and a Child SA can follow")


def test(world):
    probing.run(world, probing.Probing(world), [
        every_suite_logs_in_and_carries_packets, a_ticket_brings_back_tunnel_and_address_in_two_round_trips,
        the_old_sa_is_gone_without_a_word, a_resumed_sa_lives_like_any_other, chain_of_tickets, nat_detection_is_done_anew,
        what_the_init_announces_the_resume_announces_again, from_another_address_and_port, begun_on_port_4500,
        spent_once_the_new_sa_is_used, the_shown_ticket_is_good_until_then, a_half_done_resume_spends_nothing,
        a_repeated_resume_has_the_identical_answer, a_repeated_auth_has_the_identical_answer,
        a_ticket_is_only_given_when_asked_for, a_rekey_of_the_ike_sa_ends_its_tickets, small_and_not_longer_than_the_sa,
        another_device_of_the_same_identity_stays, without_a_child_sa_the_ike_sa_stands_alone])


scenario.main(test)
