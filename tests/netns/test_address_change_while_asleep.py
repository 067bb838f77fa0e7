"""The client wakes with another outer address and finds its tunnel: same interface, same connections."""
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
    world.network.move_client("11.101.1.77")
    world.network.restore()
    match = server.log.wait(r"tunnel resumed: toClient_0 by (\w+) after \d+ s asleep, from 11\.101\.1\.77", mark, 25)
    world.say(f"resumed by {match[1]} from the new address")
    after = server.wait_state("toClient_0", "up")
    check(after["path"]["remote"]["address"] == "11.101.1.77", "packets go to the new address")
    check(after["device_ifindex"] == before["device_ifindex"] and len(server.tunnels()) == 1, "it is the same tunnel")
    stream.wait_progress(30)
    stream.finish()


scenario.main(test)
