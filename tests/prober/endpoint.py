"""A UDP socket that speaks IKE and ESP, in a network namespace that another process need not live in."""
import ctypes
import ipaddress
import os
import socket
import time

from . import wire

CLONE_NEWNET = 0x40000000
NON_ESP = bytes(4)


class Silence(Exception):
    """An answer did not come."""


def in_namespace(name, make):
    """What `make` returns, called with this thread in the namespace; a socket stays where it was made."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        fd = os.open(path, os.O_RDONLY)
        try:
            if libc.setns(fd, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {path}")
        finally:
            os.close(fd)

    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        enter(f"/run/netns/{name}")
        try:
            return make()
        finally:
            enter(f"/proc/self/fd/{home}")
    finally:
        os.close(home)


def udp(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind((address, port))
    return s


class Endpoint:
    """Speaks to one gateway from one address and port. On the gateway's port 4500 IKE wears its marker."""

    def __init__(self, namespace, address, gateway, port=0):
        self.namespace, self.address, self.gateway = namespace, address, gateway
        self.socket = in_namespace(namespace, lambda: udp(address, port))
        self.port = self.socket.getsockname()[1]
        self.gateway_port = 500
        self.esp, self.strays = [], []

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def address_octets(self, remote=False):
        return ipaddress.ip_address(self.gateway if remote else self.address).packed

    def send(self, octets, port=None):
        port = port or self.gateway_port
        self.socket.sendto((NON_ESP if port == 4500 else b"") + octets, (self.gateway, port))

    def send_esp(self, octets):
        self.socket.sendto(octets, (self.gateway, 4500))

    def _take(self, timeout):
        """One datagram: IKE is returned, ESP is put aside, keepalives vanish. None when the time is over."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                octets, (_, port) = self.socket.recvfrom(65535)
            except TimeoutError:
                break
            if port != 4500:
                return octets
            if octets[:4] == NON_ESP:
                return octets[4:]
            if octets != b"\xff":
                self.esp.append(octets)
                return b""
        return None

    def receive(self, wanted, timeout=2.0):
        """The first IKE message that `wanted` says yes to, parsed; what else comes is kept in `strays`."""
        for n, stray in enumerate(self.strays):
            if wanted(stray):
                return self.strays.pop(n)
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            octets = self._take(left)
            if not octets:
                continue
            message = wire.parse(octets)
            if wanted(message):
                return message
            self.strays.append(message)
        raise Silence(f"no answer within {timeout:g} s" + (f", but {', '.join(map(str, self.strays))}" if self.strays else ""))

    def receive_esp(self, timeout=1.0):
        deadline = time.monotonic() + timeout
        while not self.esp and (left := deadline - time.monotonic()) > 0:
            octets = self._take(left)
            if octets:
                self.strays.append(wire.parse(octets))
        return self.esp.pop(0) if self.esp else None

    def drain(self):
        """Everything that has arrived already, as parsed messages."""
        while (octets := self._take(0.001)) is not None:
            if octets:
                self.strays.append(wire.parse(octets))
        out, self.strays = self.strays, []
        return out
