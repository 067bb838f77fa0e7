"""The shell at a terminal: prompt, '?', Tab, history, Ctrl+C, the debug trail above the line. usage: pty_test.py PATH_OF_DORMOUSE"""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
import unittest

from fake_daemon import FakeDaemon

DORMOUSE = sys.argv.pop(1)
SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[()][A-Z0-9]")
COLUMNS = 200


class Screen:
    """As much of a terminal as libedit uses, without a last line."""

    def __init__(self):
        self.lines, self.row, self.column, self.pending = [""], 0, 0, ""

    def feed(self, text):
        text = self.pending + text
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = SEQUENCE.match(text, at)
                if not found:
                    break   # the rest of it comes later
                self.control(found[1], found[2])
                at = found.end()
            else:
                self.put(text[at])
                at += 1
        self.pending = text[at:]

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character >= " ":
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1

    def control(self, number, letter):
        count = int(number) if number and number.isdigit() else 1
        if letter == "A":
            self.row = max(0, self.row - count)
        elif letter == "C":
            self.column += count
        elif letter == "D":
            self.column = max(0, self.column - count)
        elif letter == "G":
            self.column = count - 1
        elif letter in "JK":
            self.lines[self.row] = self.lines[self.row][:self.column]
            if letter == "J":
                del self.lines[self.row + 1:]
        elif letter == "P":
            line = self.lines[self.row]
            self.lines[self.row] = line[:self.column] + line[self.column + count:]


class Terminal:
    """The program with a terminal of its own."""

    def __init__(self, run_dir, home):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # libedit keeps a few strings to the end: no leak of ours.
            os.environ.update(TERM="xterm", HOME=home, LC_ALL="C.UTF-8", ASAN_OPTIONS="detect_leaks=0")
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
            os.execv(DORMOUSE, [DORMOUSE, "--run-dir", run_dir])
        self.screen = Screen()
        self.seen = 0   # characters of the screen's text that wait() went past

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self, pattern, seconds=10):
        """What the screen shows up to and with the pattern, from where the last call ended."""
        until = time.monotonic() + seconds
        while True:
            text = "\n".join(self.screen.lines)
            found = re.compile(pattern).search(text, self.seen)
            if found:
                shown, self.seen = text[self.seen:found.end()], found.end()
                return shown
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f"no {pattern!r} in {text[self.seen:]!r}")
            try:
                self.screen.feed(os.read(self.fd, 65536).decode(errors="replace"))
            except OSError as e:
                raise AssertionError(f"the shell ended; no {pattern!r} in {text[self.seen:]!r}") from e

    def wait_editing(self, seconds=10):
        """Until the editor has the terminal: what is typed before is echoed by the kernel, into the prompt."""
        until = time.monotonic() + seconds
        while termios.tcgetattr(self.fd)[3] & (termios.ICANON | termios.ECHO):
            if time.monotonic() > until:
                raise AssertionError("the shell does not take the terminal over")
            time.sleep(0.005)

    def end(self, seconds=10):
        """The exit code."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:  # the other end is closed: it is about to end
                    time.sleep(0.02)
        raise AssertionError("the shell does not end")

    def close(self):
        try:
            if os.waitpid(self.pid, os.WNOHANG)[0] == 0:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass
        os.close(self.fd)


class Typing(unittest.TestCase):
    def setUp(self):
        self.daemon = FakeDaemon()
        self.addCleanup(self.daemon.stop)
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name
        self.terminal = self.open()

    def open(self):
        terminal = Terminal(self.daemon.run_dir, self.home)
        self.addCleanup(terminal.close)
        terminal.wait(r"gw1 # ")
        terminal.wait_editing()
        return terminal

    def test_a_question_mark_lists_what_can_follow_without_enter(self):
        t = self.terminal
        t.type("diagnose vpn tunnel ?")
        shown = t.wait(r"flush.*\n+gw1 # diagnose vpn tunnel ")   # the line as it was, below the help
        for words in (r"list +every tunnel's selectors", r"up +bring a phase 2 up", r"flush +delete"):
            self.assertRegex(shown, words)
        self.daemon.wait_for("version")
        self.assertEqual(self.daemon.requests, [{"op": "version"}])
        t.type("list\n")
        t.wait(r"name=toClient_0 .*status=asleep")

    def test_tab_completes_words_and_names_of_tunnels(self):
        t = self.terminal
        t.type("diag\tvpn\tike ga\tl\tn\ttoClient_\t\n")
        t.wait(r"diagnose vpn ike gateway list name toClient_0 ")
        t.wait(r"client-resume: asleep 12s")

    def test_tab_shows_the_choices_when_there_are_several(self):
        t = self.terminal
        t.type("execute vpn ipsec tunnel \t")
        self.assertRegex(t.wait(r"down .*\n"), r"up +bring a phase 2 up\ndown +bring it down")

    def test_the_prompt_says_where_one_is(self):
        t = self.terminal
        t.type("config vpn ipsec phase1-interface\n")
        t.wait(r"gw1 \(phase1-interface\) # ")
        t.type("edit toClient\n")
        t.wait(r"gw1 \(toClient\) # ")
        t.type("set client-resume ?")
        t.wait(r"(?s)enable.*disable|disable.*enable")
        t.type("en\t\nset client-resume-interval 90\nend\n")
        self.daemon.wait_for("config.commit")
        t.wait(r"gw1 # ")
        self.assertIn("set client-resume-interval 90", self.daemon.config)

    def test_an_attribute_is_completed_from_the_schema(self):
        t = self.terminal
        t.type("config vpn ipsec phase1-interface\nedit toClient\nset dpd-retryi\t")
        t.wait(r"set dpd-retryinterval ")

    def test_control_c_abandons_the_line_and_keeps_the_shell(self):
        t = self.terminal
        t.type("diagnose vpn ike gateway clear")
        t.wait("clear")
        t.type("\x03")
        t.wait(r"\^C\n+gw1 # ")
        t.type("get system status\n")
        t.wait(r"Hostname: gw1")
        self.assertNotIn("gateway.clear", [r["op"] for r in self.daemon.requests])

    def test_the_trail_is_printed_above_the_line_being_typed(self):
        t = self.terminal
        t.type("diagnose debug application ike -1\ndiagnose debug enable\n")
        self.daemon.wait_for("debug")
        t.type("get sys")
        t.wait(r"get sys")
        self.daemon.push("ike V=root:0:toClient_0: client has resumed (1)")
        t.seen = 0
        t.wait(r"gw1 # diagnose debug enable\nike V=root:0:toClient_0: client has resumed \(1\)\ngw1 # get sys")
        t.type("tem status\n")
        t.wait(r"Hostname: gw1")
        t.type("diagnose debug disable\n")
        t.wait(r"gw1 # ")

    def test_lines_are_remembered_but_not_secrets(self):
        t = self.terminal
        t.type("get system status\n")
        t.wait(r"Hostname: gw1")
        t.type("config vpn ipsec phase1-interface\nedit toClient\nset psksecret hush-hush-hush\nabort\nexit\n")
        self.assertEqual(t.end(), 0)
        history = pathlib.Path(self.home, ".dormouse_history")
        self.assertNotIn("hush", history.read_text(encoding="utf-8"))
        self.assertEqual(history.stat().st_mode & 0o077, 0)
        t = self.open()
        t.type("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\n")
        t.wait(r"Hostname: gw1")

    def test_a_quote_goes_on_in_the_next_line(self):
        t = self.terminal
        t.type('config vpn ipsec phase1-interface\nedit toClient\nset comments "what?\n')
        t.wait(r"> ")
        t.type('is this"\nend\n')
        self.daemon.wait_for("config.commit")
        self.assertIn('set comments "what?\nis this"', self.daemon.config)

    def test_indented_text_can_be_pasted(self):
        t = self.terminal
        t.type('config system interface\n\tedit "port1"\n\t\tset ip 10.0.0.1 255.255.255.0\n\tnext\nend\n')
        self.daemon.wait_for("config.commit")
        self.assertIn('edit "port1"', self.daemon.config)

    def test_the_end_of_input_ends_the_shell(self):
        self.terminal.type("\x04")
        self.assertEqual(self.terminal.end(), 0)


class WithoutDaemon(unittest.TestCase):
    def test_the_shell_starts_says_so_and_helps(self):
        with tempfile.TemporaryDirectory() as directory:
            t = Terminal(directory, directory)
            self.addCleanup(t.close)
            t.wait(rf"no daemon is running \({directory}/control.sock does not exist\)")
            t.wait(r"dormouse # ")
            t.type("config vpn ipsec ?")
            t.wait(r"phase1-interface")
            t.type("\x03")   # alone: the terminal throws away what it has when it sees it
            t.wait(r"\^C\n+dormouse # ")
            t.type("exit\n")
            self.assertEqual(t.end(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
