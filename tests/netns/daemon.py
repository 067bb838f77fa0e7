"""The two programs under test, in a namespace: dormoused with its log, and dormouse with its trail."""
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import threading
import time

from netns import Failure, wait_for


# Who carries the packets in every daemon of this run: "userspace" or "kernel". Without it, what the daemon chooses.
PLANE = os.environ.get("DORMOUSE_PLANE", "")
PLANE_SETTING = f"\nconfig system settings\n    set ipsec-data-plane {PLANE}\nend\n" if PLANE else ""


class Log:
    """Lines of a stream, gathered by a thread, with the moment each came."""

    def __init__(self, stream, name):
        self.name, self.lines, self.times = name, [], []
        self._changed = threading.Condition()
        self.closed = False
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self.times.append(time.monotonic())
                self._changed.notify_all()
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def mark(self):
        """A place to search from: what is already there does not count."""
        return len(self.lines)

    def find(self, pattern, since=0):
        """The first match object at or after `since`, or None."""
        return next((m for m in (re.search(pattern, line) for line in self.lines[since:]) if m), None)

    def wait(self, pattern, since=0, timeout=15.0):
        """Waits for a line that matches; returns the match."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                match = self.find(pattern, since)
                if match:
                    return match
                left = deadline - time.monotonic()
                if left <= 0 or self.closed:
                    why = "the log ended" if self.closed else f"waited {timeout:g} s"
                    raise Failure(f"{self.name}: no line like /{pattern}/ ({why})")
                self._changed.wait(left)

    def expect_none(self, pattern, since=0):
        match = self.find(pattern, since)
        if match:
            raise Failure(f"{self.name}: unexpected line: {match.string}")

    def expect_order(self, patterns, since=0):
        """Each pattern in a line of its own, in this order; other lines may stand between."""
        at = since
        for pattern in patterns:
            for at in range(at, len(self.lines)):
                if re.search(pattern, self.lines[at]):
                    break
            else:
                raise Failure(f"{self.name}: no line like /{pattern}/ in its place in the order")
            at += 1


class Daemon:
    """One dormoused. Its directories outlive it, so that it can be started again after a kill."""

    def __init__(self, network, host, conf, workdir):
        self.network, self.host = network, host
        self.home = pathlib.Path(workdir) / host
        self.state, self.rundir = self.home / "state", self.home / "run"
        for folder in (self.state, self.rundir):
            folder.mkdir(parents=True, exist_ok=True)
        self.conf = self.home / "dormouse.conf"
        self.process, self.log, self.past_logs = None, None, []
        self.bus = None  # path of a system bus of its own
        self.options = ()  # more words of its command line
        self.write(conf)

    def write(self, conf):
        self.conf.write_text(str(conf) + PLANE_SETTING, encoding="utf-8")
        self.conf.chmod(0o600)

    def command(self, *more):
        return [os.environ["DORMOUSED"], "--config", str(self.conf), "--state-dir", str(self.state), "--run-dir",
                str(self.rundir), *more]

    def start(self, timeout=10.0, debug=True):
        """Starts it and waits until it serves. `debug`: the IKE trail goes to the log too, for the reader of a failure."""
        environment = {k: v for k, v in os.environ.items() if k not in ("JOURNAL_STREAM", "NOTIFY_SOCKET")}
        environment["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={self.bus or self.home / 'no-bus'}"  # never the host's
        self.process = self.network.start(self.host, *self.command(*(["--debug"] if debug else []), *self.options), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, text=True, errors="replace", env=environment)
        if self.log:
            self.past_logs.append(self.log)
        self.log = Log(self.process.stderr, f"dormoused on {self.host}")
        self.log.wait(r"dormoused \S+ started", timeout=timeout)
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, timeout=10.0):
        """Ends it as an administrator would; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self):
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def reload(self, conf=None):
        if conf is not None:
            self.write(conf)
        mark = self.log.mark()
        self.process.send_signal(signal.SIGHUP)
        return self.log.wait(r"configuration (applied|refused)", mark)[1] == "applied"

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    # --- asking

    def control(self, request):
        """One request to the control socket; the answer as it is."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(str(self.rundir / "control.sock"))
            body = json.dumps(request).encode()
            s.sendall(struct.pack(">I", len(body)) + body)
            stream = s.makefile("rb")
            size, = struct.unpack(">I", stream.read(4))
            return json.loads(stream.read(size))

    def status(self):
        answer = self.control({"op": "status"})
        if not answer.get("ok"):
            raise Failure(f"status of {self.host}: {answer.get('error')}")
        return answer["status"]

    def tunnels(self):
        return {tunnel["name"]: tunnel for tunnel in self.status()["tunnels"]}

    def wait_state(self, name, state, timeout=15.0):
        """Waits until a tunnel is in a state ("up", "asleep", "gone" for not there at all); returns its status."""
        def look():
            tunnel = self.tunnels().get(name)
            return (tunnel is None) if state == "gone" else (tunnel if tunnel and tunnel["state"] == state else None)
        return wait_for(f"{name} on {self.host} to be {state}", look, timeout, 0.1)

    def shell(self, command, check=True, timeout=10):
        """What the operator's shell prints for one command."""
        words = [os.environ["DORMOUSE"], "--run-dir", str(self.rundir), "-c", command]
        return self.network.run(self.host, *words, check=check, timeout=timeout)

    def trail(self):
        """The debug trail from now on, as `diagnose debug application ike -1` shows it."""
        process = self.network.start(self.host, os.environ["DORMOUSE"], "--run-dir", str(self.rundir), "-",
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        process.stdin.write("diagnose debug application ike -1\ndiagnose debug enable\n")
        process.stdin.close()
        log = Log(process.stdout, f"trail of {self.host}")
        time.sleep(0.3)
        if log.closed and process.poll() is not None:
            raise Failure("the shell ended instead of showing the trail: " + " / ".join(log.lines))
        log.process = process
        return log
