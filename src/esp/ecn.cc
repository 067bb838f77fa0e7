#include "esp/ecn.h"

#include "esp/checksum.h"

namespace dormouse::esp {
namespace {

void set_class(std::uint8_t* ip, unsigned value) {
  if (ip[0] >> 4 == 6) {
    ip[0] = static_cast<std::uint8_t>(0x60U | value >> 4);
    ip[1] = static_cast<std::uint8_t>((ip[1] & 15U) | (value & 15U) << 4);
    return;
  }
  ip[1] = static_cast<std::uint8_t>(value);
  set_ipv4_checksum(ip);
}

void set_ecn(std::uint8_t* ip, std::uint8_t ecn) { set_class(ip, (traffic_class(ip) & ~unsigned{kEcnMask}) | ecn); }

}  // namespace

bool decapsulate_ecn(std::uint8_t* ip, std::uint8_t outer_class) {
  const auto inner = static_cast<std::uint8_t>(traffic_class(ip) & kEcnMask);
  const auto outer = static_cast<std::uint8_t>(outer_class & kEcnMask);
  if (outer == inner || outer == kNotEct || inner == kCongested) return true;
  if (inner == kNotEct) return outer != kCongested;
  if (outer == kCongested || outer == kEct1) set_ecn(ip, outer);
  return true;
}

void set_dscp(std::uint8_t* ip, std::uint8_t outer_class) {
  const unsigned ecn = traffic_class(ip) & kEcnMask;
  set_class(ip, (outer_class & ~unsigned{kEcnMask}) | ecn);
}

}  // namespace dormouse::esp
