"""With client-resume disable a dead peer's tunnel goes at once."""
import conf
import scenario
from scenario import check


def test(world):
    configuration = conf.server().phase1("toClient", client_resume="disable", client_resume_interval=None)
    client, server = world.pair(server=configuration)
    mark = server.log.mark()
    world.network.cut()
    server.log.wait(r"tunnel down: toClient_0", mark, 20)
    server.wait_state("toClient_0", "gone", 2)
    check("toClient_0" not in world.network.devices("sgw"), "the interface is gone")
    server.log.expect_none(r"asleep|client-resume sleep period", mark)
    world.network.restore()
    server.log.wait(r"tunnel up: toClient_0", mark, 25)
    world.wait_up(client, server)


scenario.main(test)
