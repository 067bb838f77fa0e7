#!/usr/bin/python3 -B
"""Dormouse's own Debian package: installed in the guest, used with the rights its service has, upgraded, removed.

The guest runs no systemd as its process 1; the unit itself is tried by ./dev package --try trixie. Here its user, capabilities and
command line are read from the installed unit.
"""
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
from netns import run  # noqa: E402
from scenario import check  # noqa: E402

TREE = pathlib.Path("/lab/tree")
UNIT = pathlib.Path("/usr/lib/systemd/system/dormouse.service")
STARTER = pathlib.Path("/usr/local/sbin/as-the-service")


def package():
    found = sorted((TREE / "build").glob("dormouse_*~deb13u*.deb"))
    if not found:
        case.not_offered("no package for Debian 13 in build/ (./dev package --for trixie)")
    return found[-1]


def install():
    run("dpkg", "--force-confold", "-i", str(package()), stdin="", timeout=60)


def setting(name):
    return re.search(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)[1]


def installs(world):
    """By dpkg alone, so nothing is missing that it depends on."""
    install()
    check(run("dpkg-query", "-W", "-f", "${db:Status-Status}", "dormouse") == "installed", "installed and configured")
    check("0 phase 1" in run("dormoused", "--config", "/etc/dormouse/dormouse.conf", "--check"), "its first configuration is good")
    check("usage: dormouse " in run("/usr/bin/dormouse", "--help"), "the shell runs")
    run("sh", "-c", "getent passwd dormouse || grep ^dormouse: /etc/passwd")
    state, etc = os.stat("/var/lib/dormouse"), os.stat("/etc/dormouse")
    check(state.st_mode & 0o7777 == 0o700 and state.st_uid != 0, "its state is its user's")
    check(etc.st_mode & 0o7777 == 0o2770 and etc.st_gid == state.st_gid, "its configuration is its group's")


def of_the_package(world, host, text):
    """A daemon of the installed program, with what the unit gives it."""
    caps = ",".join("+" + name.removeprefix("CAP_").lower() for name in setting("AmbientCapabilities").split())
    program, user = setting("ExecStart").split()[0], setting("User")
    STARTER.parent.mkdir(parents=True, exist_ok=True)
    STARTER.write_text(f"#!/bin/sh\nexec setpriv --reuid {user} --regid {user} --clear-groups --inh-caps -all,{caps} --ambient-caps -all,{caps} "
                       f'--bounding-set -all,{caps} --no-new-privs {program} "$@"\n', encoding="utf-8")
    STARTER.chmod(0o755)
    os.environ["DORMOUSED"], os.environ["DORMOUSE"] = str(STARTER), "/usr/bin/dormouse"
    os.chmod("/dev/net/tun", 0o666)  # as udev has it, which is not here
    daemon = world.daemon(host, text)
    for path in [daemon.home, *daemon.home.rglob("*")]:
        shutil.chown(path, user, user)
    return daemon.start()


def resuming(text):
    return text.add("config system settings\n set ike-quick-crash-detect enable\n set ike-session-resume enable\nend")


def carries_a_tunnel(world):
    package()
    world.us = of_the_package(world, "sgw", resuming(conf.server()))
    world.laptop = of_the_package(world, "cgw", resuming(conf.client()))
    world.wait_up(world.laptop, world.us)
    status = pathlib.Path(f"/proc/{world.us.process.pid}/status").read_text()
    check(not re.search(r"^Uid:\s+0\b", status, re.MULTILINE), "it is not root")
    check(re.search(r"^CapEff:\s+0000000000003400$", status, re.MULTILINE), "and has three capabilities")
    world.us.log.expect_none("not permitted|firewall:")
    check("dormouse" in " ".join(world.network.nft_tables("sgw")), "its firewall stands")


def sleeps_through_an_upgrade(world):
    """What the package's scripts do with the service: stop, replace, start. The client is elsewhere."""
    package()
    check(world.us.stop() == 0, "it ends in good order")
    install()
    mark = world.laptop.log.mark()
    world.us.start()
    world.us.log.wait("tunnel restored: toClient_0, asleep", timeout=10)
    world.laptop.log.wait("tunnel resumed: toServer by ticket", mark, 60)
    world.wait_ping()


def goes(world):
    package()
    for daemon in (world.laptop, world.us):
        check(daemon.stop() == 0, "it ends in good order")
    run("dpkg", "--purge", "dormouse", timeout=60)
    left = [path for path in ("/usr/sbin/dormoused", "/etc/dormouse/dormouse.conf", "/var/lib/dormouse", str(UNIT)) if os.path.exists(path)]
    check(not left, f"nothing is left: {left}")


case.main("Dormouse", "package", [
    ("the package installs", installs),
    ("a tunnel with the rights of the service", carries_a_tunnel),
    ("an upgrade, and the tunnel is back", sleeps_through_an_upgrade),
    ("purged", goes),
])
