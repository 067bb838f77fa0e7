"""The example page's first scenario in the debug trail: its lines, its wording, its order."""
import scenario
import trail


def test(world):
    client, server = world.pair()
    lines = server.trail()
    world.network.cut()
    lines.wait(r"ike V=root:0:toClient_0: starting client-resume sleep period 30 sec \(1\)", timeout=20)
    # The page's client comes back by a login.
    client.kill()
    world.network.restore()
    mark = lines.mark()
    client.start()
    server.wait_state("toClient_0", "up", 20)
    lines.wait(r"tunnel up event", mark)
    lines.expect_order(trail.wakes(30))


scenario.main(test)
