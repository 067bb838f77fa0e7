"""logind tells the client's daemon of sleep: it holds the machine until the gateway has answered, a second and a half at most."""
import os
import subprocess
import time

import scenario
from daemon import Log
from netns import wait_for
from scenario import check

CONF = """<busconfig><type>custom</type><listen>unix:path={0}</listen><auth>EXTERNAL</auth><policy context='default'>
<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/><allow user='*'/></policy></busconfig>"""


def bus_and_login1(world):
    path = world.workdir / "bus"
    conf = world.workdir / "bus.conf"
    conf.write_text(CONF.format(path))
    world.network.start("cgw", "dbus-daemon", f"--config-file={conf}", "--nofork", "--nopidfile")
    wait_for("the bus", path.exists, 5)
    login1 = world.network.start("cgw", os.environ["FAKE_LOGIN1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"})

    def tell(word):
        login1.stdin.write(word + "\n")
        login1.stdin.flush()
    log = Log(login1.stdout, "login1")
    log.wait("locks 0", timeout=5)
    return path, log, tell


def test(world):
    scenario.need_programs("dbus-daemon")
    path, login1, tell = bus_and_login1(world)
    server = world.server().start()
    client = world.client()
    client.bus = path
    client.start()
    world.wait_up(client, server)
    login1.wait("locks 1", timeout=3)

    mark, locks = server.log.mark(), login1.mark()
    start = time.monotonic()
    tell("sleep")
    server.log.wait(r"tunnel asleep: toClient_0", mark, 2)
    login1.wait("locks 0", locks, 2)
    check(time.monotonic() - start < 0.5, f"the machine may go, not after {time.monotonic() - start:.1f} s")
    client.log.wait("this machine is about to sleep, 1 gateways are told", timeout=1)
    mark, locks = server.log.mark(), login1.mark()
    tell("wake")
    server.log.wait(r"tunnel resumed: toClient_0 by address", mark, 2)
    login1.wait("locks 1", locks, 2)
    world.wait_ping(3)
    client.wait_state("toServer", "up", 2)

    world.say("and with nobody to hear it")
    world.network.cut()
    locks, own = login1.mark(), client.log.mark()
    start = time.monotonic()
    tell("sleep")
    login1.wait("locks 0", locks, 4)
    took = time.monotonic() - start
    check(1.3 < took < 2.2, f"the machine may go after 1.5 s, not {took:.1f} s")
    client.log.wait(r"gateway 173\.1\.1\.1:\d+ did not answer", own, 1)
    world.network.restore()
    tell("wake")
    client.wait_state("toServer", "up", 5)
    world.wait_ping(3)


if __name__ == "__main__":
    scenario.main(test)
