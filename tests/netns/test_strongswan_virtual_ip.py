"""Inside addresses with strongSwan: it asks for a virtual IP and gets one; and it gives one to a Dormouse that asks. With a pool of one
the second client is told so."""
import conf
import netns
import scenario
import strongswan
from scenario import check

IKE, IKE_PEER, ESP, ESP_PEER = strongswan.SUITES[2]


def charon_asks(world):
    pool = conf.server().phase1("toClient", mode_cfg="enable", ipv4_start_ip="10.9.0.7", ipv4_end_ip="10.9.0.7",
                                ipv4_dns_server1="192.168.5.53")
    server = world.server(pool).start()
    peer = strongswan.Charon(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, "dynamic", "192.168.5.0/24",
                             IKE_PEER, ESP_PEER, connection="vips = 0.0.0.0").start()
    peer.initiate()
    tunnel = server.wait_state("toClient_0", "up")
    check(tunnel["inside"]["addresses"] == ["10.9.0.7"], f"the address is assigned: {tunnel['inside']}")
    ts = tunnel["ike"][0]["children"][0]["remote_ts"]
    check([(t["first"], t["last"]) for t in ts] == [("10.9.0.7", "10.9.0.7")], f"and is all that is carried: {ts}")
    check("10.9.0.7" in peer.swanctl("--list-sas"), "strongSwan has it as its virtual IP")
    netns.wait_for("a ping from the virtual IP", lambda: world.network.ping("cgw", netns.SERVER_HOST, extra=("-I", "10.9.0.7")), 10)
    check(world.network.ping("shost", "10.9.0.7"), "a ping to it")
    peer.swanctl("--rekey", "--child", "net")
    netns.wait_for("a ping after a rekey", lambda: world.network.ping("shost", "10.9.0.7"), 10)
    peer.terminate()
    server.wait_state("toClient_0", "gone")
    check(server.status()["phase1"][0]["leases"] == 0, "the address is free again")
    peer.initiate()
    check(server.wait_state("toClient_0", "up")["inside"]["addresses"] == ["10.9.0.7"], "and given again")
    turned_away(world, server)
    peer.terminate()
    peer.stop()
    check(server.stop() == 0, "the server ends with 0")
    world.say("strongSwan got an address")


def turned_away(world, server):
    """A second strongSwan, on the host behind the first one's, finds the pool full."""
    world.network.ip("sgw", "route", "add", "10.1.100.0/24", "via", "173.1.1.254")
    world.network.ip("router", "route", "add", "10.1.100.0/24", "via", netns.CLIENT_OUTSIDE)
    second = strongswan.Charon(world, "chost", netns.CLIENT_HOST, netns.SERVER_OUTSIDE, "dynamic", "192.168.5.0/24",
                               IKE_PEER, ESP_PEER, connection="vips = 0.0.0.0").start()
    try:
        second.initiate()
        let_in = True
    except netns.Failure:
        let_in = False
    check(not let_in, "the second one is not let in")
    check("INT_ADDR_FAIL" in second.log() or "INTERNAL_ADDRESS_FAILURE" in second.log(), "it is told why")
    server.log.wait(r"login refused: toClient, identity 10\.1\.100\.11, reason: no inside address is free")
    check(list(server.tunnels()) == ["toClient_0"], "and leaves nothing behind")
    second.stop()
    world.say("a second one was turned away")


def charon_gives(world):
    peer = strongswan.Charon(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, "192.168.5.0/24", "dynamic", IKE_PEER, ESP_PEER,
                             connection="pools = inside", sections="pools { inside { addrs = 10.9.0.33\n dns = 192.168.5.53 } }").start()
    text = conf.client().phase1("toServer", proposal=IKE, mode_cfg="enable").phase2("toServer", proposal=ESP)
    client = world.client(text.delete("router static", "2")).start()
    tunnel = client.wait_state("toServer", "up", 20)
    check(tunnel["inside"]["addresses"] == ["10.9.0.33"] and tunnel["inside"]["dns"] == ["192.168.5.53"], f"got {tunnel['inside']}")
    check(world.network.addresses("cgw", "toServer") == ["10.9.0.33"], "it is on the interface")
    check(any("192.168.5.0/24 dev toServer" in r for r in world.network.routes("cgw")), "what the selectors allow is routed")
    netns.wait_for("a ping", lambda: world.network.ping("cgw", netns.SERVER_HOST), 10)
    check(client.stop() == 0, "the client ends with 0")
    peer.stop()
    world.say("strongSwan gave an address")


def test(world):
    charon_asks(world)
    charon_gives(world)


reason = strongswan.why_not()
if reason:
    scenario.skip(reason)
scenario.main(test)
