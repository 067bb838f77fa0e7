"""A client that does not return in time loses its tunnel: interface, routes and firewall members go; a later login starts anew."""
import conf
import scenario
from scenario import check


def test(world):
    network = world.network
    client, server = world.pair(server=conf.server(interval=4))
    members = network.run("sgw", "nft", "list", "table", "inet", "dormouse")
    check("toClient_0" in members, "the instance is a member of the firewall's set")
    mark = server.log.mark()
    network.cut()
    server.log.wait(r"tunnel asleep: toClient_0, kept for 4 s", mark, 20)
    began = server.log.times[-1]
    client.kill()
    server.log.wait(r"tunnel sleep expired: toClient_0 after 4 s", mark, 10)
    check(3.5 < server.log.times[-1] - began < 6, "the window lasts 4 s")
    server.log.wait(r"tunnel down: toClient_0", mark)
    server.wait_state("toClient_0", "gone", 3)
    check("toClient_0" not in network.devices("sgw"), "the interface is gone")
    check(not any("toClient_0" in route for route in network.routes("sgw")), "its routes are gone")
    check("toClient_0" not in network.run("sgw", "nft", "list", "table", "inet", "dormouse"), "the firewall forgot it")
    network.restore()
    client.start()
    world.wait_up(client, server)
    check(server.tunnels()["toClient_0"]["sleeps"] == 0, "a new tunnel, not the old one")


scenario.main(test)
