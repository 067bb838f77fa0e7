#include "esp/super_packet.h"

#include <algorithm>
#include <cstring>

namespace dormouse::esp {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;
constexpr std::uint8_t kFin = 1, kPsh = 8, kAck = 16, kCwr = 128;
constexpr std::size_t kMaxSegments = 64;

void store_native16(std::uint8_t* p, std::uint16_t v) { std::memcpy(p, &v, 2); }

/// The checksum of a TCP or UDP packet whose field holds zero.
std::uint16_t transport_checksum(const std::uint8_t* ip, bool v6, std::uint8_t protocol, const std::uint8_t* transport,
                                 std::size_t length) {
  const auto sum = pseudo_header_sum(ip, v6, protocol, static_cast<std::uint32_t>(length));
  return static_cast<std::uint16_t>(~checksum_fold(checksum_add(sum, transport, length)));
}

}  // namespace

// --- cutting

Segmenter::Segmenter(MutableBytes packet, const OffloadHeader& o) : packet_(packet) {
  const auto type = static_cast<std::uint8_t>(o.gso_type & ~kGsoEcn);
  if (packet.size() < 20) {
    ok_ = false;
    return;
  }
  if (type == 0) {
    if ((o.flags & kNeedsChecksum) == 0) return;
    if (std::size_t{o.csum_start} + o.csum_offset + 2 > packet.size()) {
      ok_ = false;
      return;
    }
    const auto sum = static_cast<std::uint16_t>(
        ~checksum_fold(checksum_add(0, packet.data() + o.csum_start, packet.size() - o.csum_start)));
    store_native16(packet.data() + o.csum_start + o.csum_offset, sum);  // the field held the pseudo header's sum
    return;
  }
  v6_ = packet[0] >> 4 == 6;
  udp_ = type == kGsoUdp;
  ip_header_ = o.csum_start;  // the transport header begins there, also behind IPv6 extension headers
  const std::size_t minimum = v6_ ? 40 : 20;
  const bool known = udp_ || type == kGsoTcp4 || type == kGsoTcp6;
  if (!known || ip_header_ < minimum || packet.size() < ip_header_ + (udp_ ? 8U : 20U) || o.gso_size == 0) {
    ok_ = false;
    return;
  }
  headers_ = ip_header_ + (udp_ ? 8U : (packet[ip_header_ + 12] >> 4) * 4U);
  size_ = o.gso_size;
  ok_ = headers_ < packet.size();
  at_ = headers_;
  segmented_ = true;
}

std::size_t Segmenter::next_size() const {
  if (!segmented_) return done_ ? 0 : packet_.size();
  return at_ >= packet_.size() ? 0 : headers_ + std::min(size_, packet_.size() - at_);
}

void Segmenter::write(std::uint8_t* out) {
  if (!segmented_) {
    std::memcpy(out, packet_.data(), packet_.size());
    done_ = true;
    return;
  }
  const std::size_t payload = std::min(size_, packet_.size() - at_);
  std::memcpy(out, packet_.data(), headers_);
  std::memcpy(out + headers_, packet_.data() + at_, payload);
  finish_headers(out, payload, at_ + payload >= packet_.size());
  at_ += payload;
  ++index_;
}

void Segmenter::finish_headers(std::uint8_t* out, std::size_t payload, bool last) const {
  const std::size_t total = headers_ + payload;
  if (v6_) {
    store16(out + 4, static_cast<std::uint16_t>(total - 40));
  } else {
    store16(out + 2, static_cast<std::uint16_t>(total));
    store16(out + 4, static_cast<std::uint16_t>(load16(packet_.data() + 4) + index_));
    set_ipv4_checksum(out);
  }
  std::uint8_t* t = out + ip_header_;
  const std::size_t length = total - ip_header_;
  if (udp_) {
    store16(t + 4, static_cast<std::uint16_t>(length));
    t[6] = t[7] = 0;
    const auto sum = transport_checksum(out, v6_, kUdp, t, length);
    store_native16(t + 6, sum == 0 ? std::uint16_t{0xffff} : sum);
    return;
  }
  store32(t + 4, load32(packet_.data() + ip_header_ + 4) + static_cast<std::uint32_t>(at_ - headers_));
  if (!last) t[13] = static_cast<std::uint8_t>(t[13] & ~(kFin | kPsh));
  if (index_ != 0) t[13] = static_cast<std::uint8_t>(t[13] & ~kCwr);
  t[16] = t[17] = 0;
  store_native16(t + 16, transport_checksum(out, v6_, kTcp, t, length));
}

// --- joining

bool Coalescer::continues(ByteView p, const InnerPacket& info, std::size_t headers) const {
  const std::uint8_t* old = buffer_.data() + kOffloadHeaderSize;
  const std::size_t payload = info.length - headers;
  if (closed_ || info.v6 != v6_ || info.protocol != protocol_ || headers != headers_ ||
      info.transport_offset != transport_)
    return false;
  if (payload > segment_ || length_ + payload > 65000 || count_ >= kMaxSegments) return false;
  const std::uint8_t* ip = p.data();
  if (v6_) {
    if (std::memcmp(old, ip, 4) != 0 || old[7] != ip[7] || std::memcmp(old + 8, ip + 8, 32) != 0) return false;
  } else if (old[1] != ip[1] || old[8] != ip[8] || load16(old + 6) != load16(ip + 6) ||
             std::memcmp(old + 12, ip + 12, 8) != 0) {
    return false;
  }
  const std::uint8_t* t0 = old + transport_;
  const std::uint8_t* t = ip + transport_;
  if (std::memcmp(t0, t, 4) != 0) return false;
  if (protocol_ == kUdp) return true;
  const auto expected = load32(t0 + 4) + static_cast<std::uint32_t>(length_ - headers_);
  return load32(t + 4) == expected && std::memcmp(t0 + 8, t + 8, 4) == 0 && std::memcmp(t0 + 14, t + 14, 2) == 0 &&
         std::memcmp(t0 + 20, t + 20, headers_ - transport_ - 20) == 0;
}

void Coalescer::begin(ByteView packet, const InnerPacket& p, std::size_t headers, bool joinable) {
  std::memcpy(buffer_.data() + kOffloadHeaderSize, packet.data(), p.length);
  length_ = p.length;
  headers_ = headers;
  segment_ = p.length - headers;
  count_ = 1;
  transport_ = p.transport_offset;
  protocol_ = p.protocol;
  v6_ = p.v6;
  closed_ = !joinable;
}

bool Coalescer::offer(ByteView packet, const InnerPacket& p) {
  const std::uint8_t* t = packet.data() + p.transport_offset;
  const std::size_t after = p.length - p.transport_offset;
  const bool simple_ip = p.transport_offset == (p.v6 ? 40 : 20) && (p.v6 || (load16(packet.data() + 6) & 0x3fff) == 0);
  bool joinable = simple_ip && ((p.protocol == kTcp && after >= 20) || (p.protocol == kUdp && after > 8));
  std::size_t headers = p.transport_offset;
  if (joinable) headers += p.protocol == kTcp ? (t[12] >> 4) * 4U : 8U;
  joinable = joinable && headers >= p.transport_offset + (p.protocol == kTcp ? 20U : 8U) && headers < p.length;
  const bool push = joinable && p.protocol == kTcp && (t[13] & kPsh) != 0;
  if (joinable && p.protocol == kTcp && (t[13] & ~kPsh) != kAck) joinable = false;
  if (joinable && p.protocol == kUdp && load16(t + 6) == 0) joinable = false;
  // A joined packet is not checked again by the kernel, so each part must be right by itself.
  if (joinable) {
    const auto sum = pseudo_header_sum(packet.data(), p.v6, p.protocol, static_cast<std::uint32_t>(after));
    joinable = checksum_fold(checksum_add(sum, t, after)) == 0xffff;
  }
  if (count_ == 0) {
    begin(packet, p, joinable ? headers : p.transport_offset, joinable && !push);
    return true;
  }
  if (!joinable || !continues(packet, p, headers)) return false;
  const std::size_t payload = p.length - headers;
  std::memcpy(buffer_.data() + kOffloadHeaderSize + length_, packet.data() + headers, payload);
  length_ += payload;
  ++count_;
  if (payload < segment_ || push) closed_ = true;
  if (push) buffer_[kOffloadHeaderSize + transport_ + 13] |= kPsh;
  return true;
}

ByteView Coalescer::take() {
  std::uint8_t* h = buffer_.data();
  std::uint8_t* ip = h + kOffloadHeaderSize;
  std::memset(h, 0, kOffloadHeaderSize);
  if (count_ > 1) {
    const std::size_t after = length_ - transport_;
    if (v6_) {
      store16(ip + 4, static_cast<std::uint16_t>(length_ - 40));
    } else {
      store16(ip + 2, static_cast<std::uint16_t>(length_));
      set_ipv4_checksum(ip);
    }
    const bool tcp = protocol_ == kTcp;
    if (!tcp) store16(ip + transport_ + 4, static_cast<std::uint16_t>(after));
    h[0] = kNeedsChecksum;
    h[1] = tcp ? v6_ ? kGsoTcp6 : kGsoTcp4 : kGsoUdp;
    store_native16(h + 2, static_cast<std::uint16_t>(headers_));
    store_native16(h + 4, static_cast<std::uint16_t>(segment_));
    store_native16(h + 6, static_cast<std::uint16_t>(transport_));
    store_native16(h + 8, tcp ? 16 : 6);
    const auto partial = checksum_fold(pseudo_header_sum(ip, v6_, protocol_, static_cast<std::uint32_t>(after)));
    store_native16(ip + transport_ + (tcp ? 16 : 6), partial);
  }
  count_ = 0;
  return {h, kOffloadHeaderSize + length_};
}

}  // namespace dormouse::esp
