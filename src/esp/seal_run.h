// A run of outbound packets of one SA that leave in one send: gathered side by side, sealed together.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "esp/sa_runtime.h"
#include "esp/segmenter.h"

namespace dormouse::esp {

/// All packets of a run have the first one's size, but the last, which may be shorter: so one UDP_SEGMENT send carries
/// them.
class SealRun {
 public:
  static constexpr std::size_t kPackets = 64;    ///< UDP_MAX_SEGMENTS of the kernels in use
  static constexpr std::size_t kOctets = 65000;  ///< one UDP datagram's worth
  SealRun() : buffer_(kOctets + kSlack) {}
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Takes as many of the packets left in `packets` as fit. Sealing is deferred to seal().
  /// What does not fit (another SA or traffic class, a larger packet, a full run) stays: seal, send, clear, call again.
  /// An exhausted SA takes nothing more.
  void take(OutboundSa& sa, Segmenter& packets, bool v6, std::uint8_t traffic_class);
  void seal();
  void clear() {
    count_ = octets_ = 0;
    inner_octets_ = 0;
  }
  [[nodiscard]] MutableBytes octets() { return std::span(buffer_).first(octets_); }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t segment() const { return segment_; }
  [[nodiscard]] std::size_t size_of(std::size_t i) const { return i + 1 < count_ ? segment_ : octets_ - segment_ * i; }
  [[nodiscard]] std::uint64_t inner_octets() const { return inner_octets_; }
  [[nodiscard]] std::uint8_t traffic_class() const { return class_; }

 private:
  static constexpr std::size_t kSlack = 66000;  // the last packet may be as long as IP allows
  [[nodiscard]] bool room_for(const OutboundSa& sa, std::size_t size, std::uint8_t traffic_class) const;
  std::vector<std::uint8_t> buffer_;
  std::array<crypto::EspJob, kPackets> jobs_{};
  OutboundSa* sa_ = nullptr;
  std::size_t count_ = 0, octets_ = 0, segment_ = 0;
  std::uint64_t inner_octets_ = 0;
  std::uint8_t class_ = 0;
};

}  // namespace dormouse::esp
