"""What passes an interface, one line a packet: "in|out SOURCE DESTINATION PROTOCOL tos=N df=0|1 fragment=0|1 length=N".

    sniff.py DEVICE
"""
import ipaddress
import socket
import subprocess
import sys

ETH_P_ALL, PACKET_OUTGOING, IPV4, IPV6 = 3, 4, 0x0800, 0x86dd


def describe(protocol, packet):
    if protocol == IPV4:
        word = int.from_bytes(packet[6:8], "big")
        return (packet[12:16], packet[16:20], packet[9], packet[1], word >> 14 & 1, int(word & 0x3fff != 0), int.from_bytes(packet[2:4], "big"))
    return (packet[8:24], packet[24:40], packet[6], int.from_bytes(packet[0:2], "big") >> 4 & 255, 1, int(packet[6] == 44),
            40 + int.from_bytes(packet[4:6], "big"))


def main(device):
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as s:
        s.bind((device, ETH_P_ALL))
        print("listening", flush=True)
        while True:
            packet, (_, protocol, kind, *_) = s.recvfrom(65536)
            if protocol not in (IPV4, IPV6):
                continue
            source, destination, number, tos, df, fragment, length = describe(protocol, packet)
            print("out" if kind == PACKET_OUTGOING else "in", ipaddress.ip_address(source), ipaddress.ip_address(destination), number,
                  f"tos={tos} df={df} fragment={fragment} length={length}", flush=True)


class Sniffer:
    """Runs this file on a host of a network; `log` has its lines."""

    def __init__(self, network, host, device):
        from daemon import Log  # here, since the process that runs this file as a program needs no daemon
        process = network.start(host, sys.executable, __file__, device, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = Log(process.stdout, f"packets of {host} {device}")
        self.log.wait("listening")


if __name__ == "__main__":
    main(sys.argv[1])
