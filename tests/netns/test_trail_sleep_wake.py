"""The example page's first scenario in the debug trail: its lines, its wording, its order."""
import scenario


def test(world):
    client, server = world.pair()
    trail = server.trail()
    world.network.cut()
    trail.wait(r"ike V=root:0:toClient_0: starting client-resume sleep period 30 sec \(1\)", timeout=20)
    # The page's client comes back by a login.
    client.kill()
    world.network.restore()
    mark = trail.mark()
    client.start()
    server.wait_state("toClient_0", "up", 20)
    trail.wait(r"tunnel up event", mark)
    trail.expect_order([
        r"ike V=root:0:toClient_0: starting client-resume sleep period 30 sec \(1\)$",
        r"ike V=root:0: comes 11\.101\.1\.1:500->173\.1\.1\.1:500,ifindex=\d+,vrf=0,len=\d+\.\.\.\.$",
        r"ike V=root:0: IKEv2 exchange=SA_INIT id=[0-9a-f]{16}/0{16} len=\d+$",
        r"ike V=root:0:toClient_0: client has resumed \(1\)$",
        r"ike 0:toClient_0:\d+: out [0-9A-F]+$",
        r"ike V=root:0:toClient_0:\d+:toClient:\d+: sending SNMP tunnel UP trap$",
        r"ike V=root:0:toClient_0: tunnel up event$",
    ])


scenario.main(test)
