// Copies the state out as values.
#include <algorithm>

#include "tunnel/manager.h"

namespace dormouse::tunnel {
namespace {

const char* name_of_dpd(config::DpdMode m) {
  switch (m) {
    case config::DpdMode::disable: return "disable";
    case config::DpdMode::on_idle: return "on-idle";
    case config::DpdMode::on_demand: return "on-demand";
  }
  return "?";
}

void copy_sleep(const Tunnel& t, Instant now, TunnelStatus& s) {
  s.sleeps = t.sleeps;
  s.wakes_by_address = t.wakes_by_address;
  s.wakes_by_ticket = t.wakes_by_ticket;
  s.wakes_by_login = t.wakes_by_login;
  s.last_wake = t.last_wake;
  s.last_wake_at = t.last_wake_at;
  s.last_sleep = t.last_sleep;
  s.last_wake_took = t.last_wake_took;
  if (t.state != State::asleep) return;
  s.asleep_since = t.asleep_since;
  s.asleep_until = t.asleep_until;
  s.sleep_left = std::max(Duration{}, t.asleep_until - now);
}

TunnelStatus copy(const Tunnel& t, Instant now) {
  TunnelStatus s;
  s.id = t.id;
  s.name = t.name;
  s.phase1 = t.phase1->name;
  s.dynamic = t.dynamic;
  s.index = t.index;
  s.state = t.state;
  s.interface = t.phase1->interface;
  s.device = t.device;
  s.device_name = t.device_name;
  s.device_ifindex = t.device_ifindex;
  s.path = t.outer;
  s.local_id = t.local_id;
  s.peer_id = t.peer_id;
  if (t.auth_method != 0) s.auth_method = ike::name_of(static_cast<wire::AuthMethod>(t.auth_method));
  s.certified = t.certificate != nullptr;
  if (t.certificate) {
    s.certificate = t.certificate->subject;
    s.certificate_issuer = t.certificate->authority;
  }
  s.local_behind_nat = t.local_behind_nat;
  s.remote_behind_nat = t.remote_behind_nat;
  s.inside = t.inside;
  s.created = t.created;
  s.up_since = t.up_since;
  s.logged_in = t.logged_in;
  s.ike_created = t.ike_created;
  s.ike_established = t.ike_established;
  s.child_created = t.child_created;
  s.child_established = t.child_established;
  s.dpd_sent = t.dpd_sent;
  s.dpd_seqno = t.dpd_seqno;
  s.dpd_mode = name_of_dpd(t.phase1->dpd);
  s.dpd_interval = t.phase1->dpd_retryinterval;
  s.dpd_retrycount = t.phase1->dpd_retrycount;
  s.nat_keepalive = t.phase1->keepalive;
  s.ike_setup_time = t.ike_setup_time;
  s.mtu = t.mtu;
  copy_sleep(t, now, s);
  if (const auto next = t.timers.next()) s.next = Deadline{next->second, reason_of(next->first)};
  return s;
}

}  // namespace

const char* name_of(WakeWay w) {
  switch (w) {
    case WakeWay::none: return "none";
    case WakeWay::address: return "address";
    case WakeWay::ticket: return "ticket";
    case WakeWay::login: return "login";
  }
  return "?";
}

Status Manager::status(Instant now) {
  Status out{.now = now,
             .half_open = sas_.half_open(),
             .cookies_sent = counters_.cookies_sent,
             .dropped_unknown = counters_.dropped_unknown,
             .dropped_malformed = counters_.dropped_malformed,
             .crash_answers = counters_.crash_answers};
  for (const auto& p : model_->phase1) {
    const auto& c = phase1_counters_[p.name];
    Phase1Status s{.name = p.name,
                   .dynamic = p.type == config::Phase1Type::dynamic,
                   .interface = p.interface,
                   .has_policy = p.has_policy};
    for (const auto* p2 : model_->phase2_of(p.name)) s.phase2.push_back(p2->name);
    if (p.mode_cfg.assigns()) {
      const auto& pools = pools_of(p);
      s.pool = pools.v4.size() + pools.v6.size();
      s.leases = pools.v4.held() + pools.v6.held();
    }
    s.logins = c.logins;
    s.logins_refused = c.refused;
    s.sleeps = c.sleeps;
    s.resumed_by_address = c.by_address;
    s.resumed_by_ticket = c.by_ticket;
    s.resumed_by_login = c.by_login;
    s.refused_by_reason = c.refused_by_reason;
    s.expired = c.expired;
    s.redirected = c.redirected;
    if (const auto* to = s.dynamic ? drains_to(p.name) : nullptr) s.drains_to = to->text();
    for (const auto& [id, t] : tunnels_) {
      if (t->dead() || t->phase1->name != p.name) continue;
      ++s.tunnels;
      s.up += t->state == State::up;
      s.asleep += t->state == State::asleep;
    }
    out.phase1.push_back(std::move(s));
  }
  for (const auto& [id, t] : tunnels_) {
    if (!t->dead()) out.tunnels.push_back(status_of(*t, now));
  }
  return out;
}

TunnelStatus Manager::status_of(const Tunnel& t, Instant now) const {
  auto s = copy(t, now);
  if (const auto* l = link(t.phase1->interface)) s.ifindex = l->ifindex;
  for (const auto sa : t.sas)
    if (const auto* found = sas_.find(sa)) s.ike.push_back(found->status());
  if (t.attempt)
    if (const auto* found = sas_.find(*t.attempt)) s.ike.push_back(found->status());
  for (const auto& sa : s.ike)
    for (const auto& child : sa.children) s.child_counters.push_back(data_.child_counters(child.id));
  if (t.in_data_plane) s.counters = data_.counters(t.id);
  return s;
}

std::optional<TunnelStatus> Manager::tunnel(std::string_view name, Instant now) const {
  const auto id = index_.named(name);
  const auto at = id ? tunnels_.find(*id) : tunnels_.end();
  if (at == tunnels_.end() || at->second->dead()) return std::nullopt;
  return status_of(*at->second, now);
}

Footprint Manager::footprint() const {
  return {.tunnels = tunnels_.size(),
          .deadlines = deadlines_.size(),
          .ike_sas = sas_.size(),
          .half_open = sas_.half_open(),
          .pending = pending_.size(),
          .opened = opened_.size(),
          .nat = nat_.size(),
          .children = child_tunnel_.size(),
          .esp_spis = spis_.size(),
          .spent_tickets = tickets_.spent.size(),
          .unsaved = unsaved_.size()};
}

}  // namespace dormouse::tunnel
