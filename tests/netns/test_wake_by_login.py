"""A client that lost everything while the link was down logs in again and adopts its sleeping tunnel."""
import scenario
from scenario import check


def test(world):
    client, server = world.pair()
    stream = world.stream()
    stream.wait_progress(30)
    before = server.tunnels()["toClient_0"]
    mark = server.log.mark()
    world.network.cut()
    server.wait_state("toClient_0", "asleep")
    client.kill()
    world.say("client killed while asleep")
    world.network.restore()
    client.start()
    match = server.log.wait(r"tunnel resumed: toClient_0 by (\w+) after", mark, 20)
    check(match[1] == "login", f"woken by login, not by {match[1]}")
    after = server.wait_state("toClient_0", "up")
    check(list(server.tunnels()) == ["toClient_0"], "toClient_0 is adopted and nothing new is made")
    check(after["device_ifindex"] == before["device_ifindex"], "the same interface as before")
    check(after["ike"][0]["spi_i"] != before["ike"][0]["spi_i"], "a new IKE SA")
    check(len(after["ike"]) == 1, "the old IKE SA is gone")
    world.wait_ping()
    world.say(f"the old stream went on within {stream.wait_progress(30):.1f} s")
    stream.finish()
    server.log.expect_none(r"tunnel down", mark)


scenario.main(test)
