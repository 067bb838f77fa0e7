#include "esp/ecn.h"

#include "esp/checksum.h"

namespace dormouse::esp {
namespace {

void set_ecn(std::uint8_t* ip, std::uint8_t ecn) {
  if (ip[0] >> 4 == 6) {
    ip[1] = static_cast<std::uint8_t>((ip[1] & ~(kEcnMask << 4)) | ecn << 4);
    return;
  }
  ip[1] = static_cast<std::uint8_t>((ip[1] & ~kEcnMask) | ecn);
  set_ipv4_checksum(ip);
}

}  // namespace

bool decapsulate_ecn(std::uint8_t* ip, std::uint8_t outer_class) {
  const auto inner = static_cast<std::uint8_t>(traffic_class(ip) & kEcnMask);
  const auto outer = static_cast<std::uint8_t>(outer_class & kEcnMask);
  if (outer == inner || outer == kNotEct || inner == kCongested) return true;
  if (inner == kNotEct) return outer != kCongested;
  if (outer == kCongested || outer == kEct1) set_ecn(ip, outer);
  return true;
}

}  // namespace dormouse::esp
