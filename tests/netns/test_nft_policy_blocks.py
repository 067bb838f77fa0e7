"""The firewall lets through what a policy names, and nothing else."""
import subprocess
import sys

import conf
import netns
import scenario
from scenario import check

TRY = "import socket; socket.create_connection(('{}', {}), 2).close()"


def connects(network, host, address, port):
    command = network.command(host, sys.executable, "-c", TRY.format(address, port))
    return subprocess.run(command, capture_output=True).returncode == 0


def listen(network, host, address, port):
    words = f"import socket,time; s=socket.create_server(('{address}', {port})); print('up', flush=True); time.sleep(600)"
    process = network.start(host, sys.executable, "-c", words, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()


def test(world):
    network = world.network
    # Inwards only echo requests, and nothing from the server's side outwards.
    narrow = conf.server().set("firewall policy", "2", "service", '"PING"').delete("firewall policy", "1")
    network.ip("shost", "addr", "add", "192.168.5.45/32", "dev", "eth0")
    client, server = world.pair(server=narrow)
    listen(network, "shost", netns.SERVER_HOST, 5002)
    listen(network, "chost", netns.CLIENT_HOST, 5002)
    check(world.ping(), "a ping passes")
    check(not connects(network, "chost", netns.SERVER_HOST, 5002), "TCP is blocked where only PING is allowed")
    check(not network.ping("shost", netns.CLIENT_HOST), "the server's side may not begin")
    check(not connects(network, "shost", netns.CLIENT_HOST, 5002), "nor by TCP")
    world.say("blocked what no policy names")
    check(server.reload(conf.server()), "the example's policies are accepted")
    check(connects(network, "chost", netns.SERVER_HOST, 5002), "TCP passes with service ALL")
    check(network.ping("shost", netns.CLIENT_HOST), "the server's side may begin")
    check(connects(network, "shost", netns.CLIENT_HOST, 5002), "also by TCP")
    # The client's policies name 192.168.5.0 only: what comes out of the tunnel from elsewhere stays outside.
    network.ip("shost", "addr", "add", "192.168.9.9/32", "dev", "eth0")
    check(not network.ping("shost", netns.CLIENT_HOST, extra=("-I", "192.168.9.9")), "a source that no policy names is blocked")


scenario.main(test)
