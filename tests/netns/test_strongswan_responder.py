"""Dormouse dials a strongSwan gateway: each of the five phase 1 proposals, traffic, a peer's restart."""
import conf
import netns
import scenario
import strongswan
from scenario import check


def one(world, ike, ike_peer, esp, esp_peer):
    peer = strongswan.Charon(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, "192.168.5.0/24", "10.1.100.0/24",
                             ike_peer, esp_peer).start()
    client = world.client(conf.client().phase1("toServer", proposal=ike).phase2("toServer", proposal=esp)).start()
    tunnel = client.wait_state("toServer", "up", 20)
    check(tunnel["ike"][0]["suite"]["token"] == ike, f"{ike} is chosen, not {tunnel['ike'][0]['suite']['token']}")
    world.wait_ping()
    check(world.network.ping("shost", netns.CLIENT_HOST, count=3), "a ping from the server's side")
    stream = world.stream(rate=300)
    stream.wait_progress(200, 15)
    stream.finish()
    if ike == strongswan.SUITES[0][0]:
        peer.stop()
        peer.start()
        client.log.wait(r"tunnel (resumed|up): toServer.*", client.log.mark(), 40)
        client.wait_state("toServer", "up", 20)
        world.wait_ping(20)
        world.say("back after the peer's restart")
    check(client.stop() == 0, "the client ends with 0")
    netns.wait_for("strongSwan to hear of the end", lambda: "dm" not in peer.swanctl("--list-sas"), 5)
    peer.stop()
    world.say(f"{ike} with {esp}")


def test(world):
    for suite in strongswan.SUITES:
        one(world, *suite)


reason = strongswan.why_not()
if reason:
    scenario.skip(reason)
scenario.main(test)
