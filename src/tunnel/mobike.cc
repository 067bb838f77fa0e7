// Tunnels under other outer addresses. With MOBIKE (RFC 4555) the client decides: it takes the first path that its
// links and its gateway's addresses allow, and tells; the gateway moves when it is told and never by itself, but for a
// sleeper, whom any authenticated packet wakes and moves. Without MOBIKE a gateway follows authenticated packets (RFC
// 7296 2.23).
#include <algorithm>

#include "base/limits.h"
#include "tunnel/manager.h"

namespace dormouse::tunnel {
namespace {

constexpr unsigned kAsksPerPath = 3;     // by address, before another path is tried
constexpr Duration kUpdateOverdue = 2s;  // traffic may well come before the update that belongs to it

bool has(const LinkInfo* l, const IpAddress& a) {
  return l && std::ranges::find(l->addresses, a) != l->addresses.end();
}

/// Not of the link alone, nor of this host alone.
bool reaches_out(const IpAddress& a) {
  static const auto kNarrow = {*Prefix::parse("fe80::/10"), *Prefix::parse("169.254.0.0/16"),
                               *Prefix::parse("127.0.0.0/8"), *Prefix::parse("::1/128")};
  return std::ranges::none_of(kNarrow, [&](const auto& p) { return p.contains(a); });
}

std::vector<IpAddress> addresses_of(const std::vector<LinkInfo>& links, const std::string& name) {
  const auto it = std::ranges::find(links, name, &LinkInfo::name);
  return it == links.end() ? std::vector<IpAddress>{} : it->addresses;
}

}  // namespace

// --- asked by the engine

/// A gateway that is not pinned to one address serves on all of its phase 1's interface.
std::vector<IpAddress> Manager::other_addresses(IkeSaId sa, const ike::Path& path) {
  const auto login = pending_.find(sa);
  const Tunnel* t = tunnel_of_sa(sa);
  const config::Phase1* p = login != pending_.end() ? login->second.phase1.get() : t ? t->phase1.get() : nullptr;
  const auto* l = p && !p->local_gw ? link(p->interface) : nullptr;
  std::vector<IpAddress> out;
  if (!l) return out;
  for (const auto& a : l->addresses)
    if (a != path.local.address && reaches_out(a) && out.size() < limits::kMaxAdditionalAddresses) out.push_back(a);
  return out;
}

/// A dialup client may be anywhere, a configured peer where it is configured; both at our end where we serve them.
bool Manager::may_move(IkeSaId sa, const ike::Path& path) {
  const Tunnel* t = tunnel_of_sa(sa);
  if (!t || !is_host(path.remote.address) || path.remote.port == 0) return false;
  const auto& p = *t->phase1;
  const bool ours = has(link(p.interface), path.local.address) && (!p.local_gw || *p.local_gw == path.local.address);
  return ours && (t->dynamic || t->remote_behind_nat || path.remote.address == gateway_of(*t));
}

// --- which packets move a tunnel by themselves

ike::Mobility Manager::mobility_of(const Tunnel& t) const {
  const auto* s = t.current ? sas_.find(*t.current) : nullptr;
  return s ? s->mobility() : ike::Mobility::none;
}

/// RFC 4555 3.8: with MOBIKE no IKE message but an update moves anything. One for a sleeper does: where it was, it is
/// not any more.
bool Manager::follows_ike(const Tunnel& t, IkeSaId sa) const {
  const auto* s = sas_.find(sa);
  const auto mobility = s ? s->mobility() : ike::Mobility::none;
  if (mobility == ike::Mobility::none) return t.dynamic || t.remote_behind_nat;
  return mobility == ike::Mobility::follows && t.dynamic && t.state == State::asleep;
}

/// 3.8 allows to follow ESP. From behind a NAT that is needed, as the mapping changes without its owner's doing.
bool Manager::follows_esp(const Tunnel& t) const {
  return mobility_of(t) == ike::Mobility::none || t.state == State::asleep || t.remote_behind_nat;
}

/// 3.12: such traffic does not show that the peer hears us. An update should be on its way; else ask.
void Manager::unannounced(Tunnel& t, const Endpoint& from, Instant now) {
  log(LogId::mobike_elsewhere, scope_of(t), {from.address.text()});
  if (!t.timers.running(Timer::unannounced)) t.timers.set(Timer::unannounced, now + kUpdateOverdue);
  refresh(t);
}

// --- the client's choice

/// Paths to the gateway that this tunnel may take now, best first: as it is, if that is still possible.
std::vector<ike::Path> Manager::paths_of(const Tunnel& t) const {
  const auto& p = *t.phase1;
  const auto* l = link(p.interface);
  const auto* s = t.current ? sas_.find(*t.current) : nullptr;
  if (!l || !s) return {};
  std::vector<IpAddress> gateways{t.path.remote.address};
  if (s->mobility() == ike::Mobility::leads) {
    gateways.push_back(gateway_of(t));
    gateways.insert(gateways.end(), s->peer_addresses().begin(), s->peer_addresses().end());
  }
  std::vector<ike::Path> out;
  for (const auto& gateway : gateways) {
    if (std::ranges::any_of(out, [&](const auto& path) { return path.remote.address == gateway; })) continue;
    const auto& mine = t.path.local.address;
    const bool as_is = mine.family() == gateway.family() && has(l, mine);
    const auto local = as_is ? std::optional(mine) : local_address(p, gateway.family());
    if (!local) continue;
    ike::Path path{{*local, t.path.local.port}, t.path.remote, l->ifindex};
    if (gateway != t.path.remote.address) path.remote = {gateway, t.path.local.port};
    out.push_back(path);
  }
  return out;
}

void Manager::follow_links(Tunnel& t, const std::vector<LinkInfo>& before, Instant now) {
  if (t.dynamic) return follow_link_as_gateway(t, before, now);
  move_attempts(t, now);
  const auto paths = paths_of(t);
  if (paths.empty()) return;
  const auto& best = paths.front();
  if (best.local != t.path.local || best.remote != t.path.remote) move_to(t, best, now);
}

/// Logins under way begin anew from where we are; one that has shown its identity goes on from there.
void Manager::move_attempts(Tunnel& t, Instant now) {
  const auto local = local_address(*t.phase1);
  if (!local) return;
  for (const auto id : {t.attempt, t.resume.sa}) {
    ike::IkeSa* s = id ? sas_.find(*id) : nullptr;
    if (!s) continue;
    auto path = s->status().path;
    if (has(link(t.phase1->interface), path.local.address)) continue;
    if (s->state() != ike::SaState::init_sent) {
      path.local.address = *local;
      with_sa(*id, now, [&](ike::IkeSa& a, ike::Outbox& box) { a.move(path, now, box); });
      continue;
    }
    const bool login = t.attempt == id;
    with_sa(*id, now, [&](ike::IkeSa& a, ike::Outbox& box) { a.abandon(now, box); });
    if (login) connect(t, now);
  }
}

void Manager::move_to(Tunnel& t, const ike::Path& path, Instant now) {
  if (mobility_of(t) != ike::Mobility::leads) {
    // The peer follows the first packet that it can authenticate, or is told that we are elsewhere.
    set_path(t, path, t.udp_encap);
    if (t.rest != Tunnel::Rest::none) return;  // the wake will tell
    return with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) {
      s.resend_pending(now, box);
      s.announce_addresses(now, box);
    });
  }
  with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.move(path, now, box); });
  // Only our end changed: the Child SAs go along at once (3.5). An address of the gateway must answer first.
  if (path.remote == t.path.remote) set_path(t, path, t.udp_encap);
}

/// The first rung of the wake ladder. A MOBIKE update says where we are even if nothing changed here: a NAT's mapping
/// may have. While nobody answers, each path that there is gets its turn.
void Manager::ask_by_address(Tunnel& t, Instant now) {
  const auto paths = paths_of(t);
  const bool leads = mobility_of(t) == ike::Mobility::leads && !paths.empty();
  const auto turn = t.asked++ / kAsksPerPath;
  with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) {
    if (leads)
      s.move(paths[turn % paths.size()], now, box);
    else
      s.resend_pending(now, box);
  });
}

// --- the gateway's own addresses

void Manager::follow_link_as_gateway(Tunnel& t, const std::vector<LinkInfo>& before, Instant now) {
  const auto& name = t.phase1->interface;
  if (!t.current || mobility_of(t) != ike::Mobility::follows) return;
  if (addresses_of(before, name) == addresses_of(links_, name)) return;
  if (!has(link(name), t.path.local.address)) {  // 3.5: nothing can be sent from there any more
    const auto local = local_address(*t.phase1, t.path.remote.address.family());
    if (!local) return;
    ike::Path to = t.path;
    to.local.address = *local;
    set_path(t, to, t.udp_encap);
  }
  with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.announce_addresses(now, box); });
}

// --- what the engine reports

void Manager::carry_out(ike::Moved& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t || std::ranges::find(t->sas, a.sa) == t->sas.end()) return;
  t->local_behind_nat = a.local_behind_nat;
  t->remote_behind_nat = a.remote_behind_nat;
  t->timers.stop(Timer::unannounced);
  set_path(*t, a.path, a.udp_encap);
  if (t->state == State::up) keep_nat_mapping(*t, now);
  refresh(*t);
}

/// Where the peer does not want us under these SAs, it may with others.
void Manager::carry_out(ike::MoveRefused& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t || t->dynamic || t->current != a.sa) return;
  t->reauth_due = true;
  connect(*t, now);
}

/// 3.5: it matters when the one we use is no longer among them.
void Manager::carry_out(ike::PeerAddresses& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t || t->dynamic || t->current != a.sa || mobility_of(*t) != ike::Mobility::leads) return;
  const auto& others = sas_.find(a.sa)->peer_addresses();
  const auto& used = t->path.remote.address;
  if (used == a.path.remote.address || std::ranges::find(others, used) != others.end()) return;
  move_to(*t, a.path, now);
}

void Manager::keep_nat_mapping(Tunnel& t, Instant now) {
  if (t.local_behind_nat && t.udp_encap)
    t.timers.set(Timer::nat_keepalive, now + t.phase1->keepalive);
  else
    t.timers.stop(Timer::nat_keepalive);
}

}  // namespace dormouse::tunnel
