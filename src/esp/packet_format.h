// The ESP packet around an inner packet (RFC 4303 2): sizes, padding and trailer, in place.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/esp_suite.h"

namespace dormouse::esp {

inline constexpr std::uint8_t kNextIpv4 = 4, kNextIpv6 = 41, kNextNone = 59;

/// Where things lie in the packets of one cipher.
struct PacketFormat {
  std::uint32_t iv = 8, block = 4, icv = 16;
  [[nodiscard]] static PacketFormat of(const crypto::EspCipher& c) {
    return {static_cast<std::uint32_t>(c.iv_size()), static_cast<std::uint32_t>(c.block_size()),
            static_cast<std::uint32_t>(c.icv_size())};
  }
  /// Of a suite whose cipher is not made yet.
  [[nodiscard]] static PacketFormat of(const Suite& s) {
    const auto icv = is_aead(s.encr) ? crypto::encr_tag_size(s.encr) : crypto::integ_icv_size(s.integ);
    return {static_cast<std::uint32_t>(crypto::encr_iv_size(s.encr)),
            static_cast<std::uint32_t>(std::max<std::size_t>(4, crypto::encr_block_size(s.encr))),
            static_cast<std::uint32_t>(icv)};
  }
  [[nodiscard]] constexpr std::uint32_t payload_offset() const { return 8 + iv; }
  /// Inner packet, padding and the two trailer octets, a multiple of the block.
  [[nodiscard]] std::uint32_t body_size(std::uint32_t inner) const { return (inner + 2 + block - 1) / block * block; }
  [[nodiscard]] std::uint32_t total(std::uint32_t inner) const { return payload_offset() + body_size(inner) + icv; }
};

/// Header, padding 1, 2, 3, ..., pad length and next header round an inner packet that already lies at
/// payload_offset().
inline crypto::EspJob finish_outbound(std::uint8_t* esp, const PacketFormat& f, std::uint32_t inner, EspSpi spi,
                                      std::uint64_t seq, std::uint8_t next) {
  const std::uint32_t body = f.body_size(inner);
  std::uint8_t* payload = esp + f.payload_offset();
  const std::uint32_t pad = body - inner - 2;
  for (std::uint32_t i = 0; i < pad; ++i) payload[inner + i] = static_cast<std::uint8_t>(i + 1);
  payload[body - 2] = static_cast<std::uint8_t>(pad);
  payload[body - 1] = next;
  store32(esp, spi.value());
  store32(esp + 4, static_cast<std::uint32_t>(seq));
  return {esp, body, seq, false};
}

/// Whether an opened body is of a packet that was sent for its own sake (RFC 4303 2.6).
[[nodiscard]] inline bool is_dummy(const std::uint8_t* body, std::uint32_t size) { return body[size - 1] == kNextNone; }

/// The inner packet of an opened body, with what may stand behind it (TFC padding, 2.7: its own length cuts that off);
/// empty if the trailer makes no sense, the next header is not the one of the packet it stands behind, or it is a dummy
/// (next header 59, RFC 4303 2.6).
[[nodiscard]] inline MutableBytes inner_of(std::uint8_t* body, std::uint32_t size) {
  const std::uint32_t pad = body[size - 2];
  const std::uint8_t next = body[size - 1];
  if (pad + 2 >= size) return {};
  const unsigned version = body[0] >> 4;
  if ((next != kNextIpv4 || version != 4) && (next != kNextIpv6 || version != 6)) return {};
  return {body, size - 2 - pad};
}

/// The same in transport mode: what stood behind the IP header. Empty if the trailer makes no sense, or it is a dummy.
/// There is no telling padding for its own sake (2.7) from the rest; what is above IP minds its own length.
[[nodiscard]] inline MutableBytes payload_of(std::uint8_t* body, std::uint32_t size) {
  const std::uint32_t pad = body[size - 2];
  if (pad + 2 >= size || is_dummy(body, size)) return {};
  return {body, size - 2 - pad};
}

}  // namespace dormouse::esp
