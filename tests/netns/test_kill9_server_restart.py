"""The gateway is killed and started again: what it left is gone, its tunnels come back asleep, and the client is back in its own without anybody's help."""
import daemon
import scenario
from scenario import check


def test(world):
    client, server = world.pair()
    network = world.network
    server.kill()
    if daemon.PLANE != "kernel":  # the kernel's interfaces outlive the process, and go at the next start
        check("toClient_0" not in network.devices("sgw"), "the interface ends with its process")
        check(not any("toClient_0" in route for route in network.routes("sgw")), "and the routes with it")
    server.start()
    world.say("gateway started again")
    tables = [table for table in network.nft_tables("sgw") if "dormouse" in table]
    check(len(tables) == 1, f"one table of ours after the restart, not {tables}")
    server.log.wait(r"tunnel restored: toClient_0, asleep, 30 s left \(1 asleep\)")
    server.log.wait(r"tunnel resumed: toClient_0 by login", timeout=40)
    world.wait_up(client, server)
    check(len(client.tunnels()["toServer"]["ike"]) == 1, "the client dropped the SA that nobody knows")
    server.kill()
    server.start()
    check(server.stop() == 0, "ends with 0")
    check(not [table for table in network.nft_tables("sgw") if "dormouse" in table], "no firewall table is left after the end")


scenario.main(test)
