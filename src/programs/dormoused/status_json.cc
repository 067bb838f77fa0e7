#include "programs/dormoused/status_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dormouse::daemon {
namespace {

using nlohmann::json;

json of(Instant t) { return t.since_boot().count(); }
json of(Duration d) { return d.count(); }
json of(const IpAddress& a) { return a.text(); }
json of(const Endpoint& e) { return {{"address", e.address.text()}, {"port", e.port}}; }
json of(IkeSpi s) { return fmt::format("{:016x}", s.value()); }
json of(EspSpi s) { return fmt::format("{:08x}", s.value()); }
json of(const std::optional<Deadline>& d) {
  if (!d) return nullptr;
  return {{"at", of(d->at)}, {"reason", d->reason}};
}
json of(const std::optional<Identity>& id) {
  if (!id) return nullptr;
  return {{"type", static_cast<unsigned>(id->type)}, {"text", id->text()}};
}
json of(const TrafficSelectors& selectors) {
  json out = json::array();
  for (const auto& ts : selectors)
    out.push_back({{"protocol", ts.protocol},
                   {"first", of(ts.range.first)},
                   {"last", of(ts.range.last)},
                   {"first_port", ts.first_port},
                   {"last_port", ts.last_port}});
  return out;
}

json of(const Suite& s, Protocol protocol) {
  const auto name = [](TransformType type, auto id) {
    return name_of(Transform{type, static_cast<std::uint16_t>(id), 0});
  };
  json more = json::array();
  for (const auto group : s.addke)
    if (group != KeId::none) more.push_back(name(TransformType::ke, group));
  return {{"token", token_of(s, protocol)},
          {"addke", std::move(more)},
          {"encr", name(TransformType::encr, s.encr)},
          {"key_bits", s.key_bits},
          {"prf", name(TransformType::prf, s.prf)},
          {"integ", name(TransformType::integ, s.integ)},
          {"ke", name(TransformType::ke, s.ke)},
          {"esn", s.esn == EsnId::yes}};
}

json of(const ike::Path& p) { return {{"local", of(p.local)}, {"remote", of(p.remote)}, {"ifindex", p.ifindex}}; }
json of(const esp::OuterPath& p) {
  return {{"local", of(p.local)},
          {"remote", of(p.remote)},
          {"encap", p.encap == esp::Encap::udp ? "udp" : "none"},
          {"ifindex", p.ifindex}};
}

json of(const ike::ChildStatus& c) {
  return {{"id", c.id.value()},
          {"phase2", c.phase2},
          {"spi_in", of(c.spi_in)},
          {"spi_out", of(c.spi_out)},
          {"suite", of(c.suite, Protocol::esp)},
          {"local_ts", of(c.local_ts)},
          {"remote_ts", of(c.remote_ts)},
          {"created", of(c.created)},
          {"soft", of(c.soft)},
          {"hard", of(c.hard)},
          {"rekeying", c.rekeying},
          {"replaced", c.replaced},
          {"mode", c.transport ? "transport" : "tunnel"}};
}

json of(const ike::SaStatus& s) {
  json children = json::array();
  for (const auto& c : s.children) children.push_back(of(c));
  return {{"id", s.id.value()},
          {"state", ike::name_of(s.state)},
          {"initiator", s.initiator},
          {"spi_i", of(s.spi_i)},
          {"spi_r", of(s.spi_r)},
          {"suite", of(s.suite, Protocol::ike)},
          {"path", of(s.path)},
          {"local", of(s.local)},
          {"peer", of(s.peer)},
          {"created", of(s.created)},
          {"established", of(s.established)},
          {"soft", of(s.soft)},
          {"hard", of(s.hard)},
          {"next_request_out", s.next_request_out},
          {"next_request_in", s.next_request_in},
          {"request_pending", s.request_pending},
          {"udp_encap", s.udp_encap},
          {"mobike", s.mobike},
          {"children", children}};
}

json of(const esp::ChildCounters& c) {
  return {{"packets_in", c.packets_in},
          {"bytes_in", c.bytes_in},
          {"packets_out", c.packets_out},
          {"bytes_out", c.bytes_out},
          {"replayed", c.replayed},
          {"auth_failed", c.auth_failed},
          {"ts_mismatch", c.ts_mismatch},
          {"dummies", c.dummies},
          {"send_errors", c.send_errors},
          {"seq_out", c.seq_out},
          {"seq_in_highest", c.seq_in_highest}};
}
json of(const esp::TunnelCounters& c) {
  return {{"packets_in", c.packets_in}, {"bytes_in", c.bytes_in},       {"packets_out", c.packets_out},
          {"bytes_out", c.bytes_out},   {"errors_in", c.errors_in},     {"errors_out", c.errors_out},
          {"parked", c.parked},         {"parked_sent", c.parked_sent}, {"dropped_asleep", c.dropped_asleep},
          {"too_big", c.too_big},       {"fragmented", c.fragmented},   {"path_mtu", c.path_mtu},
          {"last_in", of(c.last_in)},   {"last_out", of(c.last_out)}};
}

json of(const wire::InsideConfig& c) {
  json addresses = json::array(), dns = json::array(), subnets = json::array();
  for (const auto f : {Family::v4, Family::v6})
    if (c.addresses.of(f)) addresses.push_back(of(*c.addresses.of(f)));
  for (const auto& server : c.dns) dns.push_back(of(server));
  for (const auto& subnet : c.subnets) subnets.push_back(subnet.text());
  return {{"addresses", addresses}, {"dns", dns}, {"subnets", subnets}, {"domains", c.domains}};
}

json of(const tunnel::TunnelStatus& t) {
  json ike = json::array();
  for (const auto& s : t.ike) ike.push_back(of(s));
  json children = json::array();
  for (const auto& c : t.child_counters) children.push_back(of(c));
  json out = {{"id", t.id.value()},
              {"name", t.name},
              {"phase1", t.phase1},
              {"dynamic", t.dynamic},
              {"index", t.index},
              {"state", tunnel::name_of(t.state)},
              {"interface", t.interface},
              {"ifindex", t.ifindex},
              {"device", t.device.value()},
              {"device_name", t.device_name},
              {"device_ifindex", t.device_ifindex},
              {"path", of(t.path)},
              {"local_id", of(t.local_id)},
              {"peer_id", of(t.peer_id)},
              {"auth_method", t.auth_method},
              {"certified", t.certified},
              {"certificate", t.certificate},
              {"certificate_issuer", t.certificate_issuer},
              {"local_behind_nat", t.local_behind_nat},
              {"remote_behind_nat", t.remote_behind_nat},
              {"created", of(t.created)},
              {"up_since", of(t.up_since)},
              {"logged_in", of(t.logged_in)},
              {"mtu", t.mtu},
              {"next", of(t.next)}};
  out.update({{"asleep_since", of(t.asleep_since)},
              {"asleep_until", of(t.asleep_until)},
              {"sleep_left", of(t.sleep_left)},
              {"last_wake", tunnel::name_of(t.last_wake)},
              {"last_wake_at", of(t.last_wake_at)},
              {"last_sleep", of(t.last_sleep)},
              {"last_wake_took", of(t.last_wake_took)},
              {"sleeps", t.sleeps},
              {"wakes_by_address", t.wakes_by_address},
              {"wakes_by_ticket", t.wakes_by_ticket},
              {"wakes_by_login", t.wakes_by_login},
              {"ike_created", t.ike_created},
              {"ike_established", t.ike_established},
              {"child_created", t.child_created},
              {"child_established", t.child_established},
              {"dpd_sent", t.dpd_sent},
              {"dpd_seqno", t.dpd_seqno},
              {"dpd_mode", t.dpd_mode},
              {"dpd_interval", of(t.dpd_interval)},
              {"dpd_retrycount", t.dpd_retrycount},
              {"nat_keepalive", of(t.nat_keepalive)},
              {"ike_setup_time", of(t.ike_setup_time)},
              {"inside", of(t.inside)},
              {"ike", ike},
              {"child_counters", children},
              {"counters", of(t.counters)}});
  return out;
}

json of(const tunnel::Phase1Status& p) {
  return {{"name", p.name},
          {"dynamic", p.dynamic},
          {"interface", p.interface},
          {"tunnels", p.tunnels},
          {"up", p.up},
          {"asleep", p.asleep},
          {"has_policy", p.has_policy},
          {"phase2", p.phase2},
          {"pool", p.pool},
          {"leases", p.leases},
          {"logins", p.logins},
          {"logins_refused", p.logins_refused},
          {"sleeps", p.sleeps},
          {"resumed_by_address", p.resumed_by_address},
          {"resumed_by_ticket", p.resumed_by_ticket},
          {"resumed_by_login", p.resumed_by_login},
          {"refused_by_reason", p.refused_by_reason},
          {"expired", p.expired},
          {"redirected", p.redirected},
          {"drains_to", p.drains_to}};
}

}  // namespace

json to_json(const tunnel::Status& status) {
  json phase1 = json::array();
  for (const auto& p : status.phase1) phase1.push_back(of(p));
  json tunnels = json::array();
  for (const auto& t : status.tunnels) tunnels.push_back(of(t));
  return {{"now", of(status.now)},
          {"phase1", phase1},
          {"tunnels", tunnels},
          {"half_open", status.half_open},
          {"cookies_sent", status.cookies_sent},
          {"dropped_unknown", status.dropped_unknown},
          {"dropped_malformed", status.dropped_malformed},
          {"crash_answers", status.crash_answers}};
}

json to_json(const store::StoreStatus& s) {
  return {
      {"path", s.path}, {"keeping", s.keeping}, {"problem", s.problem}, {"written", s.written}, {"waiting", s.waiting}};
}

}  // namespace dormouse::daemon
