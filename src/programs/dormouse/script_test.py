"""The shell without a terminal: -c, scripts, exit codes, --json, the debug trail. usage: script_test.py PATH_OF_DORMOUSE"""
import json
import signal
import subprocess
import sys
import tempfile
import unittest

from fake_daemon import FakeDaemon

DORMOUSE = sys.argv.pop(1)


def run(run_dir, *words, script=None):
    return subprocess.run([DORMOUSE, "--run-dir", run_dir, *words], input=script, capture_output=True, text=True, timeout=30, check=False)


class Commands(unittest.TestCase):
    def setUp(self):
        self.daemon = FakeDaemon()
        self.addCleanup(self.daemon.stop)

    def command(self, text, *options):
        return run(self.daemon.run_dir, *options, "-c", text)

    def test_a_list_shows_the_sleeper_and_what_it_has_left(self):
        done = self.command("diagnose vpn ike gateway list")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("client-resume: asleep 12s, 108s left, 1 asleep in toClient\n", done.stdout)

    def test_words_may_be_abbreviated(self):
        self.assertEqual(self.command("diag vpn ike gat l").stdout, self.command("diagnose vpn ike gateway list").stdout)
        self.assertEqual(self.command("g vpn ips tun sum").stdout, self.command("get vpn ipsec tunnel summary").stdout)

    def test_an_ambiguous_word_names_what_it_could_be(self):
        done = self.command("e")
        self.assertEqual(done.returncode, 2)
        self.assertIn("execute, exit", done.stderr)

    def test_an_unknown_word_is_a_mistake_with_a_suggestion(self):
        done = self.command("diagnose vpn tunel list")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("command parse error before 'tunel'\ndid you mean 'tunnel'?\nCommand fail. Return code -61\n", done.stderr)

    def test_an_incomplete_command_names_what_is_missing(self):
        done = self.command("diagnose vpn tunnel up")
        self.assertEqual(done.returncode, 2)
        self.assertIn("incomplete command in the end\nexpected: <PHASE2>\nCommand fail. Return code -160\n", done.stderr)

    def test_grep_filters_and_counts(self):
        self.assertEqual(self.command("diagnose vpn ike gateway list | grep -i CLIENT-RESUME").stdout,
                         "client-resume: asleep 12s, 108s left, 1 asleep in toClient\n")
        self.assertEqual(self.command("get vpn ipsec tunnel summary | grep -c toClient").stdout, "1\n")
        self.assertEqual(self.command("get vpn ipsec tunnel summary | sort").returncode, 2)

    def test_json_gives_the_status_limited_by_name(self):
        status = json.loads(self.command("diagnose vpn ike gateway list", "--json").stdout)
        self.assertEqual(status, self.daemon.status)
        limited = json.loads(self.command("diagnose vpn ike gateway list name nosuch", "--json").stdout)
        self.assertEqual(limited["tunnels"], [])

    def test_what_is_done_says_nothing_and_sends_the_names(self):
        done = self.command("diagnose vpn ike gateway flush name toClient_0\ndiagnose vpn ike gateway clear\n"
                            "diagnose vpn tunnel up p2 p1\nexecute vpn ipsec tunnel down p2\ndiagnose vpn tunnel flush t\nexecute reload")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.daemon.requests, [
            {"op": "gateway.flush", "name": "toClient_0"}, {"op": "gateway.clear", "name": None},
            {"op": "tunnel.up", "phase2": "p2", "phase1": "p1"}, {"op": "tunnel.down", "phase2": "p2", "phase1": None},
            {"op": "tunnel.flush", "name": "t"}, {"op": "reload"}])

    def test_draining_is_begun_with_a_gateway_and_ended_without(self):
        done = self.command("diagnose vpn ike gateway drain 192.0.2.9\ndiagnose vpn ike gateway drain gw2.example.org name toClient\n"
                            "diagnose vpn ike gateway drain stop name toClient\ndiagnose vpn ike gateway drain stop")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.daemon.requests, [
            {"op": "gateway.drain", "to": "192.0.2.9", "name": None}, {"op": "gateway.drain", "to": "gw2.example.org", "name": "toClient"},
            {"op": "gateway.drain.stop", "name": "toClient"}, {"op": "gateway.drain.stop", "name": None}])

    def test_a_refusal_of_the_daemon_fails_and_the_rest_still_runs(self):
        done = self.command("diagnose vpn ike gateway flush name nosuch\nget system status")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "no gateway named 'nosuch'\nCommand fail. Return code 1\n")
        self.assertIn("Version: Dormouse v0.1.0\nHostname: gw1\nTunnels: 0 up, 1 asleep, 1 in all\nState: kept in /var/lib/dormouse/sessions.db\n", done.stdout)

    def test_the_event_log_is_shown(self):
        self.assertIn("action=\"tunnel-asleep\"\n", self.command("execute log display").stdout)

    def test_a_script_file_runs_and_exit_ends_it(self):
        with tempfile.NamedTemporaryFile("w", suffix=".dm") as file:
            file.write("# totals\nget system status\nexit\nget nonsense\n")
            file.flush()
            done = run(self.daemon.run_dir, file.name)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Hostname: gw1", done.stdout)

    def test_a_missing_script_or_a_wrong_option_is_a_mistake(self):
        self.assertEqual(run(self.daemon.run_dir, "/nonexistent/script").returncode, 2)
        self.assertEqual(run(self.daemon.run_dir, "--nonsense").returncode, 2)
        self.assertEqual(run(self.daemon.run_dir, "-c").returncode, 2)


class WithoutDaemon(unittest.TestCase):
    def test_the_sentence_names_the_socket(self):
        with tempfile.TemporaryDirectory() as run_dir:
            done = run(run_dir, "-c", "get system status")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no daemon is running ({run_dir}/control.sock does not exist)", done.stderr)

    def test_help_works(self):
        with tempfile.TemporaryDirectory() as run_dir:
            done = run(run_dir, "-c", "help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("diagnose vpn tunnel up PHASE2 [PHASE1]", done.stdout)


class Configuration(unittest.TestCase):
    def setUp(self):
        self.daemon = FakeDaemon()
        self.addCleanup(self.daemon.stop)

    def script(self, text):
        return run(self.daemon.run_dir, "-", script=text)

    def test_show_prints_one_entry_with_its_secret_sealed(self):
        done = self.script("show vpn ipsec phase1-interface toClient\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith('config vpn ipsec phase1-interface\n    edit "toClient"\n        set type dynamic\n'), done.stdout)
        self.assertIn("set psksecret ENC c2VjcmV0\n", done.stdout)
        self.assertNotIn("keylife", done.stdout)
        self.assertIn("set keylife 86400\n", self.script("show full-configuration vpn ipsec phase1-interface\n").stdout)

    def test_an_entry_is_committed_at_next(self):
        done = self.script('config vpn ipsec phase1-interface\nedit "toClient"\nset client-resume enable\nset client-resume-interval 120\nnext\nend\n')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(len(self.daemon.commits()), 1)
        self.assertIn("        set client-resume-interval 120\n", self.daemon.config)
        self.assertIn('set ip 173.1.1.1 255.255.255.0', self.daemon.config)

    def test_two_entries_are_two_commits_on_top_of_each_other(self):
        done = self.script('config system interface\nedit "port1"\nset ip 10.0.0.1/24\nnext\nedit "port2"\nset ip 10.0.1.1/24\nend\n')
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(self.daemon.commits()), 2)
        for name in ("port1", "port2", "port8"):
            self.assertIn(f'edit "{name}"', self.daemon.config)

    def test_nothing_changed_is_nothing_committed(self):
        self.script("config system global\nend\nconfig system interface\nend\n")
        self.assertEqual(self.daemon.commits(), [])

    def test_a_nested_table_is_committed_with_its_entry(self):
        done = self.script('config system snmp community\nedit 1\nset name "public"\nconfig hosts\nedit 1\n'
                           "set ip 192.168.5.10 255.255.255.255\nnext\nedit 2\nset ip 192.168.5.11 255.255.255.255\nend\nset status enable\nnext\nend\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(self.daemon.commits()), 1)
        self.assertIn("set ip 192.168.5.11 255.255.255.255", self.daemon.config)

    def test_an_entry_left_as_it_was_is_not_committed(self):
        self.assertEqual(self.script('config vpn ipsec phase1-interface\nedit "toClient"\nset dpd on-idle\nset dpd on-demand\nunset dpd\nnext\nend\n').returncode, 0)
        self.assertEqual(self.daemon.commits(), [])

    def test_abort_and_a_script_that_ends_too_early_commit_nothing(self):
        self.assertEqual(self.script('config system interface\nedit "port1"\nset ip 10.0.0.1/24\nabort\n').returncode, 0)
        done = self.script('config system interface\nedit "port1"\nset ip 10.0.0.1/24\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn("not finished is lost", done.stderr)
        self.assertEqual(self.daemon.commits(), [])

    def test_a_wrong_value_is_refused_at_once_in_the_words_of_fortios(self):
        done = self.script('config vpn ipsec phase1-interface\nedit "toClient"\nset dpd on-idel\nend\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn("on-idel", done.stderr)
        self.assertRegex(done.stderr, r"Command fail\. Return code -\d+\n")
        self.assertIn("on-idle", done.stderr)

    def test_what_the_daemon_refuses_is_dropped_here_too(self):
        self.daemon.refuse_commit = {"ok": False, "error": "the configuration is not accepted", "diagnostics": [
            {"line": 3, "column": 5, "path": 'system interface "port1"', "attribute": "ip", "message": "overlaps port8", "accepted": "a free subnet"}]}
        done = self.script('config system interface\nedit "port1"\nset ip 173.1.1.9/24\nnext\nshow\nend\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn('system interface "port1": ip: overlaps port8; expected: a free subnet\nobject check operator error, -45, '
                      "discard the setting\nCommand fail. Return code 1\n", done.stderr)
        self.assertNotIn('edit "port1"', done.stdout)
        self.assertIn('edit "port8"', done.stdout)
        self.assertEqual(len(self.daemon.commits()), 1)

    def test_another_change_meanwhile_is_a_failure_and_the_next_try_has_both(self):
        self.daemon.refuse_commit = {"ok": False, "error": "configuration changed meanwhile"}
        done = self.script('config system interface\nedit "port1"\nset ip 10.0.0.1/24\nend\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn("configuration changed meanwhile\nthe change was discarded\n", done.stderr)
        self.daemon.refuse_commit = None
        self.assertEqual(self.script('config system interface\nedit "port1"\nset ip 10.0.0.1/24\nend\n').returncode, 0)

    def test_a_value_may_hold_a_bar_and_a_line_break(self):
        done = self.script('config vpn ipsec phase1-interface\nedit "toClient"\nset comments "a|b\nc"\nend\n')
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn('set comments "a|b\nc"', self.daemon.config)

    def test_get_of_an_object_prints_its_values(self):
        done = self.script("get system global\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r'hostname +: "?gw1"?\n')


class Trail(unittest.TestCase):
    def setUp(self):
        self.daemon = FakeDaemon()
        self.addCleanup(self.daemon.stop)

    def start(self, script):
        process = subprocess.Popen([DORMOUSE, "--run-dir", self.daemon.run_dir, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for stream in (process.stdout, process.stderr):
            self.addCleanup(stream.close)
        process.stdin.write(script)
        process.stdin.flush()
        return process

    def test_the_trail_goes_on_after_the_script_until_interrupted(self):
        process = self.start("diagnose debug console timestamp enable\ndiagnose vpn ike log filter name toClient\n"
                             "diagnose debug application ike -1\ndiagnose debug enable\n")
        process.stdin.close()
        asked = self.daemon.wait_for("debug")
        self.assertEqual(asked, {"op": "debug", "level": -1, "timestamps": True, "filter": {"name": "toClient"}})
        self.daemon.push("ike V=root:0:toClient_0: starting client-resume sleep period 120 sec (1)")
        self.assertEqual(process.stdout.readline(), "ike V=root:0:toClient_0: starting client-resume sleep period 120 sec (1)\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), 0)

    def test_lines_come_while_the_script_is_still_being_written(self):
        process = self.start("diagnose debug application ike -1\ndiagnose debug enable\n")
        self.daemon.wait_for("debug")
        self.daemon.push("ike V=root:0: one")
        self.assertEqual(process.stdout.readline(), "ike V=root:0: one\n")
        process.stdin.write("diagnose debug disable\nget vpn ipsec tunnel summary\n")
        process.stdin.close()
        self.assertIn("'toClient_0'", process.stdout.readline())
        self.assertEqual(process.wait(10), 0)

    def test_a_level_of_nothing_prints_nothing_and_ends(self):
        process = self.start("diagnose debug application ike 0\ndiagnose debug enable\n")
        process.stdin.close()
        self.assertEqual(process.wait(10), 0)
        self.assertEqual(self.daemon.requests, [])

    def test_the_end_of_the_daemon_is_told(self):
        process = self.start("diagnose debug application ike -1\ndiagnose debug enable\n")
        process.stdin.close()
        self.daemon.wait_for("debug")
        self.daemon.end_streams()
        self.assertEqual(process.wait(10), 1)
        self.assertIn("the debug trail ended", process.stderr.read())


if __name__ == "__main__":
    unittest.main(verbosity=1)
