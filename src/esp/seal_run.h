// A run of outbound packets of one SA that leave in one send: gathered side by side, sealed together.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "esp/header_rules.h"
#include "esp/sa_runtime.h"
#include "esp/transport_mode.h"

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
  /// What does not fit (another SA or outer mark, a larger packet, a full run) stays: seal, send, clear, call again.
  /// An exhausted SA takes nothing more. `packets` is a Segmenter or a Fragmenter, or a Headerless.
  template <class Packets>
  void take(OutboundSa& sa, Packets& packets, bool v6, OuterMark mark);
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
  [[nodiscard]] OuterMark mark() const { return mark_; }

 private:
  static constexpr std::size_t kSlack = 66000;  // the last packet may be as long as IP allows
  [[nodiscard]] bool room_for(const OutboundSa& sa, std::size_t size, OuterMark mark) const;
  std::vector<std::uint8_t> buffer_;
  std::array<crypto::EspJob, kPackets> jobs_{};
  OutboundSa* sa_ = nullptr;
  std::size_t count_ = 0, octets_ = 0, segment_ = 0;
  std::uint64_t inner_octets_ = 0;
  OuterMark mark_;
};

template <class Packets>
void SealRun::take(OutboundSa& sa, Packets& packets, bool v6, OuterMark mark) {
  std::uint64_t taken = 0;
  std::uint64_t inner_octets = 0;
  const auto next = next_header_of(packets, v6);
  for (std::size_t inner = packets.next_size(); inner != 0; inner = packets.next_size()) {
    const std::size_t size = sa.format.total(static_cast<std::uint32_t>(inner));
    if (sa.exhausted(inner_octets) || !room_for(sa, size, mark)) break;
    if (count_ == 0) {
      sa_ = &sa;
      segment_ = size;
      mark_ = mark;
    }
    std::uint8_t* esp = buffer_.data() + octets_;
    packets.write(esp + sa.format.payload_offset());
    jobs_[count_++] = finish_outbound(esp, sa.format, static_cast<std::uint32_t>(inner), sa.spi, ++sa.seq, next);
    octets_ += size;
    ++taken;
    inner_octets += inner;
  }
  inner_octets_ += inner_octets;
  sa.packets.add(taken);
  sa.octets.add(inner_octets);
  sa.sent_seq.set(sa.seq);
}

}  // namespace dormouse::esp
