// Transport mode (RFC 7296 1.3.1), as far as a peer asks for it: of one Child SA between the two hosts that the IKE SA
// is between. We ask for it in a rekey of such a Child SA alone.
#include <algorithm>

#include "ike/sa_impl.h"
#include "ike/ts_narrowing.h"

namespace dormouse::ike {
namespace {

TrafficSelectors only(const TrafficSelectors& selectors, const IpAddress& host) {
  return narrow(selectors, {TrafficSelector::of(Prefix::host(host))}).selectors;
}

bool is_only(const TrafficSelectors& selectors, const IpAddress& host) {
  return std::ranges::all_of(selectors,
                             [&](const auto& ts) { return ts.range.first == host && ts.range.last == host; });
}

}  // namespace

bool SaImpl::asks_transport(const Payloads& p) {
  return wire::find_notify(p, wire::NotifyType::use_transport_mode) != nullptr;
}

/// Responder: transport mode if the peer asks for it and everything else allows it; its selectors are narrowed to the
/// two hosts then. Else the Child SA is in tunnel mode, which the peer may take or delete (1.3.1). A rekey keeps the
/// mode.
void SaImpl::settle_mode(const Payloads& p, const ChildSa* replaced, Agreement& a, Outbox& out) const {
  if (!asks_transport(p)) return;
  const auto stay = [&](const char* why) { out.log(LogId::transport_declined, scope(), {std::string(why)}); };
  if (replaced ? !replaced->transport : a.policy->transport == TransportMode::refused)
    return stay("the phase 2 is in tunnel mode");
  if (a.policy->transport == TransportMode::impossible) return stay("the data plane does not carry it");
  if (nat_.local || nat_.remote || policy_.nat == NatMode::always) return stay("a NAT is between us, or pretended");
  auto local = only(a.local, path_.local.address);
  auto remote = only(a.remote, path_.remote.address);
  if (local.empty() || remote.empty()) return stay("the selectors are not of our two hosts");
  a.local = std::move(local);
  a.remote = std::move(remote);
  a.transport = true;
  out.log(LogId::transport_mode, scope());
}

/// A Child SA in transport mode is of the outer addresses: where those change, it carries nothing any more.
void SaImpl::drop_moved_transport(Instant now, Outbox& out) {
  std::vector<ChildId> gone;
  for (const auto& c : children_)
    if (c.transport && !c.deleting &&
        (nat_.local || nat_.remote || !is_only(c.local, path_.local.address) ||
         !is_only(c.remote, path_.remote.address)))
      gone.push_back(c.id);
  for (const auto id : gone) {
    const ChildSa* c = child(id);
    if (!c) continue;
    out.log(LogId::transport_moved, scope(*c), {Hex{c->in.value(), 8}});
    delete_child(id, now, out);
  }
}

}  // namespace dormouse::ike
