"""`dormoused --key-log DIR` lets Wireshark read IKE and ESP of a capture, and says so loudly; without it there is no such file."""
import os
import shutil
import stat
import subprocess

import conf
import netns
import scenario
from scenario import check

# Phase 1, phase 2, and whether the ESP is in UDP.
SUITES = [("aes128-sha256", "aes256-sha256", "enable"), ("aes128gcm-prfsha256", "aes128gcm", "forced"), ("aes256gcm-prfsha384", "aes256-sha1", "enable")]
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def tshark(folder, capture, *words):
    """What tshark makes of a capture with the tables in `folder`."""
    environment = {**os.environ, "WIRESHARK_CONFIG_DIR": str(folder)}
    done = subprocess.run(["tshark", "-r", str(capture), "-o", "esp.enable_encryption_decode:TRUE", *words], capture_output=True, text=True, env=environment, timeout=60)
    check("Error loading table" not in done.stderr, f"tshark takes the tables: {done.stderr}")
    return done.stdout.splitlines()


def listen(world, path):
    process = world.network.start("router", "dumpcap", "-q", "-i", "left", "-w", str(path), "-f", "udp port 500 or udp port 4500 or esp", **QUIET)
    netns.wait_for("the capture", lambda: path.exists() and path.stat().st_size > 0, 10)
    return process


def read(world, folder, capture):
    """Wireshark sees the logins, the rekeys, and the pings inside."""
    inside = tshark(folder, capture, "-Y", "isakmp.exchangetype == 35 and isakmp.auth.method", "-T", "fields", "-e", "isakmp.auth.method")
    check(len(inside) >= 2, f"AUTH of both ends is read, not {inside}")
    inside = tshark(folder, capture, "-Y", "isakmp.exchangetype == 36 and isakmp.nonce", "-T", "fields", "-e", "isakmp.nonce")
    check(len(inside) >= 2, f"and a rekey of the Child SA, not {inside}")
    inside = tshark(folder, capture, "-Y", f"icmp and ip.addr == {netns.CLIENT_HOST}")
    check(len(inside) >= 4, f"and the pings in ESP, not {inside}")
    check(any("request" in line for line in inside) and any("reply" in line for line in inside), "each way")


def private(folder):
    check(stat.S_IMODE(folder.stat().st_mode) == 0o700, "the folder is for its owner alone")
    for name in ("ikev2_decryption_table", "esp_sa"):
        mode = stat.S_IMODE((folder / name).stat().st_mode)
        check(mode == 0o600, f"so is {name}, not {mode:o}")


def suite(world, number, ike, esp, encapsulation):
    network, folder, capture = world.network, world.workdir / f"keys{number}", world.workdir / f"{number}.pcap"
    server = world.server().start()
    text = conf.client().phase1("toServer", proposal=ike, nattraversal=encapsulation).phase2("toServer", proposal=esp, keylifeseconds=10)
    client = world.client(text)
    recorder = listen(world, capture)
    client.options = ("--key-log", str(folder))
    client.start()
    client.log.wait(r"warning: .*THE KEYS OF ALL TUNNELS ARE WRITTEN TO .*keys", timeout=1)
    private(folder)
    world.wait_up(client, server)
    client.log.wait(r"IPsec SA \w+ rekeyed to", timeout=15)
    check(network.ping("chost", netns.SERVER_HOST, count=3), "a ping after the rekey")
    check(client.stop() == 0 and server.stop() == 0, "both end with 0")
    recorder.terminate()
    recorder.wait(10)
    read(world, folder, capture)
    unread = tshark(world.workdir, capture, "-Y", f"icmp and ip.addr == {netns.CLIENT_HOST}")
    check(not unread, "without the keys nobody sees what is inside")
    world.say(f"{ike}, {esp}{', in UDP' if encapsulation == 'forced' else ''}")


def refused(world):
    """A place that another user could read from is no place for keys."""
    folder = world.workdir / "elsewhere"
    folder.mkdir()
    (folder / "esp_sa").symlink_to(world.workdir / "target")
    client = world.client()
    done = subprocess.run(world.network.command("cgw", *client.command("--key-log", str(folder))), capture_output=True, text=True, timeout=20)
    check(done.returncode == 1 and "esp_sa" in done.stderr, f"refused, not {done.returncode}: {done.stderr}")
    check(not (world.workdir / "target").exists(), "nothing is written through the link")


def test(world):
    for number, (ike, esp, encapsulation) in enumerate(SUITES):
        suite(world, number, ike, esp, encapsulation)
    names = {path.name for path in world.workdir.rglob("*") if path.is_file() and "keys" not in path.parent.name}
    check(not names & {"esp_sa", "ikev2_decryption_table"}, "the server, not asked to, wrote no keys")
    refused(world)


if not shutil.which("tshark") or not shutil.which("dumpcap"):
    scenario.skip("tshark is not installed (./dev setup)")
scenario.main(test)
