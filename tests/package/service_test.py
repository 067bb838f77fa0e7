"""The package as an administrator meets it: installed, configured, used, upgraded, removed. Runs as root in a machine that is
thrown away afterwards, under its systemd (tests/package/boot).

usage: service_test.py PACKAGE.deb
"""
import json
import os
import pathlib
import pwd
import re
import signal
import subprocess
import sys
import time

DEB = sys.argv[1]
CONF = pathlib.Path("/etc/dormouse/dormouse.conf")
EXPOSURE = 1.9  # systemd's own scale, 0 to 10: what is documented in docs/install.md
OURS = 1 << 10 | 1 << 12 | 1 << 13  # CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW

COMMON = """
config system settings
    set ike-quick-crash-detect enable
    set ike-session-resume enable
end
config firewall address
    edit "left"
        set subnet 10.1.100.0 255.255.255.0
    next
    edit "right"
        set subnet 192.168.5.0 255.255.255.0
    next
end
config system interface
    edit "wan"
    next
    edit "lan"
    next
end
config vpn ipsec phase1-interface
    edit "{name}"
        set interface "wan"
        set ike-version 2
        set peertype any
        set net-device enable
        set proposal aes256gcm-prfsha384
        set dpd on-idle
        set psksecret "a secret of this test alone"
        {phase1}
    next
end
config vpn ipsec phase2-interface
    edit "{name}"
        set phase1name "{name}"
        set proposal aes256gcm
        {phase2}
    next
end
config firewall policy
    edit 1
        set srcintf "{name}"
        set dstintf "lan"
        set action accept
        set srcaddr "all"
        set dstaddr "all"
        set schedule "always"
        set service "ALL"
    next
end
"""
GATEWAY = COMMON.format(name="toClient", phase1="set type dynamic\n set client-resume enable\n set client-resume-interval 60", phase2="")
CLIENT = COMMON.format(name="toServer", phase1="set remote-gw 198.51.100.1", phase2="set src-subnet 10.1.100.0 255.255.255.0\n set dst-subnet 192.168.5.0 255.255.255.0") + """
config router static
    edit 1
        set dst 192.168.5.0 255.255.255.0
        set device "toServer"
    next
end
"""


class Failure(Exception):
    pass


def run(*command, ok=True, stdin=None):
    done = subprocess.run(command, capture_output=True, text=True, input=stdin, timeout=120)
    if ok and done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout if ok else done


def check(holds, what):
    if not holds:
        raise Failure(f"expected: {what}")


def wait_for(what, condition, timeout=20.0):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"waited {timeout:g} s for {what}")
        time.sleep(0.1)


def show(unit, name):
    return run("systemctl", "show", "-P", name, unit).strip()


def main_pid(unit="dormouse"):
    return int(show(unit, "MainPID"))


def process(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):\s*(.*)$", text, re.MULTILINE))


def journal(unit="dormouse"):
    return run("journalctl", "-q", "-o", "cat", "-u", unit)


def install():
    run("dpkg", "--force-confold", "-i", DEB, stdin="")


def ping():
    return run("ip", "netns", "exec", "blue", "ping", "-q", "-c1", "-W1", "-I", "10.1.100.1", "192.168.5.1", ok=False).returncode == 0


def gateways(rundir="/run/dormouse"):
    return json.loads(run("dormouse", "--run-dir", rundir, "--json", "-c", "diagnose vpn ike gateway list"))


# --- the steps, in order

def installs_and_serves():
    run("dpkg", "-i", *map(str, pathlib.Path("/var/cache/apt/archives").glob("*.deb")), DEB)
    check(show("dormouse", "ActiveState") == "active" and show("dormouse", "UnitFileState") == "enabled", "the service is enabled and runs")
    check("0 phase 1 configured" in journal(), "with nothing configured")
    check("dormouse" in run("dormouse", "-c", "get system status"), "the shell reaches it")
    check("good: 0 phase 1" in run("dormoused", "--config", str(CONF), "--check"), "the first configuration is good")
    for unit in ("dormouse.service", "dormouse@.service"):
        warnings = run("systemd-analyze", "verify", show(unit, "FragmentPath") if "@" not in unit else f"{pathlib.Path(show('dormouse', 'FragmentPath')).parent}/{unit}", ok=False)
        check("dormouse" not in warnings.stderr, f"{unit} is good: {warnings.stderr}")


def is_documented():
    for section, page in ((8, "dormoused"), (1, "dormouse"), (5, "dormouse.conf")):
        text = run("man", "--warnings", str(section), page)
        check("EXIT STATUS" in text or "ATTRIBUTES" in text, f"{page}({section})")
    doc = pathlib.Path("/usr/share/doc/dormouse")
    for file in ("copyright", "changelog.gz", "changelog.Debian.gz", "examples/server.conf"):
        check((doc / file).exists(), f"{doc / file}")
    typed = ". /usr/share/bash-completion/completions/dormoused; COMP_WORDS=(dormoused --ch) COMP_CWORD=1; _dormoused; echo ${COMPREPLY[@]}"
    check(run("bash", "-c", typed).split() == ["--check"], "bash completes --check")


def gives_the_daemon_little():
    status, mine = process(main_pid()), pwd.getpwnam("dormouse").pw_uid
    check(status["Uid"].split() == [str(mine)] * 4 and mine != 0, "it runs as the user dormouse")
    for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        check(int(status[name], 16) == OURS, f"{name} is a gateway's, not {status[name]}")
    check(status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", "it is in a sandbox")
    for path, mode, owner in (("/var/lib/dormouse", 0o700, "dormouse"), ("/etc/dormouse", 0o2770, "root"), (CONF, 0o640, "root"), ("/run/dormouse/control.sock", 0o600, "dormouse")):
        found = os.stat(path)
        check((found.st_mode & 0o7777, pwd.getpwuid(found.st_uid).pw_name) == (mode, owner), f"{path} has mode {mode:o} and belongs to {owner}")
    text = run("systemd-analyze", "security", "--no-pager", "dormouse")
    found = re.search(r"exposure level for dormouse.service: ([\d.]+)", text)
    print(found[0])
    check(float(found[1]) <= EXPOSURE, f"{EXPOSURE} at most\n{text}")


def carries_a_tunnel():
    run("ip", "netns", "add", "blue")
    run("ip", "link", "add", "wan", "type", "veth", "peer", "name", "wan", "netns", "blue")
    for words, outer, inner in (([], "198.51.100.1", "192.168.5.1"), (["-n", "blue"], "198.51.100.2", "10.1.100.1")):
        run("ip", *words, "link", "add", "lan", "type", "veth", "peer", "name", "lan0")
        run("ip", *words, "link", "set", "lan0", "up")
        for device, address in (("wan", outer), ("lan", inner)):
            run("ip", *words, "link", "set", device, "up")
            run("ip", *words, "address", "add", f"{address}/24", "dev", device)
    CONF.write_text(GATEWAY)
    run("systemctl", "reload", "dormouse")
    blue = pathlib.Path("/etc/dormouse/blue.conf")
    blue.write_text(CLIENT)
    blue.chmod(0o640)
    run("systemctl", "start", "dormouse@blue")
    wait_for("a ping through the tunnel", ping)
    check("toClient" in run("nft", "list", "ruleset"), "the firewall is the gateway's")
    for device in ("toClient_0",):
        check(pathlib.Path(f"/proc/sys/net/ipv6/conf/{device}/addr_gen_mode").read_text() == "1\n", "it may set up its interface")
    # Without polkit, which is not here, logind gives its lock to root alone.
    said = [line for line in (journal() + journal("dormouse@blue")).splitlines() if "no lock from logind" not in line]
    refused = [line for line in said if re.search("not permitted|denied|read-only", line, re.IGNORECASE)]
    check(not refused, f"nothing it wanted was refused: {refused}")


def reloads_only_what_is_good():
    before, good = main_pid(), CONF.read_text()
    CONF.write_text(good.replace("aes256gcm-prfsha384", "rot13"))
    check(run("systemctl", "reload", "dormouse", ok=False).returncode != 0, "a bad configuration is refused")
    check("rot13" in journal(), "and the journal says where it is bad")
    check(main_pid() == before and ping(), "and the tunnel goes on")
    CONF.write_text(good.replace("interval 60", "interval 90"))
    run("systemctl", "reload", "dormouse")
    check(main_pid() == before and ping(), "a good one is taken, and the tunnel goes on")


def keeps_what_the_shell_sets():
    run("dormouse", "-", stdin='config vpn ipsec phase1-interface\nedit toClient\nset client-resume-interval 75\nnext\nend\n')
    text = CONF.read_text()
    check("client-resume-interval 75" in text and "psksecret ENC" in text and "of this test" not in text, "the file is written anew, secrets sealed")
    check(oct(os.stat(CONF).st_mode & 0o777) == "0o640" and ping(), "for the same readers; and the tunnel goes on")


def comes_back_after_an_upgrade():
    # The client is another machine's: what is upgraded is the gateway alone.
    run("systemctl", "stop", "dormouse@blue")
    run("systemd-run", "--unit=laptop", "--property=Type=notify", "--property=NetworkNamespacePath=/run/netns/blue", "/usr/sbin/dormoused",
        "--config", "/etc/dormouse/blue.conf", "--state-dir", "/var/lib/laptop", "--run-dir", "/run/laptop")
    wait_for("the tunnel", ping)
    before, text = main_pid(), CONF.read_text()
    start = time.monotonic()
    install()
    check(main_pid() != before, "the new daemon runs")
    wait_for("the tunnel after the upgrade", ping, 40)
    print(f"upgraded, and the tunnel was back after {time.monotonic() - start:.1f} s")
    check("restored: toClient_0, asleep" in journal(), "it was asleep meanwhile")
    check("resumed: toServer by ticket" in journal("laptop"), "and came back without a login")
    check(CONF.read_text() == text, "the configuration is the administrator's")
    run("systemctl", "stop", "laptop")


def upgrades_those_in_namespaces_too():
    run("systemctl", "start", "dormouse@blue")
    wait_for("the tunnel", ping)
    before = main_pid("dormouse@blue")
    install()
    check(main_pid("dormouse@blue") not in (0, before), "the new daemon runs")
    wait_for("the tunnel after the upgrade", ping, 40)


def is_started_again_when_it_hangs():
    pathlib.Path("/run/systemd/system/dormouse.service.d").mkdir(parents=True)
    pathlib.Path("/run/systemd/system/dormouse.service.d/test.conf").write_text("[Service]\nWatchdogSec=2\nRestartSec=100ms\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "dormouse")
    before = main_pid()
    time.sleep(5)
    check(main_pid() == before, "whoever is alive is left alone")
    os.kill(before, signal.SIGSTOP)
    wait_for("another daemon", lambda: main_pid() not in (0, before), 30)
    wait_for("it to serve", lambda: show("dormouse", "ActiveState") == "active")
    wait_for("the tunnel", ping, 60)


def goes_without_a_trace():
    run("systemctl", "stop", "dormouse@blue")
    run("dpkg", "--remove", "dormouse")
    check(not pathlib.Path("/usr/sbin/dormoused").exists() and run("pgrep", "-x", "dormoused", ok=False).returncode == 1, "the programs are gone")
    all_there_is = run("ip", "-o", "link") + run("ip", "route", "show", "table", "all") + run("nft", "list", "tables")
    left = re.findall(".*(?:toClient|dormouse).*", all_there_is)
    check(not left, f"so is what they made in the kernel: {left}")
    check(CONF.exists() and pathlib.Path("/var/lib/dormouse/config.key").exists(), "configuration and state stay")
    run("dpkg", "--purge", "dormouse", stdin="")
    check(not CONF.exists() and not pathlib.Path("/var/lib/dormouse").exists() and not pathlib.Path("/run/dormouse").exists(), "until they are purged")
    check(show("dormouse", "LoadState") in ("not-found", "masked"), "systemd has forgotten it")


STEPS = (installs_and_serves, is_documented, gives_the_daemon_little, carries_a_tunnel, reloads_only_what_is_good,
         keeps_what_the_shell_sets, comes_back_after_an_upgrade, upgrades_those_in_namespaces_too, is_started_again_when_it_hangs, goes_without_a_trace)


def main():
    for step in STEPS:
        start = time.monotonic()
        try:
            step()
        except (Failure, OSError, KeyError, ValueError, subprocess.SubprocessError) as failure:
            print(f"{step.__name__}: FAILED: {failure}", flush=True)
            subprocess.run("systemctl --no-pager -l status dormouse dormouse@blue; journalctl --no-pager -q -n 60", shell=True)
            return 1
        print(f"{step.__name__}: passed, {time.monotonic() - start:.1f} s", flush=True)
    return 0


sys.exit(main())
