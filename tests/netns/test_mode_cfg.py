"""Mode configuration between two Dormouse: the client's interface gets an address and routes, traffic passes with it, and it is the same
after a sleep, after a restart of the gateway in that sleep, and after a restart of the client. The last one returns it."""
import conf
import netns
import scenario
from scenario import check

LAN = "192.168.5.0/24"


def gateway(last="10.9.0.2"):
    text = conf.server(interval=60)
    return text.phase1("toClient", mode_cfg="enable", ipv4_start_ip="10.9.0.1", ipv4_end_ip=last, ipv4_dns_server1="192.168.5.53",
                       ipv4_split_include='"192.168.5.0"', domain="corp.example")


def client():
    text = conf.client().phase1("toServer", mode_cfg="enable", localid='"laptop"')
    text.delete("router static", "2")  # the way to the server's network now comes with the address
    text.set("firewall policy", "1", "nat", "enable")
    return text


def inside(world):
    return world.network.addresses("cgw", "toServer")


def reaches(world, timeout=15):
    netns.wait_for("a ping from the inside address", lambda: world.network.ping("cgw", netns.SERVER_HOST), timeout)


def test(world):
    network = world.network
    server = world.server(gateway()).start()
    laptop = world.client(client()).start()
    laptop.wait_state("toServer", "up")
    server.wait_state("toClient_0", "up")
    check(inside(world) == ["10.9.0.1"], f"the interface has the address: {inside(world)}")
    check(any(LAN in r and "toServer" in r and "metric 15" in r for r in network.routes("cgw")), "and the route it was told")
    check(any("10.9.0.1 dev toClient_0" in r for r in network.routes("sgw")), "the gateway routes the address alone")
    reaches(world)
    check(network.ping("shost", "10.9.0.1"), "the inside reaches the client by its address")
    check(network.ping("chost", netns.SERVER_HOST), "and hosts behind the client go out with it")
    laptop.log.wait(r"inside address: toServer has 10\.9\.0\.1, DNS 192\.168\.5\.53, domains corp\.example")
    check("assigned address: 10.9.0.1" in server.shell("diagnose vpn ike gateway list"), "the gateway shows it")
    check("inside address: 10.9.0.1" in laptop.shell("diagnose vpn ike gateway list"), "so does the client")
    check(server.status()["phase1"][0]["leases"] == 1, "one lease")

    world.say("asleep and awake again")
    network.cut()
    server.wait_state("toClient_0", "asleep", 20)
    check(server.tunnels()["toClient_0"]["inside"]["addresses"] == ["10.9.0.1"], "a sleeper keeps its address")
    network.restore()
    server.wait_state("toClient_0", "up", 20)
    reaches(world)
    check(inside(world) == ["10.9.0.1"], "the same address")

    world.say("the gateway is killed meanwhile")
    network.cut()
    server.wait_state("toClient_0", "asleep", 20)
    server.kill()
    server.start()
    kept = server.wait_state("toClient_0", "asleep")
    check(kept["inside"]["addresses"] == ["10.9.0.1"] and server.status()["phase1"][0]["leases"] == 1, "kept over the restart")
    check(any("10.9.0.1 dev toClient_0" in r for r in network.routes("sgw")), "with its route")
    network.restore()
    server.log.wait(r"tunnel resumed: toClient_0 by login", timeout=30)
    reaches(world)
    check(inside(world) == ["10.9.0.1"], "the same address")

    world.say("the client is killed")
    laptop.kill()
    laptop.start()
    laptop.wait_state("toServer", "up", 20)
    reaches(world)
    check(inside(world) == ["10.9.0.1"], "the same address")
    check(len(server.tunnels()) == 1, "one tunnel, not two")

    world.say("a full pool")
    check(laptop.stop() == 0, "the client ends with 0")
    server.wait_state("toClient_0", "gone")
    check(server.status()["phase1"][0]["leases"] == 0, "its address is free")
    server.write(gateway(last="10.9.0.1"))
    check(server.reload(), "a smaller pool is accepted")
    server.log.wait(r"configuration applied")
    laptop.start()
    laptop.wait_state("toServer", "up", 20)
    check(inside(world) == ["10.9.0.1"], "the last one")

    world.say("a pool that is backwards")
    server.write(gateway(last="10.8.0.1"))
    check(not server.reload(), "is refused")
    server.log.wait(r"configuration refused.*\n?")
    reaches(world)


scenario.main(test)
