// Cuts an IPv4 packet that is too large into fragments (RFC 791 3.2).
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace dormouse::esp {

/// Used as a Segmenter is: while (next_size() != 0) write(...).
class Fragmenter {
 public:
  /// `packet` is whole, borrowed and larger than `mtu`, and `mtu` holds its header and 8 octets. One that says it must
  /// not be fragmented has no identification that can be relied on (RFC 6864 4.1): it gets `id`.
  Fragmenter(ByteView packet, std::size_t mtu, std::uint16_t id);
  /// Octets of the next fragment; 0 at the end.
  [[nodiscard]] std::size_t next_size() const;
  void write(std::uint8_t* out);

 private:
  ByteView packet_;
  std::size_t header_;
  std::size_t step_;  ///< octets of payload in each fragment but the last
  std::size_t at_;    ///< what of packet_ is done
  std::uint16_t id_;
  std::uint16_t offset_;  ///< of the packet itself, in units of 8 octets: it may be a fragment already
  bool more_;             ///< and not the last
};

}  // namespace dormouse::esp
