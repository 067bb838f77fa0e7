"""A daemon that is none: it answers the control socket from a script, for tests of the shell."""
import json
import os
import pathlib
import socket
import struct
import tempfile
import threading

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "status_view" / "golden"

CONFIG = """config system global
    set hostname "gw1"
end
config system interface
    edit "port8"
        set ip 173.1.1.1 255.255.255.0
    next
end
config vpn ipsec phase1-interface
    edit "toClient"
        set type dynamic
        set interface "port8"
        set ike-version 2
        set peertype any
        set psksecret ENC c2VjcmV0
    next
end
"""


class FakeDaemon:
    """Listens on RUN_DIR/control.sock until stop(). `requests` holds what was asked, in order."""

    def __init__(self, status="asleep"):
        self.directory = tempfile.TemporaryDirectory(prefix="dormouse-shell-")
        self.run_dir = self.directory.name
        self.socket_path = os.path.join(self.run_dir, "control.sock")
        self.status = json.loads((GOLDEN / f"{status}.json").read_text(encoding="utf-8"))
        self.config, self.revision = CONFIG, 7
        self.refuse_commit = None    # an answer to give instead of taking a commit
        self.requests, self.streams = [], []
        self.changed = threading.Condition()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket_path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends every connection and removes the socket."""
        self.listener.close()
        self.end_streams()
        self.directory.cleanup()

    def end_streams(self):
        """Closes the connections that the debug trail goes over."""
        with self.changed:
            for client in self.streams:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError:  # the shell was faster
                    pass
            self.streams.clear()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, client.makefile("rb") as stream:
            while True:
                try:
                    head = stream.read(4)
                    if len(head) < 4:
                        return
                    request = json.loads(stream.read(struct.unpack(">I", head)[0]))
                except OSError:  # the shell ended with something unread
                    return
                with self.changed:
                    try:
                        self.send(client, self._answer(request))
                    except OSError:  # the shell ended without waiting
                        return
                    self.requests.append(request)
                    if request["op"] == "debug" and client not in self.streams:
                        self.streams.append(client)
                    self.changed.notify_all()

    @staticmethod
    def send(client, message):
        text = json.dumps(message).encode()
        client.sendall(struct.pack(">I", len(text)) + text)

    def _answer(self, request):
        op = request["op"]
        if op == "status":
            return {"ok": True, "status": self.status}
        if op == "version":
            return {"ok": True, "version": "0.1.0", "hostname": "gw1"}
        if op == "config.get":
            return {"ok": True, "text": self.config, "revision": self.revision}
        if op == "config.commit":
            return self._commit(request)
        if op == "events":
            return {"ok": True, "lines": ["date=2026-01-02 action=\"tunnel-up\"", "date=2026-01-02 action=\"tunnel-asleep\""]}
        if op in ("gateway.clear", "gateway.flush") and request["name"] == "nosuch":
            return {"ok": False, "error": "no gateway named 'nosuch'"}
        return {"ok": True}

    def _commit(self, request):
        if self.refuse_commit is not None:
            return self.refuse_commit
        if request["revision"] != self.revision:
            return {"ok": False, "error": "configuration changed meanwhile"}
        self.config = request["text"]
        self.revision += 1
        return {"ok": True, "summary": "applied"}

    def wait_for(self, op, count=1, seconds=10):
        """The `count`-th request of that kind."""
        def found():
            return [r for r in self.requests if r["op"] == op]
        with self.changed:
            if not self.changed.wait_for(lambda: len(found()) >= count, seconds):
                raise AssertionError(f"no {count}. request '{op}', only {self.requests}")
            return found()[count - 1]

    def push(self, line):
        """One line of the debug trail to every shell that asked for it."""
        with self.changed:
            for client in self.streams:
                self.send(client, {"line": line})

    def commits(self):
        with self.changed:
            return [r["text"] for r in self.requests if r["op"] == "config.commit"]
