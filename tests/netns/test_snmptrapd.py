"""A real snmptrapd hears of tunnels that come, resume and go, and of nothing when a sleep begins."""
import subprocess

import conf
import netns
import scenario
from daemon import Log
from scenario import check

TRAP_UP, TRAP_DOWN = r"\.12356\.101\.2\.0\.301\b", r"\.12356\.101\.2\.0\.302\b"


def test(world):
    settings = world.workdir / "snmptrapd.conf"
    settings.write_text("disableAuthorization yes\n")
    process = world.network.start(
        "shost", "snmptrapd", "-f", "-Lo", "-On", "-n", "-m", "", "-C", "-c", str(settings), "-F", "TRAP %v\n", "-p",
        str(world.workdir / "snmptrapd.pid"), f"udp:{netns.TRAP_HOST}:162", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    traps = Log(process.stdout, "snmptrapd")
    traps.wait("NET-SNMP", timeout=5)
    client, server = world.pair(server=conf.server(interval=20))
    line = traps.wait(TRAP_UP).string
    for words in ("11.101.1.1", "173.1.1.1", "toClient"):
        check(words in line, f"{words} in the trap")
    mark = traps.mark()
    world.network.cut()
    server.wait_state("toClient_0", "asleep")
    world.network.restore()
    traps.wait(TRAP_UP, mark, 20)
    traps.expect_none(TRAP_DOWN)
    world.say("no trap when the sleep began, an UP trap at the wake")
    server.wait_state("toClient_0", "up")
    mark = traps.mark()
    check(client.stop() == 0, "the client ends")
    traps.wait(TRAP_DOWN, mark)


scenario.need_programs("snmptrapd")
scenario.main(test)
