// Cuts what an outer IPv6 packet carries into fragments (RFC 8200 4.5): no router does it for us.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace dormouse::esp {

/// One fragment without its IPv6 header.
struct Ipv6Fragment {
  std::array<std::uint8_t, 8> header;  ///< the fragment header
  ByteView data;                       ///< borrowed from what is cut
};

class Ipv6Fragmenter {
 public:
  static constexpr std::uint8_t kProtocol = 44;  ///< of the IPv6 header before a fragment
  /// `payload` is what follows the IPv6 header, of `protocol`; it is borrowed and at most 65535 octets long. The
  /// fragments have at most `mtu` octets with their IPv6 header; 1280 is the least.
  Ipv6Fragmenter(ByteView payload, std::uint8_t protocol, std::uint32_t mtu, std::uint32_t id);
  /// None at the end.
  [[nodiscard]] std::optional<Ipv6Fragment> next();

 private:
  ByteView payload_;
  std::size_t step_;  ///< octets of payload in each fragment but the last
  std::size_t at_ = 0;
  std::uint32_t id_;
  std::uint8_t protocol_;
};

}  // namespace dormouse::esp
