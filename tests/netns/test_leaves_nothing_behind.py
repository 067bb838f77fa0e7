"""What the daemon made of the machine is gone after it stops, and after kill -9 and a start with another configuration."""
import conf
import netns
import scenario
from scenario import check


def picture(network, host):
    """Interfaces, addresses, routes, rules and firewall tables, as text to compare."""
    parts = [sorted(network.devices(host)), sorted(network.routes(host)), network.ip(host, "rule").splitlines(),
             sorted(network.nft_tables(host))]
    parts.append(sorted(" ".join(line.split()[1:4]) for line in network.ip(host, "-o", "addr").splitlines()))
    return parts


def test(world):
    network = world.network
    extra = "config router static\n edit 50\n set dst 10.55.0.0 255.255.0.0\n set device toServer\n next\n edit 51\n set dst 10.56.0.0 255.255.0.0\n set blackhole enable\n next\nend"
    client_conf = conf.client()
    client_conf.add(extra)
    server = world.server().start()
    before = picture(network, "cgw")
    client = world.client(client_conf).start()
    world.wait_up(client, server)
    during = picture(network, "cgw")
    check(during != before, "something is there while it runs")
    check(any("10.55.0.0/16 dev toServer" in r for r in during[1]), "the static route into the tunnel is there")
    check(client.stop() == 0, "it stops")
    check(picture(network, "cgw") == before, f"all is as before: {before} -> {picture(network, 'cgw')}")
    world.say("gone after a stop")

    client.start()
    world.wait_up(client, server)
    client.kill()
    # Another tunnel of another name, without the extra routes.
    other = str(conf.client()).replace("toServer", "elsewhere")
    client.write(other)
    client.start()
    client.wait_state("elsewhere", "up", 20)
    after = picture(network, "cgw")
    left = [line for part in after for line in part if "toServer" in line or "10.55." in line or "10.56." in line]
    check(not left, f"nothing of the killed daemon is left, but {left}")
    check(len([t for t in after[3] if "dormouse" in t]) == 1, "one table of ours")
    check("toServer" not in network.run("cgw", "nft", "list", "ruleset"), "no rule speaks of the old tunnel")
    check(client.stop() == 0, "it stops")
    check(picture(network, "cgw") == before, f"all is as before: {before} -> {picture(network, 'cgw')}")
    world.say("gone after kill -9, a start with another configuration, and a stop")


scenario.main(test)
