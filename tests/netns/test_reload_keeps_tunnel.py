"""A reload with a change that does not concern a tunnel leaves it alone; one that cannot be read changes nothing."""
import conf
import scenario
from scenario import check


def test(world):
    client, server = world.pair()
    stream = world.stream()
    before = server.tunnels()["toClient_0"]
    mark = server.log.mark()
    other = conf.server().add('config firewall address\n edit "elsewhere"\n  set subnet 10.77.0.0 255.255.0.0\n next\nend')
    check(server.reload(other), "an unrelated change is accepted")
    check(server.reload(other.phase1("toClient", client_resume_interval=25)), "another sleep interval is accepted")
    check(not server.reload(str(other) + "\nconfig vpn ipsec phase1-interface\n edit nonsense\n  set remote-gw 1.2.3\n next\nend\n"),
          "a broken configuration is refused")
    stream.wait_progress(30, 5)
    stream.finish()
    after = server.tunnels()["toClient_0"]
    check(after["ike"][0]["spi_i"] == before["ike"][0]["spi_i"], "the same IKE SA")
    check(after["ike"][0]["children"][0]["spi_in"] == before["ike"][0]["children"][0]["spi_in"], "the same Child SA")
    check(after["device_ifindex"] == before["device_ifindex"], "the same interface")
    server.log.expect_none(r"tunnel (down|asleep|up):", mark)
    world.network.cut()
    server.log.wait(r"tunnel asleep: toClient_0, kept for 25 s", mark, 20)
    world.say("the new interval holds")


scenario.main(test)
