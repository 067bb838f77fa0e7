#include "programs/status_view/gateway_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "programs/status_view/tunnel_facts.h"

namespace dormouse::status_view {
namespace {

/// The path of the newest IKE SA; of ESP where there is none any more (a tunnel may outlive its SAs asleep).
const Json& path_of(const Json& tunnel) {
  const auto& sas = list(tunnel, "ike");
  return sas.empty() ? object(tunnel, "path") : object(sas.front(), "path");
}

std::string head(const Json& t) {
  const auto& path = path_of(t);
  return fmt::format("\nvd: root/0\nname: {}\nversion: 2\ninterface: {} {}\naddr: {} -> {}\n", text(t, "name"),
                     text(t, "interface"), number(t, "ifindex"), endpoint(object(path, "local")),
                     endpoint(object(path, "remote")));
}

struct Totals {
  std::size_t ike = 0, ike_established = 0, children = 0;
};
Totals totals_of(const Json& t) {
  Totals out;
  for (const auto& sa : list(t, "ike")) {
    ++out.ike;
    out.ike_established += text(sa, "state") == "established";
    out.children += list(sa, "children").size();
  }
  return out;
}

/// `separator` is where the colon goes: FortiOS has "IKE SA: created 1/1" in diagnose and "IKE SA  created: 1/1" in
/// get.
std::string sa_totals(const Json& t, bool diagnose) {
  const auto n = totals_of(t);
  const auto line = [&](const char* what, std::size_t created, const char* all_created, std::size_t established,
                        const char* all_established, std::int64_t ms) {
    return fmt::format(fmt::runtime(diagnose ? "{}: created {}/{}  established {}/{}  time {}/{}/{} ms\n"
                                             : "{}  created: {}/{}  established: {}/{}  time: {}/{}/{} ms\n"),
                       what, created, number(t, all_created), established, number(t, all_established), ms, ms, ms);
  };
  return line("IKE SA", n.ike, "ike_created", n.ike_established, "ike_established", milliseconds(t, "ike_setup_time")) +
         line("IPsec SA", n.children, "child_created", n.children, "child_established", 0);
}

std::string nat_line(const Json& t) {
  const bool me = flag(t, "local_behind_nat"), peer = flag(t, "remote_behind_nat");
  if (!me && !peer) return "";
  return fmt::format("nat:{}{}\n", me ? " me" : "", peer ? " peer" : "");
}

/// What mode configuration gave to this client, or got from the gateway.
std::string inside_lines(const Json& t) {
  const auto& inside = object(t, "inside");
  const auto words = [&](const char* key) {
    std::string out;
    for (const auto& word : list(inside, key))
      if (word.is_string()) out += (out.empty() ? "" : " ") + word.get<std::string>();
    return out;
  };
  std::string out;
  if (const auto a = words("addresses"); !a.empty())
    out += fmt::format("{} address: {}\n", flag(t, "dynamic") ? "assigned" : "inside", a);
  if (const auto dns = words("dns"); !dns.empty()) out += fmt::format("dns: {}\n", dns);
  if (const auto domains = words("domains"); !domains.empty()) out += fmt::format("domains: {}\n", domains);
  return out;
}

/// What FortiOS does not show: sleep, and the next thing due.
std::string resume_lines(const Json& status, const Json& t) {
  std::string out;
  if (is_asleep(t)) {
    out += fmt::format("client-resume: {}, {} asleep in {}\n", sleep_text(status, t),
                       number(phase1_of(status, text(t, "phase1")), "asleep"), text(t, "phase1"));
  } else if (const auto way = text(t, "last_wake"); !way.empty() && way != "none") {
    out += fmt::format("client-resume: last resumed by {} {}s ago, after {}s asleep, in {} ms\n", way,
                       seconds_since(status, t, "last_wake_at"), seconds(t, "last_sleep"),
                       milliseconds(t, "last_wake_took"));
  }
  const auto address = number(t, "wakes_by_address"), ticket = number(t, "wakes_by_ticket"),
             login = number(t, "wakes_by_login"), sleeps = number(t, "sleeps");
  if (address + ticket + login + sleeps != 0)
    out +=
        fmt::format("slept: {}  resumed by address: {}  by ticket: {}  by login: {}\n", sleeps, address, ticket, login);
  if (const auto& next = object(t, "next"); !next.empty())
    out += fmt::format("next: {} in {}s\n", text(next, "reason"), seconds_until(status, next, "at"));
  return out;
}

std::string sa_status(const Json& status, const Json& sa) {
  if (number(sa, "established") == 0)
    return fmt::format("  status: connecting, state {}, started {}s ago\n", text(sa, "state"),
                       seconds_since(status, sa, "created"));
  const auto state = text(sa, "state");
  const auto took = (number(sa, "established") - number(sa, "created")) / 1'000'000;
  return fmt::format("  status: {} {}-{}s ago = {}ms\n", state.empty() ? "established" : state,
                     seconds_since(status, sa, "created"), seconds_since(status, sa, "established"), took);
}

std::string sa_block(const Json& status, const Json& t, const Json& sa, bool diagnose) {
  std::string out = fmt::format("\n  id/spi: {} {}/{}\n  direction: {}\n", number(sa, "id"), text(sa, "spi_i"),
                                text(sa, "spi_r"), flag(sa, "initiator") ? "initiator" : "responder");
  out += sa_status(status, sa);
  if (number(sa, "established") == 0) return out;  // nothing is agreed on yet
  const auto& suite = object(sa, "suite");
  out += fmt::format("  proposal: {}\n  key-exchange: {}\n", text(suite, "token"), text(suite, "ke"));
  if (diagnose) {
    out += fmt::format("  message-id sent/recv: {}/{}{}\n", number(sa, "next_request_out"),
                       number(sa, "next_request_in"), flag(sa, "request_pending") ? ", waiting for an answer" : "");
    out += fmt::format("  mobike: {}\n", flag(sa, "mobike") ? "on" : "off");
  }
  out += fmt::format("  lifetime/rekey: {}/{}\n", seconds_between(sa, "established", "hard"),
                     seconds_until(status, sa, "soft"));
  out += fmt::format("  DPD sent: {:08x}\n", number(t, "dpd_sent"));
  if (const auto& peer = object(sa, "peer"); diagnose && !peer.empty())
    out += fmt::format("  peer-id: {}\n", text(peer, "text"));
  return out;
}

/// Whether a certificate stands behind the identity, and which.
std::string certificate_lines(const Json& t) {
  if (!flag(t, "certified")) return "peer-id-auth: no\n";
  std::string out = fmt::format("peer-id-auth: yes\nauth-method: {}\n", text(t, "auth_method"));
  if (const auto subject = text(t, "certificate"); !subject.empty())  // a ticket does not keep it
    out += fmt::format("peer-cert: {}\npeer-cert-ca: {}\n", subject, text(t, "certificate_issuer"));
  return out;
}

std::string diagnose_block(const Json& status, const Json& t) {
  std::string out = head(t);
  out += fmt::format("tun_id: {}\nstate: {}\ncreated: {}s ago\n", text(object(object(t, "path"), "remote"), "address"),
                     text(t, "state"), seconds_since(status, t, "created"));
  if (number(t, "up_since") != 0) out += fmt::format("up since: {}s ago\n", seconds_since(status, t, "up_since"));
  if (number(t, "logged_in") != 0) out += fmt::format("logged in: {}s ago\n", seconds_since(status, t, "logged_in"));
  if (number(object(t, "counters"), "last_in") != 0)
    out += fmt::format("last received: {}s ago\n", seconds_since(status, object(t, "counters"), "last_in"));
  if (const auto& peer = object(t, "peer_id"); !peer.empty())
    out += fmt::format("peer-id: {}\n", text(peer, "text")) + certificate_lines(t);
  out += inside_lines(t) + nat_line(t) + sa_totals(t, true) + resume_lines(status, t);
  for (const auto& sa : list(t, "ike")) out += sa_block(status, t, sa, true);
  return out;
}

std::string get_block(const Json& status, const Json& t) {
  std::string out = head(t);
  out += fmt::format("created: {}s ago\n", seconds_since(status, t, "created"));
  if (const auto& peer = object(t, "peer_id"); !peer.empty()) out += fmt::format("peer-id: {}\n", text(peer, "text"));
  out += inside_lines(t) + nat_line(t) + sa_totals(t, false) + resume_lines(status, t);
  for (const auto& sa : list(t, "ike")) out += sa_block(status, t, sa, false);
  return out;
}

}  // namespace

std::string gateway_list(const Json& status, const std::string& name) {
  std::string out;
  for (const auto& t : list(status, "tunnels"))
    if (is_chosen(t, name)) out += diagnose_block(status, t);
  return out;
}

std::string gateway_get(const Json& status, const std::string& name) {
  std::string out;
  for (const auto& t : list(status, "tunnels"))
    if (is_chosen(t, name)) out += get_block(status, t);
  return out;
}

}  // namespace dormouse::status_view
