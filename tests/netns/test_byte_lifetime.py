"""A Child SA may carry 5 MiB (keylifekbs): at nine tenths it is rekeyed and no packet is lost, and where that cannot be done it
ends before it carries more."""
import time

import conf
import netns
import scenario
from scenario import check

LIMIT = 5120 * 1024
SLACK = 3 * 65536  # what one super-packet may still be, each way


def children(daemon):
    """{SPI out: octets carried in the direction that has more} of the client's Child SAs."""
    tunnel = daemon.tunnels()["toServer"]
    spis = [child["spi_out"] for sa in tunnel["ike"] for child in sa["children"]]
    return {spi: max(c["bytes_in"], c["bytes_out"]) for spi, c in zip(spis, tunnel["child_counters"], strict=True)}


def forward(network, allowed):
    """Whether IKE passes the router; ESP does in any case."""
    if allowed:
        network.run("router", "nft", "delete table ip ike")
    else:
        network.run("router", "nft", "add table ip ike; add chain ip ike forward { type filter hook forward priority 0 ; }; "
                    "add rule ip ike forward udp dport { 500, 4500 } drop")


def test(world):
    network = world.network
    client, server = world.pair(conf.client().phase2("toServer", keylife_type="kbs", keylifekbs=5120))
    stream = world.stream(rate=1500)
    mark = client.log.mark()
    for _ in range(2):
        line = client.log.wait(r"IPsec SA (\w+) rekeyed to (\w+)", mark, 30)
        mark = client.log.lines.index(line.string) + 1
        stream.wait_progress(200)
        netns.wait_for("the old Child SA to be gone", lambda: len(children(client)) == 1, 10)
        check(0 < min(children(client).values()) < LIMIT, "the new one counts from nothing")
    client.log.expect_none(r"tunnel (down|asleep)")
    world.say("rekeyed twice")

    old, = children(client)
    forward(network, False)
    netns.wait_for("the Child SA to near its limit", lambda: children(client).get(old, LIMIT) > LIMIT - SLACK, 10)
    time.sleep(2)  # as much again would pass
    most = children(client).get(old, LIMIT)
    check(most <= LIMIT + SLACK, f"it carried up to its limit and no more, {most} of {LIMIT}")
    forward(network, True)
    world.wait_ping(30)
    stream.wait_progress(200)
    stream.finish()


scenario.main(test)
