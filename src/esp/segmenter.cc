#include "esp/segmenter.h"

#include <algorithm>

#include "esp/checksum.h"
#include "esp/inner_packet.h"

namespace dormouse::esp {
namespace {

constexpr std::uint8_t kFin = 1, kPsh = 8, kCwr = 128;
constexpr std::size_t kTcpFlags = 13, kTcpChecksum = 16, kUdpChecksum = 6;

/// Zero means "no checksum" to UDP over IPv4 and is forbidden over IPv6; all ones is the same number (RFC 768).
std::uint16_t never_zero(std::uint16_t sum) { return sum == 0 ? std::uint16_t{0xffff} : sum; }

}  // namespace

Segmenter::Segmenter(MutableBytes packet, const OffloadHeader& offload) : packet_(packet) {
  const bool whole = (offload.gso_type & ~kGsoEcn) == 0;
  ok_ = packet.size() >= 20 && (whole ? complete_checksum(offload) : prepare_segments(offload));
  if (!ok_) at_ = packet_.size();
}

bool Segmenter::complete_checksum(const OffloadHeader& o) {
  if ((o.flags & kNeedsChecksum) == 0) return true;
  const std::size_t field = std::size_t{o.csum_start} + o.csum_offset;
  if (field + 2 > packet_.size()) return false;
  const auto sum = checksum_fold(checksum_add(0, packet_.data() + o.csum_start, packet_.size() - o.csum_start));
  store_folded(packet_.data() + field, never_zero(static_cast<std::uint16_t>(~sum)));
  return true;
}

bool Segmenter::prepare_segments(const OffloadHeader& o) {
  const auto type = static_cast<std::uint8_t>(o.gso_type & ~kGsoEcn);
  udp_ = type == kGsoUdp;
  if (!udp_ && type != kGsoTcp4 && type != kGsoTcp6) return false;
  v6_ = packet_[0] >> 4 == 6;
  transport_ = o.csum_start;  // also right behind IPv6 extension headers
  const std::size_t smallest = udp_ ? 8 : 20;
  if (o.gso_size == 0 || transport_ < (v6_ ? 40U : 20U) || packet_.size() < transport_ + smallest) return false;
  const std::size_t transport_size = udp_ ? 8U : (packet_[transport_ + 12] >> 4) * 4U;
  headers_ = transport_ + transport_size;
  if (transport_size < smallest || headers_ >= packet_.size()) return false;
  size_ = o.gso_size;
  at_ = headers_;
  segmented_ = true;
  return true;
}

std::size_t Segmenter::next_size() const {
  const std::size_t left = packet_.size() - at_;
  return segmented_ && left != 0 ? headers_ + std::min(size_, left) : left;
}

void Segmenter::write(std::uint8_t* out) {
  if (!segmented_) {
    std::memcpy(out, packet_.data(), packet_.size());
    at_ = packet_.size();
    return;
  }
  const std::size_t payload = std::min(size_, packet_.size() - at_);
  std::memcpy(out, packet_.data(), headers_);
  write_headers(out, payload, checksum_copy(out + headers_, packet_.data() + at_, payload));
  at_ += payload;
  ++index_;
}

void Segmenter::write_headers(std::uint8_t* out, std::size_t payload, std::uint64_t payload_sum) const {
  const std::size_t total = headers_ + payload;
  const std::size_t behind_ip = total - transport_;
  if (v6_) {
    store16(out + 4, static_cast<std::uint16_t>(total - 40));
  } else {
    store16(out + 2, static_cast<std::uint16_t>(total));
    store16(out + 4, static_cast<std::uint16_t>(load16(out + 4) + index_));
    set_ipv4_checksum(out);
  }
  std::uint8_t* t = out + transport_;
  std::uint8_t* checksum = t + (udp_ ? kUdpChecksum : kTcpChecksum);
  if (udp_) {
    store16(t + 4, static_cast<std::uint16_t>(behind_ip));
  } else {
    store32(t + 4, load32(t + 4) + static_cast<std::uint32_t>(at_ - headers_));
    const bool last = at_ + payload == packet_.size();
    if (!last) t[kTcpFlags] = static_cast<std::uint8_t>(t[kTcpFlags] & ~(kFin | kPsh));
    if (index_ != 0) t[kTcpFlags] = static_cast<std::uint8_t>(t[kTcpFlags] & ~kCwr);  // said once (RFC 3168 6.1.2)
  }
  store16(checksum, 0);
  const auto pseudo = pseudo_header_sum(out, v6_, udp_ ? kUdp : kTcp, static_cast<std::uint32_t>(behind_ip));
  const auto sum = checksum_fold(checksum_add(pseudo + payload_sum, t, headers_ - transport_));
  store_folded(checksum, never_zero(static_cast<std::uint16_t>(~sum)));
}

}  // namespace dormouse::esp
