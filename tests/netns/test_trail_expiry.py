"""The example page's second scenario in the debug trail: the client does not return in time."""
import conf
import scenario
import trail


def test(world):
    _, server = world.pair(server=conf.server(interval=4))
    lines = server.trail()
    world.network.cut()
    lines.wait(r"toClient_0: flushed$", timeout=30)
    lines.expect_order(trail.expires(4))
    lines.expect_order(trail.PROBES)


scenario.main(test)
