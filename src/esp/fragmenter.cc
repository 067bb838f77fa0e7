#include "esp/fragmenter.h"

#include <algorithm>

#include "esp/checksum.h"

namespace dormouse::esp {
namespace {

constexpr std::uint16_t kDontFragment = 0x4000, kMoreFragments = 0x2000, kOffset = 0x1fff;

/// Options that are not for every fragment (the copied flag, RFC 791 3.1) become no-operations.
void keep_copied_options(std::uint8_t* header, std::size_t size) {
  constexpr std::uint8_t kEnd = 0, kNoOperation = 1, kCopied = 0x80;
  for (std::size_t i = 20; i < size && header[i] != kEnd;) {
    if (header[i] == kNoOperation) {
      ++i;
      continue;
    }
    const std::size_t left = size - i;
    const std::size_t length = left < 2 || header[i + 1] < 2 ? left : std::min<std::size_t>(header[i + 1], left);
    if ((header[i] & kCopied) == 0) std::fill_n(header + i, length, kNoOperation);
    i += length;
  }
}

}  // namespace

Fragmenter::Fragmenter(ByteView packet, std::size_t mtu, std::uint16_t id)
    : packet_(packet),
      header_((packet[0] & 15U) * 4U),
      step_((mtu - header_) / 8 * 8),
      at_(header_),
      id_((load16(packet.data() + 6) & kDontFragment) != 0 ? id : load16(packet.data() + 4)),
      offset_(load16(packet.data() + 6) & kOffset),
      more_((load16(packet.data() + 6) & kMoreFragments) != 0) {}

std::size_t Fragmenter::next_size() const {
  const std::size_t left = packet_.size() - at_;
  return left == 0 ? 0 : header_ + std::min(step_, left);
}

void Fragmenter::write(std::uint8_t* out) {
  const std::size_t payload = std::min(step_, packet_.size() - at_);
  const std::size_t done = at_ - header_;
  std::memcpy(out, packet_.data(), header_);
  std::memcpy(out + header_, packet_.data() + at_, payload);
  at_ += payload;
  if (done != 0) keep_copied_options(out, header_);
  const bool last = at_ == packet_.size() && !more_;
  store16(out + 2, static_cast<std::uint16_t>(header_ + payload));
  store16(out + 4, id_);
  store16(out + 6, static_cast<std::uint16_t>((last ? 0 : kMoreFragments) | (offset_ + done / 8)));
  set_ipv4_checksum(out);
}

}  // namespace dormouse::esp
