"""No suite in common: refused without a trace of state, and both ends say so."""
import conf
import scenario
from scenario import check


def test(world):
    server = world.server(conf.server().phase1("toClient", proposal="aes256-sha512")).start()
    trail = server.trail()
    client = world.client(conf.client().phase1("toServer", proposal="aes128-sha256"))
    client.start()
    trail.wait(r"no proposal chosen", timeout=15)
    check(not server.tunnels(), "no tunnel at the gateway")
    check(server.status()["half_open"] == 0, "nothing half open is left")
    check(client.tunnels()["toServer"]["state"] != "up", "the client is not up")
    check(client.reload(conf.client().phase1("toServer", proposal="aes128-sha256 aes256-sha512")), "a wider proposal is accepted")
    world.wait_up(client, server, 60)
    check(server.tunnels()["toClient_0"]["ike"][0]["suite"]["token"] == "aes256-sha512", "the common suite is chosen")


scenario.main(test)
