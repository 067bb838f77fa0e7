"""A gateway serves with the privileges of one and no more, in every thread and in the programs it runs."""
import pathlib
import re
import subprocess

import conf
import scenario
from scenario import check

# CAP_DAC_OVERRIDE 1, CAP_NET_BIND_SERVICE 10, CAP_NET_ADMIN 12, CAP_NET_RAW 13
GATEWAY = 1 << 1 | 1 << 10 | 1 << 12 | 1 << 13


def threads(daemon):
    """What /proc says of each thread."""
    texts = [(task / "status").read_text() for task in pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir()]
    return [dict(re.findall(r"^(\w+):\s*(.*)$", text, re.MULTILINE)) for text in texts]


def test(world):
    client, server = world.pair()
    check(len(threads(server)) > 1, "the packet path has threads of its own")
    for thread in threads(server):
        check(thread["Seccomp"] == "2" and thread["NoNewPrivs"] == "1", f"{thread['Name']} is in the sandbox")
        for name in ("CapPrm", "CapEff", "CapBnd"):
            check(int(thread[name], 16) == GATEWAY, f"{thread['Name']} has {name} of a gateway, not {thread[name]}")
    world.say("every thread is in it")
    # The firewall is another program's work: it runs in the sandbox, and does all it has to.
    check(any("dormouse" in table for table in world.network.nft_tables("sgw")), "the firewall stands")
    check(server.reload(conf.server().delete("firewall policy", "2")), "a change of the firewall is accepted")
    check(not world.ping(), "and is the kernel's too")
    check(server.reload(conf.server()), "and back")
    world.wait_ping()
    server.log.expect_none(r"Operation not permitted|firewall: ")
    check(server.stop() == 0, "it ends in good order")
    check(not any("dormouse" in table for table in world.network.nft_tables("sgw")), "and takes its firewall with it")

    # Who wants none has none.
    command = world.network.command("sgw", *server.command("--no-sandbox"))
    free = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    world.network.processes.append(free)
    for line in free.stderr:
        if " started, " in line:
            break
    server.process = free
    check(all(thread["Seccomp"] == "0" for thread in threads(server)), "no sandbox with --no-sandbox")
    free.terminate()
    check(free.wait(10) == 0, "it ends in good order")


scenario.main(test)
