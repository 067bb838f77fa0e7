// The two halves of a Child SA as the packet path sees them: hot fields only, each half touched by one thread at a time
// and on cache lines of its own.
#pragma once
#include <atomic>
#include <memory>

#include "crypto/esp_suite.h"
#include "esp/packet_format.h"
#include "esp/replay_window.h"

namespace dormouse::esp {

/// A counter with one writer at a time and any readers.
class Count {
 public:
  void add(std::uint64_t n) { v_.store(v_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { v_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return v_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> v_ = 0;
};

/// Octets after which a half is to be replaced; 0 = no limit.
struct ByteLimits {
  std::uint64_t soft = 0, hard = 0;
};
enum class Lifetime : std::uint8_t { good, soft_reached, hard_reached };

/// What may still be sent or received under the octet limits.
[[nodiscard]] inline Lifetime lifetime_of(std::uint64_t octets, const ByteLimits& limits) {
  if (limits.hard != 0 && octets >= limits.hard) return Lifetime::hard_reached;
  return limits.soft != 0 && octets >= limits.soft ? Lifetime::soft_reached : Lifetime::good;
}

struct alignas(64) OutboundSa {
  OutboundSa(std::unique_ptr<crypto::EspCipher> c, EspSpi s, bool esn, ByteLimits most)
      : cipher(std::move(c)),
        format(PacketFormat::of(*cipher)),
        spi(s),
        last_seq(esn ? kLast64 : kLast32),
        soft_seq(last_seq / 4 * 3),
        limits(most) {}
  /// Whether one more packet may not be sealed: numbers never come round (RFC 4303 3.3.3). `pending` octets are taken
  /// already and not counted yet.
  [[nodiscard]] bool exhausted(std::uint64_t pending = 0) const {
    return seq >= last_seq || lifetime_of(octets.get() + pending, limits) == Lifetime::hard_reached;
  }
  [[nodiscard]] Lifetime lifetime() const {
    if (exhausted()) return Lifetime::hard_reached;
    return seq >= soft_seq ? Lifetime::soft_reached : lifetime_of(octets.get(), limits);
  }

  std::unique_ptr<crypto::EspCipher> cipher;
  PacketFormat format;
  EspSpi spi;
  std::uint64_t seq = 0;   ///< of the last packet sent
  std::uint64_t last_seq;  ///< that may ever be used
  std::uint64_t soft_seq;  ///< from here a successor is wanted: three quarters
  ByteLimits limits;
  Lifetime told = Lifetime::good;  ///< what the owner was told last
  Count packets, octets, sent_seq, errors;

 private:
  static constexpr std::uint64_t kLast32 = 0xffffffff, kLast64 = 0xffffffffffffffff;
};

struct alignas(64) InboundSa {
  InboundSa(std::unique_ptr<crypto::EspCipher> c, EspSpi s, bool with_esn, std::uint32_t replay_window, ByteLimits most)
      : cipher(std::move(c)),
        format(PacketFormat::of(*cipher)),
        spi(s),
        window(replay_window),
        esn(with_esn),
        limits(most) {}

  std::unique_ptr<crypto::EspCipher> cipher;
  PacketFormat format;
  EspSpi spi;
  ReplayWindow window;
  bool esn;
  bool used = false;       ///< a packet verified already
  bool transport = false;  ///< its packets have no IP header inside
  ByteLimits limits;
  Lifetime told = Lifetime::good;
  Count packets, octets, replayed, auth_failed, malformed, dummies, expired, ts_mismatch, highest;
};

}  // namespace dormouse::esp
