// A batch of inbound ESP packets of one SA: checked, opened together, and handed on in order (RFC 4303 3.4).
#pragma once
#include <array>
#include <span>

#include "esp/sa_runtime.h"

namespace dormouse::esp {

/// A packet that verified. `inner` is empty for a dummy packet (next header 59) and for one whose trailer makes no
/// sense.
struct Opened {
  MutableBytes inner;     ///< in transport mode what stood behind the IP header
  bool newest = false;    ///< its sequence number was the highest so far
  std::uint8_t next = 0;  ///< in transport mode ESP's next header
  std::uint64_t seq = 0;
};

class OpenBatch {
 public:
  static constexpr std::size_t kPackets = 64;
  [[nodiscard]] bool full() const { return count_ == kPackets; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Queues the packet at `esp`, which stays where it is until run(). One that cannot be right, or is a replay, is
  /// counted and forgotten here, before it costs a decryption. All packets of a batch are of one SA; not to be called
  /// when full().
  void add(InboundSa& sa, MutableBytes esp);
  /// Opens what was queued; the result is valid until the next add(). Empties the batch.
  [[nodiscard]] std::span<const Opened> run(InboundSa& sa);

 private:
  template <bool kTransport>
  [[nodiscard]] std::span<const Opened> run_in(InboundSa& sa);
  std::array<crypto::EspJob, kPackets> jobs_{};
  std::array<Opened, kPackets> opened_{};
  std::size_t count_ = 0;
};

}  // namespace dormouse::esp
