// Anti-replay with 64-bit sequence numbers (RFC 4303 3.4.3, appendix A; the ring of words of RFC 6479).
#pragma once
#include <cstdint>
#include <vector>

#include "base/ids.h"

namespace dormouse::esp {

enum class ReplayVerdict : std::uint8_t { fresh, replayed, too_old };

class ReplayWindow {
 public:
  /// `size` packets, rounded up to 64; 0 = everything is fresh.
  explicit ReplayWindow(std::uint32_t size = 2048);
  /// Whether `seq` would be accepted. Call before the cipher, to save it the work.
  [[nodiscard]] ReplayVerdict check(SeqNo seq) const;
  /// Records `seq`. Call only after the ICV verified and check() said fresh.
  void accept(SeqNo seq);
  [[nodiscard]] SeqNo highest() const { return SeqNo(highest_); }
  /// The 64-bit number of a packet whose low half is `low` (RFC 4303 A2.2).
  [[nodiscard]] SeqNo infer(std::uint32_t low) const;

 private:
  std::vector<std::uint64_t> words_;
  std::uint64_t highest_ = 0;
  std::uint64_t size_;
};

}  // namespace dormouse::esp
