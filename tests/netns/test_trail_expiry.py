"""The example page's second scenario in the debug trail: the client does not return in time."""
import conf
import scenario


def test(world):
    client, server = world.pair(server=conf.server(interval=4))
    trail = server.trail()
    world.network.cut()
    trail.wait(r"toClient_0: flushed$", timeout=30)
    pair = r"[0-9a-f]{16}/[0-9a-f]{16}"
    trail.expect_order([
        rf"ike V=root:0:toClient_0:\d+: sent IKE msg \(RETRANSMIT_INFORMATIONAL\): "
        rf"173\.1\.1\.1:4500->11\.101\.1\.1:4500, len=\d+, vrf=0, id={pair}(:\w+)?, oif=\d+$",
        rf"ike V=root:0:toClient_0:\d+: {pair} retransmission timeout$",
        r"ike V=root:0:toClient_0: starting client-resume sleep period 4 sec \(1\)$",
        r"ike V=root:0:toClient_0: client-resume sleep period has expired \(1\)$",
        r"ike V=root:0:toClient_0: going to be deleted$",
        r"ike V=root:0:toClient_0: flushing$",
        r"ike V=root:0:toClient_0: deleting IPsec SA with SPI [0-9a-f]{8}$",
        r"ike V=root:0:toClient_0:toClient: deleted IPsec SA with SPI [0-9a-f]{8}, SA count: 0$",
        r"ike V=toClient_0:0:toClient_0:\d+: del route 0\.0\.0\.0/0\.0\.0\.0 tunnel 11\.101\.1\.1 oif toClient_0\(\d+\) "
        r"metric 15 priority 1$",
        r"ike V=root:0:toClient_0: sending SNMP tunnel DOWN trap for toClient$",
        r"ike V=root:0:toClient_0: last dialup SA expired while client sleeping$",
        r"ike V=root:0:toClient_0: flushed$",
    ])
    trail.expect_order([
        r"ike V=root:0:toClient_0: link is idle \d+ 173\.1\.1\.1->11\.101\.1\.1:0 dpd=1 seqno=\w+ rr=0$",
        r"ike V=root:0:toClient_0:\d+: send IKEv2 DPD probe, seqno \w+$",
        r"retransmission timeout$",
    ])


scenario.main(test)
