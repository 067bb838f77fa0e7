#include "tunnel/leases.h"

#include <algorithm>

#include "base/limits.h"

namespace dormouse::tunnel {
namespace {

/// Addresses in a range, at most 2^32.
std::uint64_t count(const IpRange& r) {
  constexpr std::uint64_t kMany = std::uint64_t{1} << 32;
  const auto low = [](const IpAddress& a) { return a.is_v4() ? a.v4_value() : load64(a.bytes().data() + 8); };
  if (!r.first.is_v4() && load64(r.first.bytes().data()) != load64(r.last.bytes().data())) return kMany;
  return std::min(kMany - 1, low(r.last) - low(r.first)) + 1;
}

}  // namespace

LeasePool::LeasePool(std::vector<IpRange> ranges) : ranges_(std::move(ranges)) {
  if (!ranges_.empty()) untouched_ = ranges_.front().first;
}

std::optional<IpAddress> LeasePool::take(unsigned holder, const Identity& owner, const std::optional<IpAddress>& hint) {
  if (const auto has = held_by(holder)) return has;
  std::optional<IpAddress> chosen;
  if (const auto before = had_.find(owner); before != had_.end()) chosen = before->second.rbegin()->second;
  if (!chosen && hint && is_free(*hint) && !resting_.contains(*hint)) chosen = hint;
  if (!chosen && resting_.size() < limits::kMaxTunnels) chosen = fresh();
  if (!chosen && !by_rest_.empty()) chosen = by_rest_.begin()->second;
  if (chosen) settle(holder, owner, *chosen);
  return chosen;
}

bool LeasePool::take_again(unsigned holder, const Identity& owner, const IpAddress& address) {
  if (const auto has = held_by(holder)) return *has == address;
  if (!is_free(address)) return false;
  settle(holder, owner, address);
  return true;
}

void LeasePool::give_back(unsigned holder) {
  const auto at = by_holder_.find(holder);
  if (at == by_holder_.end()) return;
  const auto address = at->second;
  by_holder_.erase(at);
  auto lease = used_.extract(address);
  const auto since = ++rests_;
  by_rest_[since] = address;
  had_[lease.mapped().owner][since] = address;
  resting_[address] = {since, std::move(lease.mapped().owner)};
}

bool LeasePool::contains(const IpAddress& address) const {
  return std::ranges::any_of(ranges_, [&](const auto& r) { return r.contains(address); });
}

std::optional<IpAddress> LeasePool::held_by(unsigned holder) const {
  const auto at = by_holder_.find(holder);
  return at == by_holder_.end() ? std::nullopt : std::optional(at->second);
}

std::uint64_t LeasePool::size() const {
  std::uint64_t out = 0;
  for (const auto& r : ranges_) out += count(r);
  return out;
}

/// The next address nobody had yet. Steps over each address at most once in the life of the pool.
std::optional<IpAddress> LeasePool::fresh() {
  while (untouched_) {
    const auto address = *untouched_;
    if (address != ranges_[range_].last)
      untouched_ = address.next();
    else
      untouched_ = ++range_ < ranges_.size() ? std::optional(ranges_[range_].first) : std::nullopt;
    if (!used_.contains(address) && !resting_.contains(address)) return address;
  }
  return std::nullopt;
}

void LeasePool::settle(unsigned holder, const Identity& owner, const IpAddress& address) {
  wake(address);
  used_[address] = {holder, owner};
  by_holder_[holder] = address;
}

/// It rests no longer, and whoever had it has it no more.
void LeasePool::wake(const IpAddress& address) {
  const auto rest = resting_.find(address);
  if (rest == resting_.end()) return;
  by_rest_.erase(rest->second.since);
  const auto owner = had_.find(rest->second.owner);
  owner->second.erase(rest->second.since);
  if (owner->second.empty()) had_.erase(owner);
  resting_.erase(rest);
}

}  // namespace dormouse::tunnel
