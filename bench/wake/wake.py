#!/usr/bin/env python3
"""How soon a tunnel carries packets again once the network is back.

    wake.py BUILD_DIRECTORY [--quick] [--rounds N] [--rtt MS,...] [--rows WORD,...] [--json FILE]

Every row of the table is a tunnel of its own between two gateways, with a path of a known round trip r in between (path.py).
A download runs through it, 20 packets each 10 ms. Then the path is cut, for so long that both ends know and that the download's TCP asks
ever more rarely; what the row wants happens in the dark (a gateway killed and started again); and then the network comes
back, at a moment on CLOCK_MONOTONIC that the instrument itself notes:

    link   the client's own link is up again and it gets its route, as when a laptop wakes or joins a network
    path   only the middle comes back; nothing tells the client

Measured from there: the first answer to a ping (one every 5 ms from the inside host), and the first new octet of the
download. All tunnels of one r are cut together and come back one after the other, in an order that is drawn anew.

"3 r + 8.1" says what is left when the round trips that cannot be spared are taken off: one for the ping itself, and two
more where a ticket or a login has to be shown first. Up to 5 ms (2.5 on average) are the wait for the next ping.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "netns"))

import ends  # noqa: E402
import netns  # noqa: E402
import path  # noqa: E402

SHORT_CUT, LONG_CUT = 16.0, 200.0  # s
SOON = 2.5  # s; whoever is not back by then is waited for after the others
NEVER = float("inf")


@dataclass
class Row:
    """One kind of tunnel and one way back."""
    title: str
    kind: type
    event: str = "link"  # link, path, or none: nothing is cut
    trips: int = 1  # round trips that the first answered ping takes at best
    ping: bool = True
    crash: str = ""  # gateway, client: killed and started again in the dark
    long: bool = False
    goal: float | None = None  # ms on top of the trips
    expect: str = ""  # how a Dormouse's client must say that it came back; a login counts as none
    options: dict = field(default_factory=dict)

    def fits(self, want):
        """Whether its title has all these words, and none of those with a minus before it."""
        title = self.title.replace(",", "").split()
        return all(w[1:] not in title if w.startswith("-") else w in title for w in want.split())


D, W, S = ends.Dormouse, ends.Wireguard, ends.StrongSwan
TICKET = {"tickets": True}
QCD = {"tickets": True, "qcd": True}
ROWS = [
    Row("dormouse by address, link", D, goal=5, expect="address"),
    Row("dormouse by address, link, with a ticket at hand", D, goal=5, expect="address", options=QCD),
    Row("dormouse by address, path", D, "path", goal=5, expect="address"),
    Row("dormouse by address, path, client silent", D, "path", ping=False, expect="address"),
    Row("dormouse by ticket, link", D, trips=3, crash="gateway", goal=10, expect="ticket", options=TICKET),
    Row("dormouse by ticket, link, crash detection", D, trips=3, crash="gateway", goal=10, expect="ticket", options=QCD),
    Row("dormouse by ticket, path, crash detection", D, "path", trips=3, crash="gateway", expect="ticket", options=QCD),
    Row("dormouse by ticket, gateway restarted under it", D, "none", trips=3, crash="gateway", expect="ticket", options=QCD),
    Row("dormouse by login, link", D, trips=3, crash="gateway", expect="login"),
    Row("dormouse by login, link, crash detection", D, trips=3, crash="gateway", expect="login", options={"qcd": True}),
    Row("dormouse by login, client restarted", D, "none", trips=3, crash="client"),
    Row("wireguard-go, link", W),
    Row("wireguard-go, path", W, "path"),
    Row("wireguard-go, link, gateway restarted", W, trips=2, crash="gateway"),
    Row("strongswan, link", S),
    Row("strongswan, path", S, "path"),
    Row("strongswan, link, gateway restarted", S, crash="gateway"),
    Row("dormouse by address, link, FortiOS timers", D, goal=5, long=True, expect="address", options={"fast": False}),
    Row("dormouse by address, path, FortiOS timers", D, "path", goal=5, long=True, expect="address", options={"fast": False}),
    Row("wireguard-go, link, long cut", W, trips=2, long=True),
    Row("wireguard-go, path, long cut", W, "path", trips=2, long=True),
    Row("strongswan, link, long cut", S, long=True),
    Row("strongswan, path, long cut", S, "path", long=True),
    Row("strongswan, path, long cut, dpd_action restart", S, "path", long=True, options={"restart": True}),
]


class Case:
    """A row at one round trip: its network, its tunnel, and what was measured."""

    def __init__(self, row, rtt, tools, workdir):
        self.row, self.rtt = row, rtt
        workdir.mkdir(parents=True)
        self.network = path.Network(tools, rtt)
        self.end = row.kind(self.network, workdir, **row.options)
        self.ping, self.byte, self.ways = [], [], []
        self.waiting = {}

    def up(self):
        self.end.up()
        netns.wait_for("a ping through the tunnel", lambda: self.network.ping("chost", netns.SERVER_HOST), 15)
        self.network.start_load()

    def cut(self):
        if self.row.event == "none":
            return
        self.network.cut_link() if self.row.event == "link" else self.network.cut_path()

    def crash(self):
        """Early in the dark, so that what is sent to the sleeper afterwards meets the new daemon."""
        if self.row.event != "none" and self.row.crash == "gateway":
            self.end.crash()

    def sleep(self):
        """Until both ends know."""
        if self.row.event != "none":
            self.end.wait_asleep()

    def back(self):
        """The network is back: begins to measure."""
        network, row = self.network, self.row
        if row.ping:
            network.pings.tell("start")
        time.sleep(0.3 + random.random() * 0.5)  # in no step with anybody's timers
        if row.event == "none":
            since = self.end.crash() if row.crash == "gateway" else self.end.crash_client()
        else:
            since = network.restore_link() if row.event == "link" else network.restore_path()
        until = time.monotonic() + SOON
        self.waiting = {"byte": path.First(network.download, since)}
        if row.ping:
            self.waiting["ping"] = path.First(network.pings, since)
        self.collect(until)

    def collect(self, until):
        for name, first in list(self.waiting.items()):
            took = first.wait(until)
            if took is None:
                continue
            (self.ping if name == "ping" else self.byte).append(took)
            del self.waiting[name]
            if name == "ping":
                self.network.pings.tell("stop")
        if not self.waiting and self.way_wanted():
            self.ways.append(self.end.way())

    def way_wanted(self):
        return len(self.ways) < len(self.byte)

    def give_up(self):
        """What has not come by now never came."""
        for name in self.waiting:
            (self.ping if name == "ping" else self.byte).append(NEVER)
        if self.waiting:
            self.network.pings.tell("stop")
            self.ways.append("")
            self.waiting = {}
            # The questions are still open; their answers would be taken for later ones.
            if self.row.kind is not D:
                self.end.recover()
            deadline = time.monotonic() + 150
            while not self.network.ping("chost", netns.SERVER_HOST) and time.monotonic() < deadline:
                time.sleep(1)
            self.network.start_load()

    def wrong_ways(self):
        return [way for way in self.ways if self.row.expect and way != self.row.expect]


def say(text):
    print(text, file=sys.stderr, flush=True)


def play(cases, rounds, dark):
    """All of them, `rounds` times: cut together, and back one by one."""
    for number in range(rounds):
        for case in cases:
            case.network.wait_download()
        begin = time.monotonic()
        for case in cases:
            case.cut()
        for case in cases:
            case.crash()
        time.sleep(max(0.0, begin + dark - time.monotonic()))
        for case in cases:
            case.sleep()
        for case in random.sample(cases, len(cases)):
            case.back()
        until = time.monotonic() + path.MOST_WAIT
        for case in cases:
            if case.waiting:
                case.collect(until)
            case.give_up()
        say(f"  round {number + 1} of {rounds}: {time.monotonic() - begin:.0f} s")
        for case in cases:
            say(f"    {case.row.title:52} {case.ways[-1]:8} ping {number_of(case.ping[-1:])} byte {number_of(case.byte[-1:])}")


def number_of(values):
    if not values:
        return "-"
    middle = statistics.median(values)
    return f"> {path.MOST_WAIT:.0f} s" if middle == NEVER else f"{middle:.1f}"


def span_of(values):
    if not values or values[0] == NEVER == max(values) == min(values):
        return ""
    top = "never" if max(values) == NEVER else f"{max(values):.1f}"
    return f"{min(values):.1f}..{top}"


def surplus(values, rtt, trips):
    """'3 r + 8.1'."""
    if not values or statistics.median(values) == NEVER:
        return ""
    left = statistics.median(values) - trips * rtt
    return f"{f'{trips} ' if trips > 1 else ''}r {'+' if left >= 0 else '-'} {abs(left):.1f}"


def table(cases):
    lines = ["| way back | r | ping, median | min..max | as | download, median | min..max | as |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    order = {id(row): n for n, row in enumerate(ROWS)}
    for case in sorted(cases, key=lambda c: (order[id(c.row)], c.rtt)):
        row = case.row
        cells = [row.title, f"{case.rtt:g}", number_of(case.ping), span_of(case.ping), surplus(case.ping, case.rtt, row.trips),
                 number_of(case.byte), span_of(case.byte), surplus(case.byte, case.rtt, row.trips)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def goals(cases):
    """One line for each goal and r."""
    out = []
    for case in cases:
        if case.row.goal is None or not case.ping:
            continue
        over = statistics.median(case.ping) - case.row.trips * case.rtt
        reached = "reached" if over <= case.row.goal else "MISSED"
        out.append(f"{reached}: {case.row.title}, r = {case.rtt:g} ms: {case.row.trips} r + {over:.1f} ms of {case.row.goal:g}")
    return out


def choose(options):
    """The rows that are wanted and possible."""
    rows, told = [], set()
    for row in ROWS:
        if row.long and not options.long:
            continue
        if options.rows and not any(row.fits(want) for want in options.rows.split(",")):
            continue
        why = row.kind.missing()
        if why and row.kind not in told:
            print(f"{row.kind.name}: left out: {why}")
            told.add(row.kind)
        if not why:
            rows.append(row)
    return rows


def measure(rows, rtt, rounds, dark, tools, scratch):
    """One batch: all rows at one r; returns the cases."""
    cases, kept = [], []
    try:
        for n, row in enumerate(rows):
            case = Case(row, rtt, tools, scratch / f"{rtt:g}-{dark:g}-{n}")
            cases.append(case)
            try:
                case.up()
            except netns.Failure as e:
                print(f"{row.title}: left out: {e}\n{case.end.words()}")
                continue
            kept.append(case)
        if kept:
            print(f"r = {rtt:g} ms: a ping outside any tunnel takes {kept[0].network.line_error_us():+.0f} us more; "
                  f"{len(kept)} tunnels", flush=True)
            play(kept, rounds, dark)
            lines = [case.network.line.ask("error", "error") for case in kept]
            print(f"r = {rtt:g} ms: the delay line left frames late by: " + max(lines, key=lambda t: float(t.split("most ")[1].split()[0])))
    finally:
        for case in cases:
            case.end.down()
            case.network.close()
    return kept


def main():
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="r = 20 ms, two rounds, no long cuts: about three minutes")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rtt", help="round trips in ms, default 0,20,100")
    parser.add_argument("--rows", help="only rows with these words, as: 'dormouse ticket,wireguard-go -path'")
    parser.add_argument("--no-long", dest="long", action="store_false", help="leave out the cuts of 200 s")
    parser.add_argument("--json", type=pathlib.Path, help="write all values here")
    options = parser.parse_args()
    reason = netns.why_not()
    if reason:
        parser.error(reason)
    if options.quick:
        options.long = False
    rounds = options.rounds or (2 if options.quick else 5)
    rtts = [float(r) for r in (options.rtt or ("20" if options.quick else "0,20,100")).split(",")]
    build = options.build.resolve()
    os.environ.setdefault("DORMOUSED", str(build / "src/programs/dormoused/dormoused"))
    os.environ.setdefault("DORMOUSE", str(build / "src/programs/dormouse/dormouse"))
    rows, done = choose(options), []
    with tempfile.TemporaryDirectory(prefix="dormouse-wake-") as directory:
        for rtt in rtts:
            for long in (False, True):
                chosen = [r for r in rows if r.long == long]
                if chosen:
                    say(f"r = {rtt:g} ms, " + ("long cuts" if long else "short cuts"))
                    done += measure(chosen, rtt, min(rounds, 2) if long else rounds, LONG_CUT if long else SHORT_CUT,
                                    build / "bench/wake", pathlib.Path(directory))
    print(table(done))
    print("Times in ms from the moment the network was back. ping: first answer; download: first new octet.")
    print("\n".join(goals(done)))
    if options.json:
        options.json.write_text(json.dumps([{"row": c.row.title, "rtt_ms": c.rtt, "trips": c.row.trips, "goal_ms": c.row.goal,
                                             "ping_ms": [None if v == NEVER else v for v in c.ping],
                                             "download_ms": [None if v == NEVER else v for v in c.byte], "ways": c.ways}
                                            for c in done], indent=1) + "\n")
    wrong = [(c.row.title, c.rtt, c.wrong_ways()) for c in done if c.wrong_ways()]
    for title, rtt, ways in wrong:
        print(f"not the way it was meant to: {title}, r = {rtt:g} ms: {', '.join(ways)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
