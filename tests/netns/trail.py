"""The debug trails of the example page, line by line, as patterns: `wakes` is its first scenario, `expires` its second. `interval` is
client-resume-interval in seconds; what the page prints of addresses is the example's,
but for the port of IKE after its first exchange: with MOBIKE it is 4500 (RFC 4555 3.3)."""

PAIR = r"[0-9a-f]{16}/[0-9a-f]{16}"


def wakes(interval):
    """The client is silent, then logs in while its tunnel sleeps."""
    return [
        rf"ike V=root:0:toClient_0: starting client-resume sleep period {interval} sec \(1\)$",
        r"ike V=root:0: comes 11\.101\.1\.1:500->173\.1\.1\.1:500,ifindex=\d+,vrf=0,len=\d+\.\.\.\.$",
        r"ike V=root:0: IKEv2 exchange=SA_INIT id=[0-9a-f]{16}/0{16} len=\d+$",
        r"ike V=root:0:toClient_0: client has resumed \(1\)$",
        r"ike 0:toClient_0:\d+: out [0-9A-F]+$",
        r"ike V=root:0:toClient_0:\d+:toClient:\d+: sending SNMP tunnel UP trap$",
        r"ike V=root:0:toClient_0: tunnel up event$",
    ]


def expires(interval):
    """The client is silent and does not return in time."""
    return [
        rf"ike V=root:0:toClient_0:\d+: sent IKE msg \(RETRANSMIT_INFORMATIONAL\): "
        rf"173\.1\.1\.1:4500->11\.101\.1\.1:4500, len=\d+, vrf=0, id={PAIR}(:\w+)?, oif=\d+$",
        rf"ike V=root:0:toClient_0:\d+: {PAIR} retransmission timeout$",
        rf"ike V=root:0:toClient_0: starting client-resume sleep period {interval} sec \(1\)$",
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
    ]


# How the silence is noticed: in the page these lines stand between those of `expires`.
PROBES = [
    r"ike V=root:0:toClient_0: link is idle \d+ 173\.1\.1\.1->11\.101\.1\.1:0 dpd=1 seqno=\w+ rr=0$",
    r"ike V=root:0:toClient_0:\d+: send IKEv2 DPD probe, seqno \w+$",
    r"retransmission timeout$",
]
