"""On a machine with bare interfaces the configuration's addresses and routes are enough, and go when the daemon goes."""
import scenario
from netns import CLIENT_OUTSIDE
from scenario import check


def test(world):
    network = world.network
    server, client = world.server().start(), world.client().start()
    check(CLIENT_OUTSIDE in network.addresses("cgw", "port9"), "the client's outer address is set")
    world.wait_up(client, server, 25)
    check(client.stop() == 0, "ends with 0")
    check(not network.addresses("cgw", "port9"), "the address is gone with the daemon that set it")


scenario.main(test, gateway_addresses=False)
