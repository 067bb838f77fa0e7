#include <nlohmann/json.hpp>

#include "programs/dormouse/requests.h"
#include "programs/status_view/fields.h"

namespace dormouse::shell {
namespace {

constexpr int kEvents = 100;  // as many as FortiOS could show in a few screens

Reply show_events(Desk& desk) {
  const auto answer = desk.daemon.ask({{"op", "events"}, {"count", kEvents}});
  if (!answer) return failed(answer.error().text);
  const auto& lines = status_view::list(*answer, "lines");
  if (desk.json) return {lines.dump(2) + "\n"};
  std::string out = std::to_string(lines.size()) + " logs found.\n";
  for (const auto& line : lines)
    if (line.is_string()) out += line.get<std::string>() + "\n";
  return {out};
}

}  // namespace

void add_execute_commands(CommandTable& table, Desk& desk) {
  table.describe("execute", "do something once");
  table.describe("execute log", "the event log");
  table.describe("execute vpn", "tunnels");
  table.describe("execute vpn ipsec", "tunnels");
  table.describe("execute vpn ipsec tunnel", "bring a phase 2 up or down");
  table.add("execute log display", "the newest events of tunnels: up, down, asleep, resumed, expired",
            [&desk](const Words&) { return show_events(desk); });
  table.add("execute vpn ipsec tunnel up PHASE2 [PHASE1]", "bring a phase 2 up",
            send(desk, "tunnel.up", {"phase2", "phase1"}));
  table.add("execute vpn ipsec tunnel down PHASE2 [PHASE1]", "bring it down",
            send(desk, "tunnel.down", {"phase2", "phase1"}));
  table.add("execute reload", "read the configuration file again", send(desk, "reload", {}));
}

}  // namespace dormouse::shell
