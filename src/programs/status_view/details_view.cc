#include "programs/status_view/details_view.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "programs/status_view/tunnel_facts.h"

namespace dormouse::status_view {
namespace {

std::string sa_lines(const Json& status, const Json& t, const Child& child) {
  const auto& [sa, c] = child;
  const auto esp = esp_names(object(sa, "suite"));
  const auto way = [&](const char* name, const char* spi) {
    return fmt::format("      {}\n        spi: {}\n        enc:  {}\n        auth:   {}\n", name, text(sa, spi),
                       esp.cipher, esp.auth);
  };
  return fmt::format("    SA\n      lifetime/rekey: {}/{}\n      mtu: {}\n      tx-esp-seq: {:x}\n",
                     seconds_between(sa, "created", "hard"), seconds_until(status, sa, "soft"), number(t, "mtu"),
                     number(c, "seq_out") + 1) +
         way("inbound", "spi_in") + way("outbound", "spi_out");
}

std::string selector_block(const Json& status, const Json& t, const std::string& phase2) {
  std::string out = fmt::format("  selectors\n    name: '{}'\n    mode: tunnel\n", phase2);
  bool first = true;
  for (const auto& child : children_of(t)) {
    if (text(child.sa, "phase2") != phase2) continue;
    if (first) {
      for (const auto& ts : list(child.sa, "local_ts")) out += "    src: " + selector_text(ts) + "\n";
      for (const auto& ts : list(child.sa, "remote_ts")) out += "    dst: " + selector_text(ts) + "\n";
    }
    first = false;
    out += sa_lines(status, t, child);
  }
  return first ? out + "    SA: none\n" : out;
}

std::string block(const Json& status, const Json& t) {
  const auto& c = object(t, "counters");
  std::string out =
      fmt::format("gateway\n  name: '{}'\n  local-gateway: {} (static)\n  remote-gateway: {} ({})\n  state: {}\n",
                  text(t, "name"), outer_end(t, "local"), outer_end(t, "remote"),
                  flag(t, "dynamic") ? "dynamic" : "static", is_asleep(t) ? sleep_text(status, t) : text(t, "state"));
  out += fmt::format("  dpd-link: on\n  mode: ike-v2\n  interface: '{}' ({})\n", text(t, "interface"),
                     number(t, "ifindex"));
  out += fmt::format("  rx  packets: {}  bytes: {}  errors: {}\n  tx  packets: {}  bytes: {}  errors: {}\n",
                     number(c, "packets_in"), number(c, "bytes_in"), number(c, "errors_in"), number(c, "packets_out"),
                     number(c, "bytes_out"), number(c, "errors_out"));
  out += fmt::format("  dpd: {}  idle: {}ms  retry: {}  count: 0\n", text(t, "dpd_mode"),
                     milliseconds(t, "dpd_interval"), number(t, "dpd_retrycount"));
  out += is_encapsulated(t)
             ? fmt::format("  nat traversal mode: keep-alive  interval: {}\n", seconds(t, "nat_keepalive"))
             : "  nat traversal mode: none\n";
  for (const auto& name : phase2_of(status, t)) out += selector_block(status, t, name);
  return out;
}

}  // namespace

std::string tunnel_details(const Json& status, const std::string& name) {
  std::string out;
  for (const auto& t : list(status, "tunnels"))
    if (is_chosen(t, name)) out += (out.empty() ? "" : "\n") + block(status, t);
  return out;
}

}  // namespace dormouse::status_view
