#include "esp/checksum.h"

namespace dormouse::esp {
namespace {

// Sums of native words do not depend on the byte order up to a final swap (RFC 1071 2 B), so whole 64-bit words are
// added and the carries counted apart; two chains keep the adders busy.
struct Chain {
  std::uint64_t sum = 0, carry = 0;
  void add(std::uint64_t word) {
    sum += word;
    carry += sum < word ? 1U : 0U;
  }
};

std::uint64_t load_native(const std::uint8_t* p, std::size_t n) {
  std::uint64_t w = 0;
  std::memcpy(&w, p, n);
  return w;
}

std::uint64_t fold_to_33_bits(std::uint64_t v) { return (v >> 32) + (v & 0xffffffff); }

}  // namespace

std::uint64_t checksum_add(std::uint64_t sum, const std::uint8_t* p, std::size_t n) {
  Chain a, b;
  for (; n >= 32; p += 32, n -= 32) {
    a.add(load_native(p, 8));
    b.add(load_native(p + 8, 8));
    a.add(load_native(p + 16, 8));
    b.add(load_native(p + 24, 8));
  }
  for (; n >= 8; p += 8, n -= 8) a.add(load_native(p, 8));
  if (n > 0) b.add(load_native(p, n));
  // A carry out of bit 63 is worth 2^64, which is 1 in one's complement.
  return fold_to_33_bits(sum) + fold_to_33_bits(a.sum) + fold_to_33_bits(b.sum) + a.carry + b.carry;
}

std::uint64_t checksum_copy(std::uint8_t* to, const std::uint8_t* from, std::size_t n) {
  Chain a, b;
  const auto move_word = [&](Chain& chain, std::size_t at) {
    const auto word = load_native(from + at, 8);
    std::memcpy(to + at, &word, 8);
    chain.add(word);
  };
  std::size_t at = 0;
  for (; n - at >= 32; at += 32) {
    move_word(a, at);
    move_word(b, at + 8);
    move_word(a, at + 16);
    move_word(b, at + 24);
  }
  const auto rest = checksum_add(0, from + at, n - at);
  std::memcpy(to + at, from + at, n - at);
  return rest + fold_to_33_bits(a.sum) + fold_to_33_bits(b.sum) + a.carry + b.carry;
}

std::uint16_t checksum_fold(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(sum);
}

std::uint64_t pseudo_header_sum(const std::uint8_t* ip, bool v6, std::uint8_t protocol,
                                std::uint32_t transport_length) {
  std::array<std::uint8_t, 8> tail{};
  if (v6) {
    store32(tail.data(), transport_length);
    tail[7] = protocol;
    return checksum_add(checksum_add(0, ip + 8, 32), tail.data(), 8);
  }
  tail[1] = protocol;
  store16(tail.data() + 2, static_cast<std::uint16_t>(transport_length));
  return checksum_add(checksum_add(0, ip + 12, 8), tail.data(), 4);
}

std::uint16_t transport_checksum(const std::uint8_t* ip, bool v6, std::uint8_t protocol, ByteView transport) {
  const auto sum = pseudo_header_sum(ip, v6, protocol, static_cast<std::uint32_t>(transport.size()));
  return static_cast<std::uint16_t>(~checksum_fold(checksum_add(sum, transport.data(), transport.size())));
}

bool transport_checksum_ok(const std::uint8_t* ip, bool v6, std::uint8_t protocol, ByteView transport) {
  const auto sum = pseudo_header_sum(ip, v6, protocol, static_cast<std::uint32_t>(transport.size()));
  return checksum_fold(checksum_add(sum, transport.data(), transport.size())) == 0xffff;
}

void set_ipv4_checksum(std::uint8_t* ip) {
  store16(ip + 10, 0);
  store_folded(ip + 10, static_cast<std::uint16_t>(~checksum_fold(checksum_add(0, ip, (ip[0] & 15U) * 4U))));
}

}  // namespace dormouse::esp
