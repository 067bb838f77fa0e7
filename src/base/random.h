// Randomness is handed in: the daemon gives OpenSSL's, tests a seeded one.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace dormouse {

class Rng {
 public:
  virtual ~Rng() = default;
  /// Fills `out` with unpredictable octets. Cannot fail: an engine without entropy must stop the program.
  virtual void fill(MutableBytes out) = 0;

  [[nodiscard]] std::uint64_t u64() {
    std::array<std::uint8_t, 8> b{};
    fill(b);
    return load64(b.data());
  }
  [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(u64()); }
  [[nodiscard]] Bytes bytes(std::size_t n) {
    Bytes b(n);
    fill(b);
    return b;
  }
  /// Uniform enough for timer jitter: a value in [0, below). `below` > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t below) { return u64() % below; }
};

}  // namespace dormouse
