"""A typing error in the example is answered with file, line, column, the attribute and what would be accepted."""
import re
import subprocess

import conf
import scenario
from scenario import check


def refused(world, text):
    """What --check says about a text that must not be accepted."""
    daemon = world.daemon("cgw", text)
    done = subprocess.run(world.network.command("cgw", *daemon.command("--check")), capture_output=True, text=True, timeout=10)
    check(done.returncode == 2, f"exit code 2, not {done.returncode}: {done.stderr}")
    return done.stdout + done.stderr, daemon.conf


def test(world):
    good = str(conf.client())
    daemon = world.daemon("cgw", good)
    world.network.run("cgw", *daemon.command("--check"))
    for typo, meant, expected in (("set dpd on-idel", "set dpd on-idle", ("dpd", "on-idel", "on-idle")),
                                  ("set porposal", "set proposal", ("porposal", "proposal")),
                                  ("set ike-version 3", "set ike-version 2", ("ike-version", "2")),
                                  ("set remote-gw 173.1.1", "set remote-gw 173.1.1.1", ("remote-gw",)),
                                  ('set interface "port99"', 'set interface "port9"', ("port99",))):
        check(meant in good, f"the example says {meant}")
        text = good.replace(meant, typo, 1)
        answer, path = refused(world, text)
        line = text[:text.index(typo)].count("\n") + 1
        check(re.search(rf"{re.escape(str(path))}:{line}:\d+", answer), f"{path}:{line}:COLUMN for '{typo}' in: {answer}")
        for words in expected:
            check(words in answer, f"'{words}' in the answer to '{typo}': {answer}")
    check(daemon.process is None, "nothing was started")


scenario.main(test)
