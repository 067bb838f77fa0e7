#include "esp/path_mtu.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace dormouse::esp {
namespace {

/// The MTUs that links have (RFC 1191 7.1), for routers that do not say theirs: the next below the packet's size.
std::uint32_t guess_below(std::uint32_t size) {
  constexpr std::array<std::uint32_t, 8> kPlateaus{32000, 17914, 8166, 4352, 2002, 1492, 1006, 576};
  const auto it = std::ranges::find_if(kPlateaus, [&](std::uint32_t mtu) { return mtu < size; });
  return it == kPlateaus.end() ? size : *it;
}

}  // namespace

void PathMtu::set_first_hop(std::uint32_t mtu) {
  first_hop_ = std::clamp<std::uint32_t>(mtu, smallest_mtu(v6_), 65535);
}

bool PathMtu::believe(std::uint32_t reported, std::uint32_t size, Instant now) {
  if (v6_ && reported < kSmallestIpv6Mtu) return false;  // RFC 8201 4: to be discarded
  const std::uint32_t passes = reported != 0 ? reported : guess_below(size);
  if (passes >= size) return false;  // it would have passed
  const std::uint32_t wanted = std::max(passes, smallest_mtu(v6_));
  if (wanted >= value()) return false;
  learned_ = wanted;
  until_ = now + limits::kPathMtuAge;
  return true;
}

bool PathMtu::forget_old(Instant now) {
  if (learned_ == 0 || now < until_) return false;
  const auto before = value();
  learned_ = 0;
  return value() != before;
}

}  // namespace dormouse::esp
