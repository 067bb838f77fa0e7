#include <nlohmann/json.hpp>

#include "programs/dormouse/requests.h"
#include "programs/status_view/details_view.h"
#include "programs/status_view/gateway_view.h"
#include "programs/status_view/summary_view.h"

namespace dormouse::shell {
namespace {

Reply system_status(Desk& desk) {
  const auto version = desk.daemon.ask({{"op", "version"}});
  if (!version) return failed(version.error().text);
  const auto answer = desk.daemon.ask({{"op", "status"}});
  if (!answer) return failed(answer.error().text);
  const auto& status = status_view::object(*answer, "status");
  if (desk.json) return {version->dump(2) + "\n"};
  std::size_t asleep = 0, up = 0;
  for (const auto& t : status_view::list(status, "tunnels")) {
    asleep += status_view::text(t, "state") == "asleep";
    up += status_view::text(t, "state") == "up";
  }
  const auto& store = status_view::object(status, "store");
  const auto problem = status_view::text(store, "problem");
  const bool keeping = status_view::flag(store, "keeping");
  return {"Version: Dormouse v" + status_view::text(*version, "version") +
          "\nHostname: " + status_view::text(*version, "hostname") + "\nTunnels: " + std::to_string(up) + " up, " +
          std::to_string(asleep) + " asleep, " + std::to_string(status_view::list(status, "tunnels").size()) +
          " in all\nState: " + (keeping ? "kept in " : "not kept in ") + status_view::text(store, "path") +
          (problem.empty() ? "" : " (" + problem + ")") + "\n"};
}

}  // namespace

void add_get_commands(CommandTable& table, Desk& desk) {
  table.describe("get", "the state in short, or the values of a configured object");
  table.describe("get vpn", "tunnels and gateways");
  table.describe("get vpn ipsec", "tunnels");
  table.describe("get vpn ipsec tunnel", "tunnels");
  table.describe("get vpn ipsec tunnel name", "one tunnel");
  table.describe("get vpn ike", "IKE gateways");
  table.describe("get vpn ipsec stats", "how many tunnels");
  table.describe("get system", "the daemon");
  table.add("get vpn ipsec tunnel summary", "a line per tunnel, also those asleep",
            show_status(desk, [](const Json& s, const std::string&) { return status_view::tunnel_summary(s); }));
  table.add("get vpn ipsec tunnel details", "every tunnel with its selectors and SAs",
            show_status(desk, status_view::tunnel_details));
  table.add("get vpn ipsec tunnel name TUNNEL", "one tunnel with its selectors and SAs",
            show_status(desk, status_view::tunnel_details));
  table.add("get vpn ipsec stats tunnel", "how many tunnels there are, are up, are asleep",
            show_status(desk, [](const Json& s, const std::string&) { return status_view::tunnel_stats(s); }));
  table.add("get vpn ike gateway [TUNNEL]", "IKE gateways in short", show_status(desk, status_view::gateway_get));
  table.add("get system status", "version, host name, totals", [&desk](const Words&) { return system_status(desk); });
}

}  // namespace dormouse::shell
