// What TUN says of a packet, or is told: the fields of struct virtio_net_hdr (OASIS virtio 1.2, 5.1.6), in the
// machine's order.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace dormouse::esp {

inline constexpr std::uint8_t kNeedsChecksum = 1;
inline constexpr std::uint8_t kGsoTcp4 = 1, kGsoTcp6 = 4, kGsoUdp = 5, kGsoEcn = 0x80;
inline constexpr std::size_t kOffloadHeaderSize = 10;

struct OffloadHeader {
  std::uint8_t flags = 0;           ///< kNeedsChecksum: the field holds the pseudo header's sum only
  std::uint8_t gso_type = 0;        ///< 0 = one packet
  std::uint16_t header_length = 0;  ///< a hint
  std::uint16_t gso_size = 0;       ///< payload octets of each segment but the last
  std::uint16_t csum_start = 0;     ///< offset of the transport header
  std::uint16_t csum_offset = 0;    ///< of the checksum field in it

  /// `p` has kOffloadHeaderSize octets.
  [[nodiscard]] static OffloadHeader read(const std::uint8_t* p) {
    OffloadHeader h{.flags = p[0], .gso_type = p[1]};
    std::memcpy(&h.header_length, p + 2, 2);
    std::memcpy(&h.gso_size, p + 4, 2);
    std::memcpy(&h.csum_start, p + 6, 2);
    std::memcpy(&h.csum_offset, p + 8, 2);
    return h;
  }
  void write(std::uint8_t* p) const {
    p[0] = flags;
    p[1] = gso_type;
    std::memcpy(p + 2, &header_length, 2);
    std::memcpy(p + 4, &gso_size, 2);
    std::memcpy(p + 6, &csum_start, 2);
    std::memcpy(p + 8, &csum_offset, 2);
  }
};

}  // namespace dormouse::esp
