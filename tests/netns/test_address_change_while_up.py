"""The client's outer address changes while the tunnel is up and in use: it follows within the time of dead peer detection."""
import scenario
from scenario import check


def test(world):
    client, server = world.pair()
    stream = world.stream()
    stream.wait_progress(30)
    world.network.move_client("11.101.1.78")
    world.say(f"the stream went on within {stream.wait_progress(30, 40):.1f} s")
    stream.finish()
    after = server.wait_state("toClient_0", "up")
    check(after["path"]["remote"]["address"] == "11.101.1.78", "packets go to the new address")
    check(len(server.tunnels()) == 1, "one tunnel")


scenario.main(test)
