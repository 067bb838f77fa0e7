"""A Child SA with keys, and packets in it: RFC 4303, 4106, in UDP by RFC 3948."""
import os
import socket
import struct

from . import suites, wire
from .numbers import Protocol


class ChildSa:
    def __init__(self, suite, spi_in):
        self.suite, self.spi_in, self.spi_out = suite, spi_in, None
        self.sequence, self.selectors, self.outward, self.inward = 0, None, None, None

    def answered(self, proposals):
        if len(proposals) != 1 or proposals[0][1] != Protocol.ESP or len(proposals[0][2]) != 4:
            raise wire.Malformed(f"Child SA: {proposals}")
        self.spi_out = proposals[0][2]

    def key(self, sk_d, ni, nr, secret=b""):
        out, back = suites.child_keys(self.suite, sk_d, ni, nr, secret)
        self.outward, self.inward = suites.Seal(self.suite, *out), suites.Seal(self.suite, *back)

    def seal(self, packet, sequence=None):
        """One inner IPv4 packet as an ESP packet."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        head = self.spi_out + struct.pack(">I", sequence)
        pad = -(len(packet) + 2) % max(4, self.outward.block)
        return head + self.outward.seal(head, packet + bytes(range(1, pad + 1)) + bytes([pad, 4]))

    def open(self, octets):
        """The inner packet; WrongKey if it is not ours."""
        if octets[:4] != self.spi_in:
            raise suites.WrongKey(f"SPI {octets[:4].hex()}")
        plain = self.inward.open(octets[:8], octets[8:])
        return plain[:len(plain) - 2 - plain[-2]]


def checksum(octets):
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_request(source, target, token):
    icmp = struct.pack(">BBHHH", 8, 0, 0, 1, 1) + token
    icmp = icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:]
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0, socket.inet_aton(source), socket.inet_aton(target))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + icmp


def ping(sa, target, timeout=1.0, child=None):
    """An echo through the tunnel; whether its answer came, under the keys of any of the Child SAs (RFC 7296 2.8: the gateway chooses).
    Repeated a few times, as a route of a new tunnel is there a moment after the answer to IKE_AUTH."""
    token, tries = os.urandom(16), 4
    for _ in range(tries):
        sa.endpoint.send_esp((child or sa.child).seal(echo_request(sa.inside, target, token)))
        while (octets := sa.endpoint.receive_esp(timeout / tries)) is not None:
            for one in filter(None, (child, sa.child)):
                try:
                    packet = one.open(octets)
                except suites.WrongKey:
                    continue
                if packet[9] == 1 and packet[20] == 0 and packet[28:] == token:
                    return True
    return False
