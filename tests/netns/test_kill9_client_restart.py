"""The client is killed and started again at once, while the gateway believes the tunnel is up."""
import daemon
import scenario
from scenario import check


def test(world):
    client, server = world.pair()
    network = world.network
    before = server.tunnels()["toClient_0"]
    client.kill()
    if daemon.PLANE != "kernel":  # the kernel's interfaces outlive the process, and go at the next start
        check("toServer" not in network.devices("cgw"), "the interface ends with its process")
    client.start()
    world.wait_up(client, server, 25)
    after = server.tunnels()
    check(list(after) == ["toClient_0"], f"one tunnel, not {list(after)}")
    check(after["toClient_0"]["device_ifindex"] == before["device_ifindex"], "the same interface serves the same client")
    check(len(after["toClient_0"]["ike"]) == 1, "the SAs the client forgot are gone")
    check(client.stop() == 0, "ends with 0")
    check(not [table for table in network.nft_tables("cgw") if "dormouse" in table], "no firewall table is left after the end")
    check(not any("toServer" in route or "192.168.5.0" in route for route in network.routes("cgw")), "no route is left")
    server.wait_state("toClient_0", "gone", 5)


scenario.main(test)
