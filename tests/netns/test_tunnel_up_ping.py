"""The example's configuration brings a tunnel up, and it carries what it shall."""
import re

import netns
import scenario
from scenario import check


def test(world):
    client, server = world.pair()
    world.say("tunnel up on both ends")
    for name, daemon in (("toServer", client), ("toClient_0", server)):
        daemon.log.wait(rf"tunnel up: {name} from ")
        check(name in world.network.devices(daemon.host), f"an interface {name} on {daemon.host}")
    check(re.search(r"default dev toClient_0 .*metric 15", "\n".join(world.network.routes("sgw"))), "the dialup route, metric 15")
    check(world.network.ping("chost", netns.SERVER_HOST, count=5), "ping from client to server side")
    check(world.network.ping("shost", netns.CLIENT_HOST, count=5), "ping from server to client side")
    # 1400 octets of data make an inner packet larger than the tunnel's MTU may be: it must arrive all the same.
    check(world.network.ping("chost", netns.SERVER_HOST, count=3, size=1400), "a ping with 1400 octets")
    check(world.network.ping("chost", netns.SERVER_HOST, count=3, size=8000), "a ping that needs fragments")
    stream = world.stream(rate=400)
    stream.wait_progress(400, 10)
    stream.finish()
    world.say("two-way stream intact")

    listing = server.shell("diagnose vpn ike gateway list")
    for words in ("name: toClient_0", "addr: 173.1.1.1:4500 -> 11.101.1.1:4500", "status: established", "proposal: aes128-sha256"):
        check(words in listing, f"'{words}' in the gateway list")
    check("'toClient_0' 11.101.1.1" in server.shell("get vpn ipsec tunnel summary"), "the tunnel in the summary")

    check(client.stop() == 0, "the client ends with 0")
    server.wait_state("toClient_0", "gone", 5)
    check("toServer" not in world.network.devices("cgw"), "the client's interface is gone")
    check(server.stop() == 0, "the server ends with 0")


scenario.main(test)
