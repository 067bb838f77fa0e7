"""A TCP stream that is running when the client falls silent goes on after the wake, without the loss of a byte."""
import scenario
from scenario import check


def test(world):
    client, server = world.pair()
    stream = world.stream()
    stream.wait_progress(50)
    before = server.tunnels()["toClient_0"]
    mark = server.log.mark()
    world.say("cutting the link")
    world.network.cut()
    server.log.wait(r"tunnel asleep: toClient_0, kept for 30 s \(1 asleep\)", mark, 20)
    asleep = server.wait_state("toClient_0", "asleep")
    world.say("asleep")
    check("toClient_0" in world.network.devices("sgw"), "the interface stays while it sleeps")
    check(any("default dev toClient_0" in r for r in world.network.routes("sgw")), "the route stays while it sleeps")
    check(0 < asleep["sleep_left"] <= 30e9, "seconds left to sleep")
    check("asleep" in server.shell("diagnose vpn ike gateway list"), "the list shows it asleep")
    world.network.restore()
    match = server.log.wait(r"tunnel resumed: toClient_0 by (\w+) after", mark, 20)
    world.say(f"resumed by {match[1]}")
    world.say(f"the stream went on within {stream.wait_progress(50):.1f} s")
    stream.finish()
    after = server.wait_state("toClient_0", "up")
    check(len(server.tunnels()) == 1, "one tunnel, not two")
    check(after["device_ifindex"] == before["device_ifindex"], "the same interface as before")
    check(after["sleeps"] == 1, "one sleep counted")
    client.wait_state("toServer", "up")
    server.log.expect_none(r"tunnel down", mark)


scenario.main(test)
