// The cipher suites a test walks through.
#pragma once
#include <initializer_list>

#include "base/transform.h"

namespace dormouse::crypto::testing {

/// Every ESP cipher and integrity algorithm this program speaks, with the given ESN.
[[nodiscard]] inline std::vector<Suite> all_esp_suites(EsnId esn) {
  std::vector<Suite> out;
  for (const std::uint16_t bits : std::initializer_list<std::uint16_t>{128, 192, 256})
    for (const auto integ :
         {IntegId::hmac_sha1_96, IntegId::hmac_sha2_256_128, IntegId::hmac_sha2_384_192, IntegId::hmac_sha2_512_256})
      out.push_back({.encr = EncrId::aes_cbc, .key_bits = bits, .integ = integ, .esn = esn});
  for (const std::uint16_t bits : std::initializer_list<std::uint16_t>{128, 256})
    out.push_back({.encr = EncrId::aes_gcm_16, .key_bits = bits, .esn = esn});
  out.push_back({.encr = EncrId::chacha20_poly1305, .key_bits = 256, .esn = esn});
  return out;
}

}  // namespace dormouse::crypto::testing
