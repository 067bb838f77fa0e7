"""The gateway is killed while its client sleeps. After the restart the sleeper is there, with what is left of its window; the client comes
back to the same address and interface name, and the TCP stream that was running goes on. One that does not come back ends in time."""
import os
import re
import stat

import conf
import scenario
from scenario import check


def asleep_with_stream(world, server):
    stream = world.stream()
    stream.wait_progress(50)
    mark = server.log.mark()
    world.network.cut()
    server.log.wait(r"tunnel asleep: toClient_0", mark, 20)
    return stream


def restart(server):
    server.kill()
    server.start()
    return server.tunnels()


def test(world):
    client, server = world.pair()
    network = world.network
    stream = asleep_with_stream(world, server)
    before = server.tunnels()["toClient_0"]
    world.say("asleep; killing the gateway")
    after = restart(server).get("toClient_0")
    check(after is not None and after["state"] == "asleep", "the sleeper is there after the restart")
    check(after["asleep_until"] == before["asleep_until"], "its window ends when it would have ended")
    check(after["logged_in"] == before["logged_in"] and after["peer_id"] == before["peer_id"], "it is the same peer's")
    check("toClient_0" in network.devices("sgw"), "its interface is there")
    check(any("default dev toClient_0" in r for r in network.routes("sgw")), "its route is there")
    check("toClient_0" in network.run("sgw", "nft", "list", "table", "inet", "dormouse"), "the firewall knows it")
    gateways = server.shell("diagnose vpn ike gateway list")
    shown, left = re.search(r"asleep \d+s, (\d+)s left", gateways), after["sleep_left"] / 1e9
    check("toClient_0" in gateways and shown and left - 3 < int(shown[1]) <= left, f"the list of gateways shows what is left: {gateways}")
    check("toClient_0" in server.shell("get vpn ipsec tunnel summary"), "the summary lists it")
    check("State: kept in " in server.shell("get system status"), "the status says where the state is")
    for name in ("sessions.db", "sessions.db-wal"):
        path = server.state / name
        if path.exists():
            check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, f"{name} is the daemon's alone")
    network.restore()
    server.log.wait(r"tunnel resumed: toClient_0 by login", timeout=20)
    world.say(f"the stream went on within {stream.wait_progress(50):.1f} s")
    stream.finish()
    check(len(server.tunnels()) == 1, "one tunnel, not two")

    world.say("again, and the client stays away")
    server.write(conf.server(interval=6))
    check(server.reload(), "the shorter window is accepted")
    mark = server.log.mark()
    network.cut()
    server.log.wait(r"tunnel asleep: toClient_0, kept for 6 s", mark, 20)
    client.kill()
    restart(server)
    server.log.wait(r"tunnel sleep expired: toClient_0 after 6 s", timeout=10)
    server.log.wait(r"client-resume sleep period has expired \(1\)")
    server.log.wait(r"sending SNMP tunnel DOWN trap for toClient")
    server.log.wait(r"tunnel down: toClient_0")
    server.wait_state("toClient_0", "gone", 3)
    check("toClient_0" not in network.devices("sgw"), "the interface is gone")
    check(not any("toClient_0" in r for r in network.routes("sgw")), "and the route")
    check(not restart(server), "and it does not come back")

    world.say("a damaged state")
    server.kill()
    (server.state / "sessions.db-wal").unlink(missing_ok=True)
    (server.state / "sessions.db").write_bytes(b"mice have been here " * 1000)
    server.start()
    server.log.wait(r"state directory: .*set aside as sessions.db.damaged")
    client.start()
    network.restore()
    world.wait_up(client, server)


scenario.main(test)
