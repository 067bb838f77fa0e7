"""strongSwan dials in: each of the five phase 1 proposals, traffic both ways, a rekey of both SAs, and its farewell."""
import netns
import scenario
import strongswan
from scenario import check


def one(world, server, ike, ike_peer, esp, esp_peer):
    peer = strongswan.Charon(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, "10.1.100.0/24", "192.168.5.0/24",
                             ike_peer, esp_peer).start()
    peer.initiate()
    tunnel = server.wait_state("toClient_0", "up")
    check(tunnel["ike"][0]["suite"]["token"] == ike, f"{ike} is chosen, not {tunnel['ike'][0]['suite']['token']}")
    child = tunnel["ike"][0]["children"][0]
    check(child["suite"]["token"] == esp, f"{esp} is chosen, not {child['suite']['token']}")
    world.wait_ping()
    check(world.network.ping("shost", netns.CLIENT_HOST, count=3), "a ping from the server's side")
    stream = world.stream(rate=300)
    stream.wait_progress(200, 15)
    peer.swanctl("--rekey", "--child", "net")
    netns.wait_for("the child's rekey", lambda: server.tunnels()["toClient_0"]["ike"][0]["children"][0]["spi_in"] != child["spi_in"], 10)
    stream.wait_progress(100, 15)
    spi = tunnel["ike"][0]["spi_i"]
    peer.swanctl("--rekey", "--ike", "dm")
    netns.wait_for("the IKE SA's rekey", lambda: server.tunnels()["toClient_0"]["ike"][0]["spi_i"] != spi, 10)
    stream.wait_progress(100, 15)
    stream.finish()
    peer.terminate()
    server.wait_state("toClient_0", "gone")
    peer.stop()
    world.say(f"{ike} with {esp}")


def test(world):
    server = world.server().start()
    for suite in strongswan.SUITES:
        one(world, server, *suite)


reason = strongswan.why_not()
if reason:
    scenario.skip(reason)
scenario.main(test)
