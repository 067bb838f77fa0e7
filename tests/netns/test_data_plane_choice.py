"""Who carries the packets: auto takes TUN where it is, and the kernel's ESP where it is not; who asks for what is not there is told
so and all that is missing, and nothing is left half made."""
import re
import shlex
import subprocess

import daemon
from scenario import check, main

LACKS = r"the kernel lacks xfrm interfaces \(CONFIG_XFRM_INTERFACE\): .*ESP with AES-GCM"


def choose(plane):
    daemon.PLANE_SETTING = f"\nconfig system settings\n    set ipsec-data-plane {plane}\nend\n"


def without_tun(words):
    """The command, where there is no /dev/net/tun. (ip netns exec gives each a mount namespace of its own.)"""
    return ["sh", "-c", "mount -t tmpfs none /dev/net && exec " + shlex.join(words)]


def hide_tun(started):
    plain = started.command
    started.command = lambda *more: without_tun(plain(*more))
    return started


def kernel_has_esp(network):
    """Whether this kernel has all that its data plane needs; asked without Dormouse."""
    words = ["sh", "-c", "ip link add probe0 type xfrm dev lo if_id 7 && ip xfrm state add src 127.0.0.1 dst 127.0.0.2 proto esp spi 7 mode tunnel "
             "aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128; r=$?; ip xfrm state flush; ip link del probe0; exit $r"]
    return subprocess.run(network.command("router", *words), capture_output=True).returncode == 0


def refused(world, started):
    """What a daemon says that does not start."""
    done = subprocess.run(world.network.command(started.host, *started.command()), capture_output=True, text=True, timeout=10)
    check(done.returncode == 1, f"exit status 1, not {done.returncode}: {done.stderr}")
    check(len(done.stderr.splitlines()) == 1, f"one line, not {done.stderr}")
    check(not any(name.startswith(("toServer", "dmp")) for name in world.network.devices(started.host)), "no interface is left")
    return done.stderr


def carries(world, plane, hidden):
    """A tunnel whose two ends came to that data plane."""
    client, server = world.client(), world.server()
    for one in (server, client):
        (hide_tun(one) if hidden else one).start()
        one.log.wait(rf"dormoused \S+ started, .* data plane: {plane}$", timeout=1)
    world.wait_up(client, server)
    check(world.ping(count=3, size=1000), "the tunnel carries")
    check(f"data-plane={plane}" in client.shell("diagnose vpn tunnel list"), "the shell says so")
    client.stop()
    server.stop()


def test(world):
    esp = kernel_has_esp(world.network)
    choose("auto")
    carries(world, "userspace", hidden=False)
    world.say("auto takes TUN")
    if esp:
        carries(world, "kernel", hidden=True)
        choose("kernel")
        carries(world, "kernel", hidden=False)
        return world.say("and the kernel without it, or asked for")
    said = refused(world, hide_tun(world.client()))
    check(re.search(r"ipsec-data-plane auto: /dev/net/tun is not there, and " + LACKS, said), f"both reasons, not {said}")
    choose("kernel")
    said = refused(world, world.client())
    check(re.search(r"ipsec-data-plane kernel: " + LACKS, said), f"what the kernel lacks, not {said}")
    choose("auto")
    carries(world, "userspace", hidden=False)
    world.say("this kernel has no ESP: refused where asked for, and nothing is left")


main(test)
