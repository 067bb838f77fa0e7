"""The scenes of ./dev demo: a tunnel that sleeps and wakes in time, then again, too late. Real programs, real packets.

usage: demo.py [--exact] [--plain]

    --exact    the example page's own timers: 60 s of silence, 93 s of probes, 120 s of sleep (about eight minutes)
    --plain    no colours, no live counter (the default when standard output is no terminal)
"""
import argparse
import pathlib
import re
import sys
import tempfile
import threading
import time

import conf
import netns
import scenario
from netns import Failure

SHORT = {"idle": 3, "schedule": "1 1 2", "interval": 12, "rest": 4}
EXACT = {"idle": 60, "schedule": None, "interval": 120, "rest": 30}


class Stage:
    """What the spectator sees: headings, a few words, programs' own lines, and one live line at the bottom."""

    def __init__(self, live):
        self.live, self.began, self.status = live, time.monotonic(), ""
        self.lock = threading.Lock()

    def colour(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.live else text

    def line(self, text=""):
        with self.lock:
            print(("\r\033[K" if self.live else "") + text, flush=True)
            self._draw()

    def _draw(self):
        if self.live and self.status:
            print(f"\r\033[K{self.colour('7', self.status)}", end="", flush=True)

    def show_status(self, text):
        with self.lock:
            self.status = text
            self._draw()

    def clear_status(self):
        with self.lock:
            self.status = ""
            if self.live:
                print("\r\033[K", end="", flush=True)

    def scene(self, title):
        self.line()
        self.line(self.colour("1", f"=== {title}") + f"  [{time.monotonic() - self.began:.0f} s]")

    def say(self, text):
        self.line(f"    {text}")

    def program(self, who, text):
        self.line(self.colour("36", f"{who:>7} | ") + text)


# Beside the example's text: coming back to a restarted gateway without a login.
SWITCHES = """
config system settings
    set ike-quick-crash-detect enable
    set ike-session-resume enable
end
"""


class Show:
    """The two gateways, the stream between the hosts behind them, and what they say."""

    def __init__(self, world, stage, timers):
        self.world, self.stage, self.timers = world, stage, timers
        self.network = world.network
        self.stop_counter = threading.Event()
        self.stream = None

    # --- pieces

    def print_conf(self, title, text):
        self.stage.line()
        self.stage.say(title)
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                self.stage.line("        " + line.replace(conf.SECRET, "*****************"))

    def vpn_part(self, text):
        """The statements of the example page, without the objects they refer to."""
        tables = re.findall(r"^config (?:system settings|vpn ipsec|firewall policy).*?^end$", text, re.M | re.S)
        return "\n".join(tables) if tables else text

    def shell(self, daemon, command, keep=None):
        self.stage.line(self.stage.colour("1", f"    # {command}"))
        for line in daemon.shell(command).splitlines():
            if line.strip() and (keep is None or re.search(keep, line)):
                self.stage.line("    " + line.rstrip())

    def trail_lines(self, trail, since, keep, drop=r" out [0-9A-F]|: in [0-9A-F]|: dec |: enc "):
        for line in trail.lines[since:]:
            if re.search(keep, line) and not re.search(drop, line):
                self.stage.program("gateway", line)

    def count(self):
        while not self.stop_counter.wait(0.25):
            client, server = self.stream.received()
            self.stage.show_status(f" TCP stream: {client:6} KiB down, {server:6} KiB up, every byte checked ")

    def silence(self):
        """Seconds from the last packet to the gateway's verdict that the client is silent, with some to spare."""
        schedule = self.timers["schedule"]
        return self.timers["idle"] + (sum(map(int, schedule.split())) if schedule else 93) + 15

    def wait_asleep(self, server):
        self.stage.say(f"link cut; the gateway probes after {self.timers['idle']} s of silence ...")
        self.network.cut()
        server.wait_state("toClient_0", "asleep", self.silence())

    # --- scenes

    def configurations(self):
        client, server = conf.client(fast=False), conf.server(fast=False)
        if self.timers is SHORT:
            for text, name in ((client, "toServer"), (server, "toClient")):
                text.phase1(name, dpd_retryinterval=SHORT["idle"], retransmit_schedule=SHORT["schedule"])
            server.phase1("toClient", client_resume_interval=SHORT["interval"])
        for text in (client, server):
            text.add(SWITCHES)
        self.stage.scene("Two configurations")
        if self.timers is SHORT:
            self.stage.say("The example's text, its timers shortened so that you need not wait (./dev demo --exact keeps them).")
        self.stage.say("10.1.100.11 - [client 11.101.1.1] - internet - [gateway 173.1.1.1] - 192.168.5.44")
        self.print_conf("client:", self.vpn_part(str(client)))
        self.print_conf("gateway:", self.vpn_part(str(server)))
        return client, server

    def tunnel_up(self, client_conf, server_conf):
        self.stage.scene("The tunnel comes up")
        server = self.world.server(server_conf).start(debug=False)
        trail = server.trail()
        client = self.world.client(client_conf).start(debug=False)
        self.world.wait_up(client, server)
        for who, daemon in (("gateway", server), ("client", client)):
            for line in daemon.log.lines:
                if "tunnel up:" in line:
                    self.stage.program(who, line)
        self.shell(server, "get vpn ipsec tunnel summary")
        self.stage.line()
        self.stage.say(f"ping from {netns.CLIENT_HOST} to {netns.SERVER_HOST}:")
        out = self.network.run("chost", "ping", "-n", "-c", "3", "-i", "0.3", netns.SERVER_HOST)
        for line in out.splitlines():
            if "bytes from" in line:
                self.stage.line("    " + line)
        self.stream = self.world.stream(rate=100)
        threading.Thread(target=self.count, daemon=True).start()
        self.stage.say("a TCP connection runs between them from now on; its numbers never go back")
        self.stream.wait_progress(150, 20)
        self.report_stream()
        return client, server, trail

    def report_stream(self):
        if not self.stage.live:
            down, up = self.stream.received()
            self.stage.say(f"TCP stream: {down} KiB down, {up} KiB up, every byte checked")

    def sleep_and_wake(self, server, trail):
        self.stage.scene("The client falls silent, and returns in time")
        mark = trail.mark()
        self.wait_asleep(server)
        self.trail_lines(trail, mark, r"link is idle|DPD probe|retransmission timeout|sleep period")
        self.shell(server, "diagnose vpn ike gateway list", r"^name:|^addr:|client-resume|status:")
        self.report_stream()
        self.stage.say(f"interface, address, route and connections are kept; {self.timers['rest']} s later the link is back")
        time.sleep(self.timers["rest"])
        mark = trail.mark()
        self.network.restore()
        server.wait_state("toClient_0", "up", 30)
        took = self.stream.wait_progress(50, 150)
        self.trail_lines(trail, mark, r"client has resumed|UP trap|tunnel up event|peer moved")
        for line in server.log.lines:
            if "tunnel asleep:" in line or "tunnel resumed:" in line:
                self.stage.program("gateway", line)
        self.stage.say(f"no login was needed; the same TCP connection went on {took:.1f} s after the tunnel woke")
        self.report_stream()

    def gateway_restarts(self, client, server):
        self.stage.scene("The gateway is killed under the connection, and starts again")
        client_mark = client.log.mark()
        server.kill()
        self.stage.say("kill -9; its SAs are gone for ever. It starts again with its state directory ...")
        server.start(debug=False)
        server.wait_state("toClient_0", "up", 20)
        took = self.stream.wait_progress(50, 60)
        for who, daemon, since in (("gateway", server, 0), ("client", client, client_mark)):  # the gateway's log began anew
            for line in daemon.log.lines[since:]:
                if re.search(r"tunnel restored|peer restarted|tunnel resumed", line):
                    self.stage.program(who, line)
        self.stage.say(f"a session ticket, no login; the same TCP connection went on {took:.1f} s after the tunnel was back")
        self.shell(server, "diagnose vpn ike status", r"by ticket")
        self.report_stream()
        return server.trail()

    def client_moves(self, server):
        self.stage.scene("The client moves to another address")
        mark = server.log.mark()
        self.network.move_client("11.101.1.77")
        took = self.stream.wait_progress(50, 60)
        self.stage.say(f"11.101.1.1 is now 11.101.1.77; the same TCP connection went on {took:.1f} s later")
        path = server.wait_state("toClient_0", "up", 20)["path"]
        self.stage.say(f"the gateway sends to {path['remote']['address']}")
        for line in server.log.lines[mark:]:
            if re.search(r"tunnel resumed", line):
                self.stage.program("gateway", line)
        self.report_stream()

    def sleep_and_expire(self, client, server, trail):
        self.stage.scene("The client falls silent again, and does not return in time")
        down, up = self.stream.received()
        self.stop_counter.set()
        self.stream.finish()
        self.stage.clear_status()
        self.stage.say(f"the stream was closed in order: {down} KiB down, {up} KiB up, not one byte wrong or missing")
        mark, log_mark = trail.mark(), server.log.mark()
        self.wait_asleep(server)
        self.shell(server, "get vpn ipsec tunnel summary")
        self.stage.say(f"asleep; nobody comes within {self.timers['interval']} s ...")
        server.wait_state("toClient_0", "gone", self.timers["interval"] + 10)
        trail.wait(r"toClient_0: flushed", mark, 5)
        self.trail_lines(trail, mark, r"sleep period|going to be deleted|flush|IPsec SA with SPI|del route|DOWN trap|while client sleeping")
        for line in server.log.lines[log_mark:]:
            if "tunnel " in line:
                self.stage.program("gateway", line)
        self.stage.say(f"interfaces at the gateway now: {' '.join(self.network.devices('sgw'))}")

    def play(self):
        client_conf, server_conf = self.configurations()
        client, server, trail = self.tunnel_up(client_conf, server_conf)
        self.sleep_and_wake(server, trail)
        trail = self.gateway_restarts(client, server)
        self.client_moves(server)
        self.sleep_and_expire(client, server, trail)
        self.stage.scene("Done")
        self.stage.say("Everything shown ran in network namespaces of its own and is gone now. See examples/ for the whole files.")


def main():
    parser = argparse.ArgumentParser(description="A tunnel that sleeps and wakes.")
    parser.add_argument("--exact", action="store_true", help="the example's own timers, about eight minutes")
    parser.add_argument("--plain", action="store_true", help="no colours and no live counter")
    options = parser.parse_args()
    reason = netns.why_not()
    if reason:
        print("the demonstration cannot run here:", reason, file=sys.stderr)
        return 1
    stage = Stage(live=sys.stdout.isatty() and not options.plain)
    with tempfile.TemporaryDirectory(prefix="dormouse-demo-") as workdir, netns.Network() as network:
        world = scenario.World(network, pathlib.Path(workdir))
        try:
            Show(world, stage, EXACT if options.exact else SHORT).play()
        except Failure as failure:
            stage.clear_status()
            print(f"\nthe demonstration failed: {failure}", file=sys.stderr)
            world.print_logs()
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
