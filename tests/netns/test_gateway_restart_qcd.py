"""Quick crash detection: a client whose gateway was killed and started again learns it from the answer to its next message, which shows the
token of the login, and is back at once; what a stranger sends in clear ends nothing."""
import os
import stat

import conf
import scenario
from scenario import check

SWITCH = """
config system settings
    set ike-quick-crash-detect enable
end
"""


def slow(text, phase1):
    """A peer counts as silent only after half a minute: whoever is back sooner was told."""
    return text.add(SWITCH).phase1(phase1, retransmit_schedule="10 10 10")


def test(world):
    client, server = world.pair(client=slow(conf.client(), "toServer"), server=slow(conf.server(), "toClient"))
    secret = server.state / "qcd.secret"
    check(stat.S_IMODE(os.stat(secret).st_mode) == 0o600, "the secret is the daemon's alone")
    before = secret.read_bytes()
    stream = world.stream()
    stream.wait_progress(50)
    mark = client.log.mark()
    server.kill()
    server.start()
    check(secret.read_bytes() == before, "the secret is the one of before")
    client.log.wait(r"QCD token verified, the peer lost this SA", mark, 8)
    client.log.wait(r"peer restarted: toServer", mark)
    server.log.wait(r"tunnel resumed: toClient_0 by login", timeout=3)
    world.say(f"the stream went on within {stream.wait_progress(50):.1f} s")
    stream.finish()
    check(server.status()["crash_answers"] >= 1, "answers are counted")
    check(len(server.tunnels()) == 1 and len(client.tunnels()["toServer"]["ike"]) == 1, "one tunnel, one IKE SA")

    world.say("without the secret of before")
    server.kill()
    secret.unlink()
    mark = client.log.mark()
    server.start()
    client.log.wait(r"unprotected QCD token ignored", mark, 8)
    check(client.tunnels()["toServer"]["state"] == "up", "a wrong token changes nothing")
    check(secret.read_bytes() != before, "a new secret is made")


scenario.main(test)
