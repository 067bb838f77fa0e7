"""A killed gateway, a running TCP stream, and a session ticket: the client learns of the restart at once, comes back without a login under the
same inside address, and has a fresh key exchange soon after. A flushed tunnel's ticket leads to a login."""
import os
import stat

import conf
import scenario
from scenario import check

SWITCH = """
config system settings
    set ike-quick-crash-detect enable
    set ike-session-resume enable
end
"""


def with_tickets(text, phase1, **more):
    return text.add(SWITCH).phase1(phase1, **more)


def test(world):
    client, server = world.pair(client=with_tickets(conf.client(), "toServer", ticket_rekey_delay="2"),
                                server=with_tickets(conf.server(), "toClient"))
    client.log.wait(r"got a session ticket, valid for \d+ s")
    keys = server.state / "tickets.secret"
    check(stat.S_IMODE(os.stat(keys).st_mode) == 0o600, "the ticket keys are the daemon's alone")
    login = server.tunnels()["toClient_0"]["logged_in"]
    stream = world.stream()
    stream.wait_progress(50)
    for turn in range(2):
        mark = client.log.mark()
        server.kill()
        server.start()
        client.log.wait(r"QCD token verified, the peer lost this SA", mark, 60)
        client.log.wait(r"tunnel resumed: toServer by ticket", mark, 5)
        server.log.wait(r"tunnel resumed: toClient_0 by ticket", timeout=3)
        world.say(f"turn {turn}: the stream went on within {stream.wait_progress(50):.1f} s")
        client.log.wait(r"rekeyed to", mark, 10)
        status = server.status()
        check(status["phase1"][0]["logins"] == 0 and status["phase1"][0]["resumed_by_ticket"] == 1, "by ticket, not by login")
        check(abs(server.tunnels()["toClient_0"]["logged_in"] - login) < 2_000_000_000, "logged in when it was")
        check(len(server.tunnels()) == 1 and len(client.tunnels()["toServer"]["ike"]) == 1, "one tunnel, one IKE SA")
    stream.finish()
    check("by ticket 1" in server.shell("diagnose vpn ike status"), "the operator sees it")

    world.say("flushed: the ticket is revoked")
    mark = client.log.mark()
    server.shell("diagnose vpn ike gateway flush name toClient")
    client.log.wait(r"the gateway refuses our session ticket", mark, 60)
    client.log.wait(r"tunnel up: toServer|tunnel resumed: toServer by login", mark, 10)
    check(server.status()["phase1"][0]["refused_by_reason"].get("revoked") == 1, "counted with its reason")


scenario.main(test)
