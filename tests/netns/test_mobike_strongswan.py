"""MOBIKE with strongSwan in both roles: its client changes its address, and ours changes its own before its gateway."""
import conf
import netns
import scenario
import strongswan
from scenario import check

IKE, IKE_PEER, ESP, ESP_PEER = strongswan.SUITES[2]
FIRST, SECOND = "11.101.1.77", "11.101.1.78"


def go_on_at(world, stream, who, address, look):
    world.network.move_client(address)
    took = stream.wait_progress(60, 30)
    netns.wait_for(f"{who} to see {address}", lambda: address in look(), 10)
    world.say(f"{who} follows to {address}; the stream went on within {took:.1f} s")


def charon_moves(world):
    server = world.server().start()
    peer = strongswan.Charon(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, "10.1.100.0/24", "192.168.5.0/24",
                             IKE_PEER, ESP_PEER, connection="mobike = yes").start()
    peer.initiate()
    tunnel = server.wait_state("toClient_0", "up")
    check(tunnel["ike"][0]["mobike"], "MOBIKE is agreed on")
    world.wait_ping()
    stream = world.stream()
    stream.wait_progress(30, 15)
    for address in (FIRST, SECOND):
        go_on_at(world, stream, "the gateway", address, lambda: server.tunnels()["toClient_0"]["path"]["remote"]["address"])
    check(server.tunnels()["toClient_0"]["ike"][0]["spi_i"] == tunnel["ike"][0]["spi_i"], "the same IKE SA")
    server.log.wait(rf"MOBIKE: peer receives at {SECOND}")
    stream.finish()
    peer.terminate()
    server.wait_state("toClient_0", "gone")
    peer.stop()
    check(server.stop() == 0, "the server ends with 0")


def charon_follows(world):
    world.network.move_client(netns.CLIENT_OUTSIDE)
    peer = strongswan.Charon(world, "sgw", netns.SERVER_OUTSIDE, "%any", "192.168.5.0/24", "10.1.100.0/24",
                             IKE_PEER, ESP_PEER, connection="mobike = yes", remote_id=netns.CLIENT_OUTSIDE).start()
    client = world.client(conf.client().phase1("toServer", proposal=IKE, localid=netns.CLIENT_OUTSIDE, localid_type="address")
                          .phase2("toServer", proposal=ESP)).start()
    tunnel = client.wait_state("toServer", "up", 20)
    check(tunnel["ike"][0]["mobike"], "MOBIKE is agreed on")
    world.wait_ping()
    stream = world.stream()
    stream.wait_progress(30, 15)
    for address in (FIRST, SECOND):
        go_on_at(world, stream, "strongSwan", address, lambda: peer.swanctl("--list-sas"))
    check(client.tunnels()["toServer"]["ike"][0]["spi_i"] == tunnel["ike"][0]["spi_i"], "the same IKE SA")
    stream.finish()
    check(client.stop() == 0, "the client ends with 0")
    peer.stop()


def test(world):
    charon_moves(world)
    charon_follows(world)


reason = strongswan.why_not()
if reason:
    scenario.skip(reason)
scenario.main(test)
