"""The client's own link goes down and comes back: it asks its gateway at once instead of at its next turn."""
import time

import scenario
from scenario import check


def test(world):
    network = world.network
    client, server = world.pair()
    stream = world.stream()
    stream.wait_progress(50)
    network.ip("cgw", "link", "set", "port9", "down")
    server.wait_state("toClient_0", "asleep", 20)
    client.wait_state("toServer", "connecting", 20)
    mark, own = server.log.mark(), client.log.mark()
    network.ip("cgw", "link", "set", "port9", "up")  # its route to the gateway the daemon makes again
    start = time.monotonic()
    match = server.log.wait(r"tunnel resumed: toClient_0 by (\w+) after", mark, 10)
    took = time.monotonic() - start
    world.say(f"resumed by {match[1]} {took * 1000:.0f} ms after the way was there again")
    check(match[1] == "address", f"by address, not by {match[1]}")
    check(took < 2.0, f"within two seconds, not {took:.1f} s")
    client.log.wait(r"tunnel resumed: toServer by address", own, 5)
    stream.wait_progress(50)
    stream.finish()


scenario.main(test)
