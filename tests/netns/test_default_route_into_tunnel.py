"""A client whose default route leads into its tunnel still reaches its gateway: outer packets never enter the tunnel. IPv4 and IPv6."""
import conf
import netns
import scenario
from scenario import check

FAR = "203.0.113.9"  # somewhere behind the gateway, reached by the default route alone
SIX = (("cgw", "port9", "2001:db8:11::1"), ("router", "left", "2001:db8:11::254"), ("router", "right", "2001:db8:173::254"),
       ("sgw", "port8", "2001:db8:173::1"))


def defaults(network, family, via):
    """The gateway is reached by the machine's own default route, and by nothing more exact."""
    net = "173.1.1.0/24" if family == "-4" else "2001:db8:173::/64"
    network.ip("cgw", family, "route", "del", net, check=False)
    network.ip("cgw", family, "route", "replace", "default", "via", via, "dev", "port9", "metric", "100")


def client_conf():
    text = conf.client()
    text.delete("router static", "1")
    text.add("config router static\n edit 90\n set dst 0.0.0.0 0.0.0.0\n set device toServer\n set distance 5\n next\nend")
    for policy in ("1", "2"):
        for attribute in ("srcaddr", "dstaddr"):
            text.set("firewall policy", policy, attribute, '"all"')
    return text


def check_all_passes(world, what):
    network = world.network
    netns.wait_for(f"a ping to somewhere behind the gateway, {what}", lambda: network.ping("chost", FAR), 15)
    check(world.ping(size=1400, count=3), f"a ping with 1400 octets, {what}")


def test(world):
    network = world.network
    network.ip("shost", "addr", "add", f"{FAR}/32", "dev", "eth0")
    network.ip("sgw", "route", "add", f"{FAR}/32", "dev", "port2")
    server_conf = conf.server()
    for policy, attribute in (("1", "srcaddr"), ("2", "dstaddr")):
        server_conf.set("firewall policy", policy, attribute, '"all"')
    defaults(network, "-4", "11.101.1.254")
    server = world.server(server_conf).start()
    client = world.client(client_conf()).start()
    client.wait_state("toServer", "up", 20)
    check_all_passes(world, "over IPv4")
    route = network.ip("cgw", "route", "get", FAR)
    check("dev toServer" in route, f"the default route is the tunnel's, not {route}")
    mark = server.log.mark()
    network.cut()
    server.log.wait(r"tunnel asleep: toClient_0", mark, 20)
    network.restore()
    server.log.wait(r"tunnel resumed: toClient_0", mark, 20)
    check_all_passes(world, "after a sleep")
    world.say("IPv4: the default route is in the tunnel and the tunnel stands")
    check(client.stop() == 0, "the client ends")

    for host, dev, address in SIX:
        network.ip(host, "addr", "add", f"{address}/64", "dev", dev, "nodad")
    network.sysctl("router", "net/ipv6/conf/all/forwarding", "1")
    network.ip("sgw", "-6", "route", "add", "2001:db8:11::/64", "via", "2001:db8:173::254")
    defaults(network, "-6", "2001:db8:11::254")
    six = client_conf().phase1("toServer", remote_gw=None, ip_version=6, remote_gw6="2001:db8:173::1")
    six.add("config router static\n edit 91\n set dst ::/0\n set device toServer\n set distance 5\n next\nend")
    check(server.reload(server_conf.phase1("toClient", ip_version=6)), "the server changes to IPv6 outside")
    client.write(six)
    client.start()
    client.wait_state("toServer", "up", 20)
    check_all_passes(world, "over IPv6")
    route = network.ip("cgw", "-6", "route", "get", "2001:db8:173::1")
    check("dev toServer" in route, f"the gateway's own address is routed into the tunnel for everyone else, not {route}")
    world.say("IPv6: the default route is in the tunnel and the tunnel stands")


scenario.main(test)
