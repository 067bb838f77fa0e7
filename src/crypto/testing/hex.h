// Octets of test vectors, written as their sources write them.
#pragma once
#include <string_view>

#include "base/bytes.h"

namespace dormouse::crypto::testing {

/// The octets of a text of hexadecimal digits; everything that is no digit (blanks, colons, line ends) is skipped.
[[nodiscard]] inline Bytes unhex(std::string_view text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

}  // namespace dormouse::crypto::testing
