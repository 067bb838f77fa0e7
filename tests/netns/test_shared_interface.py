"""`net-device disable`: two clients share the interface toClient and are told apart by their selectors. One sleeps while the
other goes on; both sleep; both wake by address."""
import conf
import netns
import scenario
from netns import run
from scenario import check

SECOND_OUT, SECOND_IN = "11.102.1.1", "10.1.200.1"


def add_second_client(network):
    """One more gateway behind the router; its inside address is one of its own."""
    network.names["cgw2"] = network.names["cgw"] + "2"
    run("ip", "netns", "add", network.names["cgw2"])
    run("ip", "link", "add", "port9", "netns", network.names["cgw2"], "type", "veth", "peer", "name", "left2", "netns", network.names["router"])
    network.ip("cgw2", "link", "set", "lo", "up")
    network.ip("cgw2", "link", "set", "port9", "up")
    network.ip("router", "link", "set", "left2", "up")
    network.ip("cgw2", "addr", "add", f"{SECOND_OUT}/24", "dev", "port9")
    network.ip("router", "addr", "add", "11.102.1.254/24", "dev", "left2")
    network.ip("cgw2", "link", "add", "port2", "type", "veth", "peer", "name", "unused")
    network.ip("cgw2", "addr", "add", f"{SECOND_IN}/24", "dev", "port2")
    network.ip("cgw2", "link", "set", "port2", "up")
    network.ip("cgw2", "link", "set", "unused", "up")
    network.ip("cgw2", "route", "add", "173.1.1.0/24", "via", "11.102.1.254")
    network.ip("sgw", "route", "add", "11.102.1.0/24", "via", "173.1.1.254")


def client_of(subnet, outside, inside):
    text = conf.client()
    text.phase1("toServer", net_device=None)
    text.set("vpn ipsec phase2-interface", "toServer", "src-subnet", f"{subnet} 255.255.255.0")
    text.set("vpn ipsec phase2-interface", "toServer", "dst-subnet", "192.168.5.0 255.255.255.0")
    text.set("system interface", "port9", "ip", f"{outside} 255.255.255.0")
    text.set("system interface", "port2", "ip", f"{inside} 255.255.255.0")
    return text


def test(world):
    network = world.network
    add_second_client(network)
    server = world.server(conf.server().phase1("toClient", net_device="disable")).start()
    first = world.client(client_of("10.1.100.0", "11.101.1.1", "10.1.100.1")).start()
    second = world.daemon("cgw2", client_of("10.1.200.0", SECOND_OUT, SECOND_IN)).start()
    for client in (first, second):
        client.wait_state("toServer", "up", 20)
    pings = {"first": lambda: network.ping("chost", netns.SERVER_HOST),
             "second": lambda: network.ping("cgw2", netns.SERVER_HOST, extra=("-I", SECOND_IN))}
    for name, ping in pings.items():
        netns.wait_for(f"a ping of the {name} client", ping, 10)
    names = set(server.tunnels())
    check(len(names) == 2, f"two tunnels, not {names}")
    devices = network.devices("sgw")
    check("toClient" in devices and not any(d.startswith("toClient_") for d in devices), f"one shared interface, not {devices}")
    check({t["device_name"] for t in server.tunnels().values()} == {"toClient"}, "both tunnels use it")
    routes = "\n".join(network.routes("sgw"))
    for subnet in ("10.1.100.0/24", "10.1.200.0/24"):
        check(f"{subnet} dev toClient" in routes, f"a route to {subnet}")
    check(network.ping("shost", netns.CLIENT_HOST) and network.ping("shost", SECOND_IN), "each is reached from the server's side")

    mark = server.log.mark()
    network.ip("router", "link", "set", "left", "down")
    server.log.wait(r"tunnel asleep: \S+, kept for 30 s \(1 asleep\)", mark, 20)
    check(pings["second"](), "the second client goes on while the first sleeps")
    check(network.ping("shost", SECOND_IN), "also from the server's side")
    check(f"10.1.100.0/24 dev toClient" in "\n".join(network.routes("sgw")), "the sleeper's route stays")
    network.ip("router", "link", "set", "left2", "down")
    server.log.wait(r"tunnel asleep: \S+, kept for 30 s \(2 asleep\)", mark, 20)
    world.say("both asleep")
    for dev in ("left", "left2"):
        network.ip("router", "link", "set", dev, "up")
    for name, ping in pings.items():
        netns.wait_for(f"the {name} client to be back", ping, 20)
    check(set(server.tunnels()) == names, "the same two tunnels")
    check(all(t["wakes_by_address"] == 1 for t in server.tunnels().values()), "both woke by address")
    check(network.ping("shost", netns.CLIENT_HOST) and network.ping("shost", SECOND_IN), "each is reached from the server's side again")
    check(first.stop() == 0, "the first client ends")
    netns.wait_for("its tunnel to be gone", lambda: len(server.tunnels()) == 1, 5)
    check(pings["second"](), "the second goes on")
    check("10.1.100.0/24" not in "\n".join(network.routes("sgw")), "the route of the first is gone")


if __name__ == "__main__":
    scenario.main(test)
