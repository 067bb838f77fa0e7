#include "programs/status_view/summary_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "programs/status_view/tunnel_facts.h"

namespace dormouse::status_view {

std::string tunnel_summary(const Json& status) {
  std::string out;
  for (const auto& t : list(status, "tunnels")) {
    const auto& c = object(t, "counters");
    out +=
        fmt::format("'{}' {}  selectors(total,up): {}/{}  rx(pkt,err): {}/{}  tx(pkt,err): {}/{}", text(t, "name"),
                    outer_end(t, "remote"), phase2_of(status, t).size(), selectors_up(status, t),
                    number(c, "packets_in"), number(c, "errors_in"), number(c, "packets_out"), number(c, "errors_out"));
    if (is_asleep(t))
      out += "  " + sleep_text(status, t);
    else if (const auto state = text(t, "state"); state != "up")
      out += "  " + state;
    out += "\n";
  }
  return out;
}

std::string tunnel_stats(const Json& status) {
  std::size_t fixed = 0, dynamic = 0, asleep = 0, selectors = 0, up = 0;
  for (const auto& t : list(status, "tunnels")) {
    ++(flag(t, "dynamic") ? dynamic : fixed);
    asleep += is_asleep(t);
    selectors += phase2_of(status, t).size();
    up += selectors_up(status, t);
  }
  return fmt::format(
      "tunnels\n  total: {}\n  static/ddns: {}\n  dynamic: {}\n  manual: 0\n  errors: 0\n  asleep: {}\nselectors\n  "
      "total: {}\n  up: {}\n",
      fixed + dynamic, fixed, dynamic, asleep, selectors, up);
}

std::string ike_status(const Json& status) {
  std::int64_t up = 0, ike = 0, ike_all = 0, ike_established = 0, ike_established_all = 0, child = 0, child_all = 0,
               child_established_all = 0;
  std::int64_t fastest = 0, slowest = 0, sum = 0, timed = 0;
  for (const auto& t : list(status, "tunnels")) {
    up += text(t, "state") == "up";
    for (const auto& sa : list(t, "ike")) {
      ++ike;
      ike_established += text(sa, "state") == "established";
      child += static_cast<std::int64_t>(list(sa, "children").size());
    }
    ike_all += number(t, "ike_created");
    ike_established_all += number(t, "ike_established");
    child_all += number(t, "child_created");
    child_established_all += number(t, "child_established");
    if (number(t, "ike_setup_time") == 0) continue;
    const auto ms = milliseconds(t, "ike_setup_time");
    fastest = timed == 0 ? ms : std::min(fastest, ms);
    slowest = std::max(slowest, ms);
    sum += ms;
    ++timed;
  }
  std::string out = fmt::format("connection: {}/{}\n", up, list(status, "tunnels").size());
  out += fmt::format("IKE SA: created {}/{}  established {}/{}  times {}/{}/{} ms\n", ike, ike_all, ike_established,
                     ike_established_all, fastest, timed == 0 ? 0 : sum / timed, slowest);
  out += fmt::format("IPsec SA: created {}/{}  established {}/{}  times 0/0/0 ms\n", child, child_all, child,
                     child_established_all);
  out += fmt::format("half-open: {}  cookies sent: {}\ndropped: unknown SA {}  malformed {}\n",
                     number(status, "half_open"), number(status, "cookies_sent"), number(status, "dropped_unknown"),
                     number(status, "dropped_malformed"));
  for (const auto& p : list(status, "phase1")) {
    out += fmt::format(
        "{}: tunnels {}  up {}  asleep {}  logins {}  refused {}  sleeps {}  resumed by address {}  by ticket {}  by "
        "login {}  expired {}\n",
        text(p, "name"), number(p, "tunnels"), number(p, "up"), number(p, "asleep"), number(p, "logins"),
        number(p, "logins_refused"), number(p, "sleeps"), number(p, "resumed_by_address"),
        number(p, "resumed_by_ticket"), number(p, "resumed_by_login"), number(p, "expired"));
    if (const auto to = text(p, "drains_to"); !to.empty() || number(p, "redirected") != 0)
      out += fmt::format("  draining to: {}  logins sent on: {}\n", to.empty() ? "none" : to, number(p, "redirected"));
    const auto& reasons = object(p, "refused_by_reason");
    for (auto it = reasons.begin(); it != reasons.end(); ++it)
      out += fmt::format("  refused: {} {}\n", it.key(), it.value().get<std::uint64_t>());
  }
  return out;
}

}  // namespace dormouse::status_view
