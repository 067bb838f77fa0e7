"""A wrong pre-shared key lets nobody in, says why at the gateway, and is mended by the right key."""
import time

import conf
import scenario
from scenario import check


def test(world):
    server = world.server().start()
    client = world.client(conf.client().phase1("toServer", psksecret='"not the secret at all"')).start()
    server.log.wait(r"login refused: .*identity 11\.101\.1\.1", timeout=15)
    check(server.log.find(r"PSK auth failed: probable pre-shared key mismatch"), "the log names the probable cause")
    time.sleep(2)
    check(not server.tunnels(), "no tunnel at the gateway")
    check("toClient_0" not in world.network.devices("sgw"), "no interface at the gateway")
    check(client.tunnels()["toServer"]["state"] != "up", "the client is not up")
    check(not world.ping(), "no traffic passes")
    check(client.reload(conf.client()), "the right key is accepted")
    world.wait_up(client, server, 40)


scenario.main(test)
