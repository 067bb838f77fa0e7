#include "adapters/dataplane_xfrm/kernel.h"

#include <cstdio>

namespace dormouse::xfrm {
namespace {

std::string text_of(const SaId& id) {
  char spi[16];
  (void)std::snprintf(spi, sizeof spi, "%08x", id.spi.value());
  return std::string("kernel SA ") + spi + " to " + id.destination.text();
}

std::string text_of(const PolicyKey& key) {
  const char* way = key.direction == Direction::out ? "out" : key.direction == Direction::in ? "in" : "forward";
  return std::string("kernel policy ") + way + " " + key.selector.source.text() + " to " +
         key.selector.destination.text();
}

}  // namespace

Outcome<Kernel> Kernel::open() {
  TRY_ASSIGN(auto channel, netlink::Channel::open(NETLINK_XFRM));
  return Kernel(std::move(channel));
}

Outcome<void> Kernel::add_sa(const SaSpec& sa) {
  Request r(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL);
  put_new_sa(r, sa);
  const auto done = channel_.request(r, text_of(sa.id));
  r.wipe();  // keys lay in it
  return done;
}

std::optional<SaStatus> Kernel::read_sa(const SaId& id) {
  Request r(XFRM_MSG_GETSA, 0);
  put_sa_id(r, id);
  std::optional<SaStatus> found;
  const auto done = channel_.request(r, text_of(id), [&](const nlmsghdr* m) {
    if (auto sa = parse_sa(m)) found = std::move(sa->status);
  });
  if (!done) return std::nullopt;
  return found;
}

void Kernel::delete_sa(const SaId& id) {
  Request r(XFRM_MSG_DELSA, 0);
  put_sa_id(r, id);
  (void)channel_.request(r, text_of(id));  // what is not there need not go
}

// The announcement of the deletion is made after the SA has died, so its numbers are final. A read before the deletion
// would not do: a packet in between takes a number that would then be used twice with one key.
std::optional<SaStatus> Kernel::take_sa(const SaId& id) {
  auto witness = netlink::Channel::open(NETLINK_XFRM, XFRMGRP_SA);
  if (!witness) return std::nullopt;
  Request r(XFRM_MSG_DELSA, 0);
  put_sa_id(r, id);
  std::optional<SaStatus> last;
  const auto done = witness->request(r, text_of(id), [&](const nlmsghdr* m) {
    if (auto sa = parse_deleted_sa(m); sa && sa->id == id) last = std::move(sa->status);
  });
  if (!done || (last && last->replay.empty())) return std::nullopt;
  return last;
}

void Kernel::tell_packets(const SaId& id, bool tell) {
  Request r(XFRM_MSG_NEWAE, NLM_F_REPLACE);
  put_tell_packets(r, id, tell);
  (void)channel_.request(r, text_of(id));  // it may have expired a moment ago
}

Outcome<void> Kernel::put_policy(const PolicySpec& policy) {
  Request r(XFRM_MSG_UPDPOLICY, 0);
  xfrm::put_policy(r, policy);
  return channel_.request(r, text_of(policy.key));
}

void Kernel::delete_policy(const PolicyKey& key, std::uint32_t if_id) {
  Request r(XFRM_MSG_DELPOLICY, 0);
  put_policy_id(r, key, if_id);
  (void)channel_.request(r, text_of(key));
}

void Kernel::clear(std::uint32_t first, std::uint32_t last) {
  const auto ours = [&](std::uint32_t if_id) { return if_id >= first && if_id <= last; };
  std::vector<SaId> sas;
  Request all_sas(XFRM_MSG_GETSA, NLM_F_DUMP);
  (void)channel_.request(all_sas, "list of kernel SAs", [&](const nlmsghdr* m) {
    if (const auto sa = parse_sa(m); sa && ours(sa->status.if_id)) sas.push_back(sa->id);
  });
  std::vector<PolicyMessage> policies;
  Request all_policies(XFRM_MSG_GETPOLICY, NLM_F_DUMP);
  (void)channel_.request(all_policies, "list of kernel policies", [&](const nlmsghdr* m) {
    if (const auto policy = parse_policy(m); policy && ours(policy->if_id)) policies.push_back(*policy);
  });
  for (const auto& p : policies) delete_policy(p.key, p.if_id);
  for (const auto& id : sas) delete_sa(id);
}

}  // namespace dormouse::xfrm
