// What the path to a peer is believed to carry: the first hop's MTU, lowered by routers' reports for a while.
#pragma once
#include <cstdint>

#include "base/time.h"
#include "esp/fit.h"

namespace dormouse::esp {

/// A report is not authenticated. So it lowers the value only within what a real network can mean, never below
/// smallest_mtu(), and only for limits::kPathMtuAge (RFC 4301 8.2, RFC 8201 4 and 5.3, RFC 1191 6.3).
class PathMtu {
 public:
  PathMtu() = default;
  PathMtu(bool v6, std::uint32_t first_hop) : v6_(v6) { set_first_hop(first_hop); }
  [[nodiscard]] std::uint32_t value() const { return learned_ != 0 && learned_ < first_hop_ ? learned_ : first_hop_; }
  /// Whether less than the first hop takes is believed.
  [[nodiscard]] bool lowered() const { return value() < first_hop_; }
  /// The MTU of the interface the packets leave by. What was learned stays.
  void set_first_hop(std::uint32_t mtu);
  /// A packet of `size` octets is said not to have passed where `reported` is the limit; 0 = an old router that does
  /// not tell. Whether value() changed.
  [[nodiscard]] bool believe(std::uint32_t reported, std::uint32_t size, Instant now);
  /// Forgets what was learned too long ago. Whether value() changed.
  [[nodiscard]] bool forget_old(Instant now);

 private:
  bool v6_ = false;
  std::uint32_t first_hop_ = kUsualMtu;
  std::uint32_t learned_ = 0;  ///< 0 = nothing
  Instant until_;
};

}  // namespace dormouse::esp
