"""The tunnel interface's MTU follows the link its packets leave by: with the tunnel up, when it narrows and when it widens."""
import re

import netns
import scenario
from scenario import check

# aes128-sha1 in plain ESP: (MTU - 20 - 8 - 16 - 12) down to whole blocks of 16, less the trailer's 2.
MTUS = {1500: 1438, 1400: 1342}


def device_mtu(network):
    return int(re.search(r"mtu (\d+)", network.ip("cgw", "link", "show", "dev", "toServer"))[1])


def test(world):
    network = world.network
    client, _ = world.pair()
    check(device_mtu(network) == MTUS[1500], f"the interface fits its link, not {device_mtu(network)}")
    mark = client.log.mark()
    for link in (1400, 1500):
        network.ip("cgw", "link", "set", "port9", "mtu", str(link))
        netns.wait_for(f"MTU {MTUS[link]} of the interface", lambda: device_mtu(network) == MTUS[link], 5)
        check(client.tunnels()["toServer"]["mtu"] == MTUS[link], "control says the same")
        check(network.ping("cgw", netns.SERVER_HOST, count=2, size=1000, extra=("-I", "10.1.100.1")), "a ping from the gateway itself")
        check(world.ping(count=2, size=MTUS[link] - 28, extra=("-M", "do")), "the largest ping that fits")
    client.log.expect_none(r"tunnel (down|asleep|up)", mark)


scenario.main(test)
