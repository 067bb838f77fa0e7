// Inside addresses: who gets which at the gateway, and what a client's tunnel does with the one it got.
#include "tunnel/mode_cfg.h"

#include <algorithm>

#include "tunnel/manager.h"

namespace dormouse::tunnel {
namespace {

bool carries(const std::vector<ike::ChildPolicy>& children, Family f) {
  return std::ranges::any_of(children, [&](const auto& c) {
    return std::ranges::any_of(c.local, [&](const auto& ts) { return ts.range.first.family() == f; });
  });
}

/// The part of `p` inside `range`, as prefixes.
void clip(const Prefix& p, const IpRange& range, std::vector<Prefix>& out) {
  if (p.address.family() != range.first.family()) return;
  const IpRange both{std::max(p.first(), range.first), std::min(p.last(), range.last)};
  if (both.last < both.first) return;
  for (const auto& part : both.prefixes())
    if (std::ranges::find(out, part) == out.end()) out.push_back(part);
}

}  // namespace

std::vector<ike::ChildPolicy> narrowed(std::vector<ike::ChildPolicy> children, const InsideAddresses& lease) {
  for (auto& c : children) {
    TrafficSelectors remote;
    for (auto ts : c.remote) {
      const auto& address = lease.of(ts.range.first.family());
      if (!address) continue;
      ts.range = {*address, *address};
      if (std::ranges::find(remote, ts) == remote.end()) remote.push_back(ts);
    }
    c.remote = std::move(remote);
  }
  return children;
}

wire::InsideRequest inside_request(const std::vector<ike::ChildPolicy>& children, const InsideAddresses& had) {
  wire::InsideRequest r{.v4 = carries(children, Family::v4), .v6 = carries(children, Family::v6), .hint = had};
  r.netmask = r.dns4 = r.subnet4 = r.v4;
  r.dns6 = r.subnet6 = r.v6;
  r.domains = true;
  return r;
}

wire::InsideConfig inside_config(const config::ModeCfg& mode, const wire::InsideRequest& asked,
                                 const InsideAddresses& lease) {
  wire::InsideConfig c{.addresses = lease, .v4_length = mode.length4, .v6_length = mode.length6};
  for (const auto& server : mode.dns)
    if (server.is_v4() ? asked.dns4 : asked.dns6) c.dns.push_back(server);
  for (const auto& subnet : mode.split_include)
    if (subnet.address.is_v4() ? asked.subnet4 : asked.subnet6) c.subnets.push_back(subnet);
  if (asked.domains && !mode.domain.empty()) c.domains.push_back(mode.domain);
  c.supported = asked.supported;
  return c;
}

std::vector<Prefix> client_routes(const wire::InsideConfig& inside, const TrafficSelectors& remote) {
  std::vector<Prefix> wanted = inside.subnets, out;
  for (const auto f : {Family::v4, Family::v6}) {
    const auto& own = inside.addresses.of(f);
    if (!own) {
      std::erase_if(wanted, [&](const Prefix& p) { return p.address.family() == f; });
      continue;
    }
    const bool told = std::ranges::any_of(wanted, [&](const Prefix& p) { return p.address.family() == f; });
    if (!told) wanted.push_back(Prefix::of(IpAddress::any(f), 0));
    // The mask around the address means: these too are behind the gateway (RFC 7296 3.15.2).
    const auto length = f == Family::v4 ? inside.v4_length : inside.v6_length;
    if (length < own->bits()) wanted.push_back(Prefix::of(*own, length));
  }
  for (const auto& p : wanted)
    for (const auto& ts : remote) clip(p, ts.range, out);
  return out;
}

// --- the gateway

LeasePools& Manager::pools_of(const config::Phase1& phase1) {
  const auto [at, made] = pools_.try_emplace(phase1.name);
  if (made) at->second = {LeasePool(phase1.mode_cfg.pool4), LeasePool(phase1.mode_cfg.pool6)};
  return at->second;
}

InsideAddresses Manager::lease(const config::Phase1& phase1, unsigned index, const Identity& owner,
                               const wire::InsideRequest& asked) {
  auto& pools = pools_of(phase1);
  InsideAddresses out;
  if (asked.v4) out.v4 = pools.v4.take(index, owner, asked.hint.v4);
  if (asked.v6) out.v6 = pools.v6.take(index, owner, asked.hint.v6);
  return out;
}

bool Manager::lease_again(const config::Phase1& phase1, unsigned index, const Identity& owner,
                          const InsideAddresses& addresses) {
  auto& pools = pools_of(phase1);
  const bool v4 = !addresses.v4 || pools.v4.take_again(index, owner, *addresses.v4);
  const bool v6 = !addresses.v6 || pools.v6.take_again(index, owner, *addresses.v6);
  if (v4 && v6) return true;
  end_lease(phase1.name, index);
  return false;
}

void Manager::end_lease(const std::string& phase1, unsigned index) {
  const auto at = pools_.find(phase1);
  if (at == pools_.end()) return;
  at->second.v4.give_back(index);
  at->second.v6.give_back(index);
}

InsideAddresses Manager::held_lease(const config::Phase1& phase1, unsigned index) {
  if (!phase1.mode_cfg.assigns()) return {};
  auto& pools = pools_of(phase1);
  return {pools.v4.held_by(index), pools.v6.held_by(index)};
}

/// Ends the sleeper of that phase 1 that sleeps longest, other than `spared`. False: nobody sleeps.
bool Manager::reclaim_lease(const config::Phase1& phase1, const Tunnel* spared, Instant now) {
  for (const auto id : index_.sleepers(phase1.name)) {
    Tunnel* t = find(id);
    if (!t || t == spared || t->inside.addresses.empty()) continue;
    teardown(*t, "its inside address was needed", false, now);
    return true;
  }
  return false;
}

const char* Manager::grant_inside(const ike::AuthQuery& query, unsigned index, const Tunnel* adopted,
                                  const config::Phase1& phase1, ike::AuthGrant& grant, Instant now) {
  const auto& mode = phase1.mode_cfg;
  if (!mode.enabled || phase1.type != config::Phase1Type::dynamic) return nullptr;
  if (!query.inside) {
    if (!mode.assigns() || mode.client_selector) return nullptr;
    grant.turned_away = wire::NotifyType::failed_cp_required;
    return "it did not ask for an inside address";
  }
  InsideAddresses given;
  if (mode.assigns()) {
    given = lease(phase1, index, query.peer, *query.inside);
    while (given.empty() && mode.reclaim && reclaim_lease(phase1, adopted, now))
      given = lease(phase1, index, query.peer, *query.inside);
    if (given.empty()) {
      grant.turned_away = wire::NotifyType::internal_address_failure;
      return "no inside address is free";
    }
    if (!mode.client_selector) grant.children = narrowed(std::move(grant.children), given);
  }
  grant.inside = inside_config(mode, *query.inside, given);
  return nullptr;
}

std::vector<ike::ChildPolicy> Manager::child_policies(const Tunnel& t) const {
  auto out = child_policies(*t.phase1);
  const auto& mode = t.phase1->mode_cfg;
  return t.dynamic && mode.assigns() && !mode.client_selector ? narrowed(std::move(out), t.inside.addresses) : out;
}

// --- both ends, once the login stands

void Manager::take_inside(Tunnel& t, const std::optional<wire::InsideConfig>& inside) {
  const auto had = t.inside.addresses;
  if (inside || !t.dynamic) t.inside = inside.value_or(wire::InsideConfig{});
  if (t.dynamic || t.inside.addresses == had) return;
  for (const auto f : {Family::v4, Family::v6}) {
    const auto& was = had.of(f);
    const auto& is = t.inside.addresses.of(f);
    if (was == is) continue;
    // First the new one: with its last address an interface loses its routes.
    if (is) out_.push_back(AddAddress{t.device_name, *is});
    if (was) out_.push_back(DelAddress{t.device_name, *was});
  }
  if (t.inside.addresses.empty()) return;
  const auto join = [](std::string& all, const std::string& one) { all += (all.empty() ? "" : " ") + one; };
  std::string addresses, dns, domains;
  for (const auto f : {Family::v4, Family::v6})
    if (t.inside.addresses.of(f)) join(addresses, t.inside.addresses.of(f)->text());
  for (const auto& server : t.inside.dns) join(dns, server.text());
  for (const auto& name : t.inside.domains) join(domains, name);
  log(LogId::event_inside, {}, {t.name, addresses, dns.empty() ? "none" : dns, domains.empty() ? "none" : domains});
}

}  // namespace dormouse::tunnel
