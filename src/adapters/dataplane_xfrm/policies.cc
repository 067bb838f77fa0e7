#include "adapters/dataplane_xfrm/policies.h"

#include <algorithm>

namespace dormouse::xfrm {

bool Policies::is_last(const PolicyKey& key) {
  return key.direction == Direction::out && key.selector == Selector::everything(key.selector.family());
}

Outcome<void> Policies::put(Kernel& kernel, const PolicyKey& key, const Template& through) const {
  // Selectors for everything are last in any case, so a tunnel's and the hole's may share their place.
  return kernel.put_policy({key, if_id_, is_last(key) ? kLastPriority : priority_of(key.selector), through});
}

Outcome<void> Policies::set_last(Kernel& kernel, const Template& through) {
  last_ = through;
  for (const auto f : {Family::v4, Family::v6}) {
    const PolicyKey key{Direction::out, Selector::everything(f)};
    if (!claims_.contains(key)) TRY(put(kernel, key, through));
  }
  return {};
}

Outcome<void> Policies::claim(Kernel& kernel, TunnelId tunnel, const Claims& wanted) {
  auto& have = of_[tunnel];
  Outcome<void> result;
  for (const auto& [key, through] : wanted) {
    const auto mine = have.find(key);
    if (mine != have.end() && mine->second == through) continue;
    if (auto done = put(kernel, key, through); !done) {
      if (result) result = std::move(done);
      continue;
    }
    auto& claims = claims_[key];
    std::erase_if(claims, [&](const Claim& c) { return c.tunnel == tunnel; });
    claims.push_back({tunnel, through});
  }
  for (const auto& [key, through] : have)
    if (!wanted.contains(key)) drop(kernel, tunnel, key);
  if (wanted.empty())
    of_.erase(tunnel);
  else
    have = wanted;
  return result;
}

void Policies::drop(Kernel& kernel, TunnelId tunnel, const PolicyKey& key) {
  const auto it = claims_.find(key);
  if (it == claims_.end()) return;
  std::erase_if(it->second, [&](const Claim& c) { return c.tunnel == tunnel; });
  if (!it->second.empty()) {
    (void)put(kernel, key, it->second.back().through);
    return;
  }
  claims_.erase(it);
  if (is_last(key) && last_)
    (void)put(kernel, key, *last_);
  else
    kernel.delete_policy(key, if_id_);
}

void Policies::clear(Kernel& kernel) {
  for (const auto& [key, claims] : claims_) kernel.delete_policy(key, if_id_);
  for (const auto f : {Family::v4, Family::v6}) {
    const PolicyKey key{Direction::out, Selector::everything(f)};
    if (last_ && !claims_.contains(key)) kernel.delete_policy(key, if_id_);
  }
  claims_.clear();
  of_.clear();
  last_.reset();
}

}  // namespace dormouse::xfrm
