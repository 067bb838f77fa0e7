// The Internet checksum (RFC 1071) of the headers this folder makes and checks.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace dormouse::esp {

/// One's-complement sum over octets, not folded; `sum` carries on an earlier one over an even number of octets.
[[nodiscard]] std::uint64_t checksum_add(std::uint64_t sum, const std::uint8_t* p, std::size_t n);
/// Copies `n` octets and sums them on the way: a segment is touched once.
[[nodiscard]] std::uint64_t checksum_copy(std::uint8_t* to, const std::uint8_t* from, std::size_t n);
/// To 16 bits, in the byte order of memory: a folded and inverted sum is stored by memcpy, without a swap.
[[nodiscard]] std::uint16_t checksum_fold(std::uint64_t sum);
/// Sum of the pseudo header of a transport of `transport_length` octets behind the IP header at `ip` (RFC 9293 3.1, RFC
/// 8200 8.1).
[[nodiscard]] std::uint64_t pseudo_header_sum(const std::uint8_t* ip, bool v6, std::uint8_t protocol,
                                              std::uint32_t transport_length);
/// The checksum to store of a TCP or UDP packet whose field holds zero.
[[nodiscard]] std::uint16_t transport_checksum(const std::uint8_t* ip, bool v6, std::uint8_t protocol,
                                               ByteView transport);
/// Whether the checksum a TCP or UDP packet carries is right.
[[nodiscard]] bool transport_checksum_ok(const std::uint8_t* ip, bool v6, std::uint8_t protocol, ByteView transport);
/// Makes the checksum of the IPv4 header at `ip`.
void set_ipv4_checksum(std::uint8_t* ip);
/// Stores a value that already has the byte order of memory.
inline void store_folded(std::uint8_t* p, std::uint16_t v) { std::memcpy(p, &v, 2); }

}  // namespace dormouse::esp
