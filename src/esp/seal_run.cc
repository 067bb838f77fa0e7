#include "esp/seal_run.h"

namespace dormouse::esp {

bool SealRun::room_for(const OutboundSa& sa, std::size_t size, std::uint8_t traffic_class) const {
  if (count_ == 0) return true;
  const bool all_full = octets_ == count_ * segment_;
  return &sa == sa_ && traffic_class == class_ && all_full && size <= segment_ && count_ < kPackets &&
         octets_ + size <= kOctets;
}

void SealRun::take(OutboundSa& sa, Segmenter& packets, bool v6, std::uint8_t traffic_class) {
  std::uint64_t taken = 0;
  std::uint64_t inner_octets = 0;
  for (std::size_t inner = packets.next_size(); inner != 0; inner = packets.next_size()) {
    const std::size_t size = sa.format.total(static_cast<std::uint32_t>(inner));
    if (sa.exhausted() || !room_for(sa, size, traffic_class)) break;
    if (count_ == 0) {
      sa_ = &sa;
      segment_ = size;
      class_ = traffic_class;
    }
    std::uint8_t* esp = buffer_.data() + octets_;
    packets.write(esp + sa.format.payload_offset());
    jobs_[count_++] = finish_outbound(esp, sa.format, static_cast<std::uint32_t>(inner), sa.spi, ++sa.seq, v6);
    octets_ += size;
    ++taken;
    inner_octets += inner;
  }
  inner_octets_ += inner_octets;
  sa.packets.add(taken);
  sa.octets.add(inner_octets);
  sa.sent_seq.set(sa.seq);
}

void SealRun::seal() {
  if (count_ != 0) sa_->cipher->seal(std::span(jobs_).first(count_));
}

}  // namespace dormouse::esp
