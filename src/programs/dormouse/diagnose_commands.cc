#include <charconv>
#include <nlohmann/json.hpp>

#include "programs/dormouse/requests.h"
#include "programs/status_view/gateway_view.h"
#include "programs/status_view/summary_view.h"
#include "programs/status_view/tunnel_view.h"

namespace dormouse::shell {
namespace {

Reply set_level(Desk& desk, const std::string& word) {
  int level = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), level);
  if (error != std::errc{} || end != word.data() + word.size() || level < -1)
    return refuse("value parse error before '" + word + "'\nexpected: a number, -1 for everything, 0 for nothing",
                  Ending::mistake, kCodeParse);
  desk.debug.level = level;
  return {};
}

Reply show_level(const Desk& desk) { return {"ike debug level is " + std::to_string(desk.debug.level) + "\n"}; }

Reply show_filter(const Desk& desk) {
  return {"name: " + (desk.debug.filter.empty() ? std::string("any") : desk.debug.filter) + "\n"};
}

Reply show_debug(const Desk& desk) {
  const auto on = [](bool b) { return std::string(b ? "enable" : "disable") + "\n"; };
  return {"debug output:           " + on(desk.debug.enabled) + "console timestamp:      " + on(desk.debug.timestamps) +
          "ike debug level:        " + std::to_string(desk.debug.level) +
          "\nike log filter name:    " + (desk.debug.filter.empty() ? std::string("any") : desk.debug.filter) + "\n"};
}

void add_gateway_commands(CommandTable& table, Desk& desk) {
  table.describe("diagnose vpn ike gateway", "IKE gateways");
  table.describe("diagnose vpn ike gateway list name", "one gateway");
  table.describe("diagnose vpn ike gateway clear name", "one gateway");
  table.describe("diagnose vpn ike gateway flush name", "one gateway");
  table.add("diagnose vpn ike gateway list [name TUNNEL]", "every tunnel's IKE SAs, and how long it may sleep",
            show_status(desk, status_view::gateway_list));
  table.add("diagnose vpn ike gateway clear [name TUNNEL]", "end tunnels, with a Delete to the peer",
            send(desk, "gateway.clear", {"name"}));
  table.add("diagnose vpn ike gateway flush [name TUNNEL]", "end tunnels silently",
            send(desk, "gateway.flush", {"name"}));
  table.describe("diagnose vpn ike gateway sleep name", "one tunnel");
  table.describe("diagnose vpn ike gateway wake name", "one tunnel");
  table.add("diagnose vpn ike gateway sleep [name TUNNEL]", "tell gateways that this machine is about to sleep",
            send(desk, "gateway.sleep", {"name"}));
  table.add("diagnose vpn ike gateway wake [name TUNNEL]", "it is back, or did not sleep: use the tunnels again",
            send(desk, "gateway.wake", {"name"}));
  table.describe("diagnose vpn ike gateway drain", "send dialup clients to another gateway (RFC 5685)");
  table.describe("diagnose vpn ike gateway drain stop name", "of one phase 1");
  table.add("diagnose vpn ike gateway drain stop [name PHASE1]", "serve them here again",
            send(desk, "gateway.drain.stop", {"name"}));
  table.describe("diagnose vpn ike gateway drain GATEWAY name", "of one phase 1");
  table.add("diagnose vpn ike gateway drain GATEWAY [name PHASE1]", "an address or a domain name",
            send(desk, "gateway.drain", {"to", "name"}));
  table.add("diagnose vpn ike status", "totals and counters of every phase 1",
            show_status(desk, [](const Json& s, const std::string&) { return status_view::ike_status(s); }));
}

void add_tunnel_commands(CommandTable& table, Desk& desk) {
  table.describe("diagnose vpn tunnel", "IPsec SAs");
  table.describe("diagnose vpn tunnel list name", "one tunnel");
  table.add("diagnose vpn tunnel list [name TUNNEL]", "every tunnel's selectors, SAs and packets",
            show_status(desk, status_view::tunnel_list));
  table.add("diagnose vpn tunnel up PHASE2 [PHASE1]", "bring a phase 2 up",
            send(desk, "tunnel.up", {"phase2", "phase1"}));
  table.add("diagnose vpn tunnel down PHASE2 [PHASE1]", "bring it down",
            send(desk, "tunnel.down", {"phase2", "phase1"}));
  table.add("diagnose vpn tunnel flush TUNNEL", "delete a tunnel's SAs", send(desk, "tunnel.flush", {"name"}));
}

void add_filter_commands(CommandTable& table, Desk& desk) {
  // FortiOS wrote log-filter up to 7.4.0 and log filter since.
  for (const auto* spelling : {"diagnose vpn ike log filter", "diagnose vpn ike log-filter"}) {
    const std::string words = spelling;
    table.describe(words, "which gateways the debug trail is of");
    table.add(words + " name TUNNEL", "of one tunnel, or a phase 1 and its instances", [&desk](const Words& a) {
      desk.debug.filter = a[0];
      return Reply{};
    });
    table.add(words + " clear", "of all", [&desk](const Words&) {
      desk.debug.filter.clear();
      return Reply{};
    });
    table.add(words + " list", "what is set", [&desk](const Words&) { return show_filter(desk); });
  }
  table.describe("diagnose vpn ike log", "the debug trail");
}

void add_debug_commands(CommandTable& table, Desk& desk) {
  table.describe("diagnose debug", "the debug trail");
  table.describe("diagnose debug application", "what the trail is of");
  table.describe("diagnose debug console", "how it is printed");
  table.describe("diagnose debug console timestamp", "the time in front of each line");
  table.add("diagnose debug application ike", "how much the trail of IKE tells: show",
            [&desk](const Words&) { return show_level(desk); });
  table.add("diagnose debug application ike LEVEL", "-1 everything, 0 nothing",
            [&desk](const Words& a) { return set_level(desk, a[0]); });
  const auto flag = [&](const char* words, const char* help, bool DebugWish::* what, bool value) {
    table.add(words, help, [&desk, what, value](const Words&) {
      desk.debug.*what = value;
      return Reply{};
    });
  };
  flag("diagnose debug enable", "print the trail from now on", &DebugWish::enabled, true);
  flag("diagnose debug disable", "stop printing it", &DebugWish::enabled, false);
  flag("diagnose debug console timestamp enable", "print it", &DebugWish::timestamps, true);
  flag("diagnose debug console timestamp disable", "leave it out", &DebugWish::timestamps, false);
  table.add("diagnose debug reset", "level, filter and output back to nothing", [&desk](const Words&) {
    desk.debug = {};
    return Reply{};
  });
  table.add("diagnose debug info", "what is set", [&desk](const Words&) { return show_debug(desk); });
}

}  // namespace

void add_diagnose_commands(CommandTable& table, Desk& desk) {
  table.describe("diagnose", "the state in full; ending tunnels; the debug trail");
  table.describe("diagnose vpn", "gateways and tunnels");
  table.describe("diagnose vpn ike", "IKE gateways");
  add_gateway_commands(table, desk);
  add_tunnel_commands(table, desk);
  add_filter_commands(table, desk);
  add_debug_commands(table, desk);
}

}  // namespace dormouse::shell
