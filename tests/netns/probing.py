"""What the scenarios with the prober (tests/prober) share: its peers in the client's namespace, and cases run one after the other
against one daemon."""
import os
import pathlib
import sys
import time
import traceback

import conf
import netns
import scenario
from scenario import check

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
try:
    from prober import esp, responder, suites, wire
    from prober.endpoint import Endpoint, Silence
    from prober.numbers import Exchange, Kind, Note, Protocol
    from prober.sa import IkeSa, Refused, Who
except ImportError as missing:
    if (missing.name or "").startswith("prober"):
        raise
    scenario.skip(f"{sys.executable} cannot use cryptography: {missing} (Debian: python3-cryptography, ./dev setup)")

SWITCH = """
config system settings
    set ike-session-resume enable
end
"""
PSK = conf.SECRET.encode()
POOL = ("10.9.0.10", "10.9.0.199")


def gateway(**phase1):
    """A gateway for the prober: tickets, inside addresses from a pool, no probes that would disturb a count of messages."""
    text = conf.server().add(SWITCH)
    attributes = dict(proposal="aes128gcm-prfsha256 aes128-sha256", dhgrp="31 19 14", mode_cfg="enable", ipv4_start_ip=POOL[0],
                      ipv4_end_ip=POOL[1], dpd="disable", dpd_retryinterval=None, negotiate_timeout=3)
    text.phase1("toClient", **(attributes | phase1))
    return text.phase2("toClient", proposal="aes128gcm aes128-sha256", dhgrp="31")


class Probing:
    """One gateway and the peers that probe it."""

    def __init__(self, world, configuration=None, debug=True):
        self.world = world
        self.server = world.server(configuration or gateway()).start(debug=debug)
        self.count = 0
        self.open = []

    def endpoint(self, address=netns.CLIENT_OUTSIDE, port=0):
        end = Endpoint(self.world.network.names["cgw"], address, netns.SERVER_OUTSIDE, port)
        self.open.append(end)
        return end

    def who(self, name=None):
        """An identity that no other case has."""
        self.count += 1
        return Who(wire.fqdn(name or f"peer{self.count}.example"), PSK)

    def login(self, suite=suites.GCM_X25519, who=None, nat=True, **changes):
        return IkeSa.login(self.endpoint(), who or self.who(), suite, nat, **changes)

    def by_ticket(self, sa, ticket=None, nat=True, **changes):
        """`sa`'s owner comes back by ticket, on a new port."""
        return IkeSa.by_ticket(self.endpoint(), sa.who, ticket or sa.ticket, nat, **changes)

    def half_open(self, ticket, who):
        """A resumed SA with its keys, before IKE_AUTH."""
        return IkeSa(self.endpoint(), who).resume(ticket)

    # --- what the gateway has

    def tunnel_of(self, sa):
        """The tunnel that carries this IKE SA, as the gateway's status shows it, or None."""
        spi = sa.spi_i.hex()
        return next((t for t in self.server.tunnels().values() if any(i["spi_i"] == spi for i in t["ike"])), None)

    def phase1(self, name="toClient"):
        return next(p for p in self.server.status()["phase1"] if p["name"] == name)

    def refusals(self, reason):
        return sum(p["refused_by_reason"].get(reason, 0) for p in self.server.status()["phase1"])

    def ping(self, sa, **options):
        """Through the policies to the host behind the gateway, and back by the tunnel's route."""
        return esp.ping(sa, netns.SERVER_HOST, **options)

    # --- expectations

    def nacked(self, ticket, who=None):
        """RESUME with a ticket (or octets) is answered by TICKET_NACK: that one notify, in clear, on no SA."""
        octets = ticket if isinstance(ticket, bytes) else ticket.octets
        sa = IkeSa(self.endpoint(), who or self.who())
        try:
            answer = sa.answer_to(wire.clear(sa.spi_i, bytes(8), Exchange.IKE_SESSION_RESUME, wire.INITIATOR, 0, sa.resume_payloads(octets)))
        finally:
            sa.endpoint.close()
        check([n.type for n in answer.notifies()] == [Note.TICKET_NACK] and len(answer.payloads) == 1, f"TICKET_NACK, not {answer}")
        nack = answer.notifies()[0]
        check((nack.data, nack.protocol, nack.spi, answer.spi_r, answer.flags, answer.exchange) ==
              (b"", 0, b"", bytes(8), wire.RESPONSE, Exchange.IKE_SESSION_RESUME), f"a NACK of nothing else: {answer.octets.hex()}")

    def refused(self, note, what, do):
        """`do` ends in a protected (or first) answer with this error."""
        try:
            do()
        except Refused as refusal:
            check(refusal.note == note, f"{what}: {Note.name(note)}, not {refusal}")
            return refusal
        raise netns.Failure(f"{what} was accepted")

    def ignored(self, endpoint, *octets):
        """Nothing answers these messages: what is asked on the same way behind them is answered first."""
        for one in octets:
            endpoint.send(one)
        answer = self.barrier(endpoint)
        check(not answer, "no answer, not " + ", ".join(map(str, answer)))

    def barrier(self, endpoint):
        """All that came on this endpoint before the answer to a question without consequences (an offer nobody takes)."""
        spi = os.urandom(8)
        offer = wire.security_association(wire.proposal(1, Protocol.IKE, b"", [(1, 2), (2, 1), (3, 1), (4, 1)]))
        endpoint.send(wire.clear(spi, bytes(8), Exchange.IKE_SA_INIT, wire.INITIATOR, 0, [offer, wire.key_exchange(1, bytes(96)), wire.nonce(os.urandom(32))]))
        answer = endpoint.receive(lambda m: m.spi_i == spi)
        check(answer.errors() == [Note.NO_PROPOSAL_CHOSEN] or answer.note(Note.COOKIE), f"NO_PROPOSAL_CHOSEN, not {answer}")
        strays, endpoint.strays = endpoint.strays, []
        return strays


def run(world, context, cases):
    """Every case, also after one has failed; Failure with all that failed at the end."""
    failed = []
    for case in cases:
        began = time.monotonic()
        name = case.__name__.replace("_", " ")
        try:
            case(context)
            check(all(d.alive() for d in world.daemons if d.process), "the daemon is alive")
            world.say(f"{name} ({time.monotonic() - began:.2f} s)")
        except Exception as failure:  # whatever it is, the others are worth running
            traceback.print_exc()
            world.say(f"FAILED: {name}: {failure}")
            failed.append(f"{name}: {failure}")
        for end in context.open:
            end.close()
        context.open.clear()
    if failed:
        raise netns.Failure(f"{len(failed)} of {len(cases)} cases: " + " | ".join(failed))
