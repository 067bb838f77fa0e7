// A deterministic stream for tests and simulations: xoshiro256** seeded by splitmix64. Never for real keys.
#pragma once
#include "base/random.h"

namespace dormouse::crypto::testing {

class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) {
    for (auto& s : state_) {
      seed += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = seed;
      z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
      s = z ^ z >> 31;
    }
  }
  void fill(MutableBytes out) override {
    for (std::size_t i = 0; i < out.size(); i += 8) {
      std::uint64_t v = next();
      for (std::size_t k = i; k < out.size() && k < i + 8; ++k, v >>= 8) out[k] = static_cast<std::uint8_t>(v);
    }
  }

 private:
  static std::uint64_t rotate(std::uint64_t v, int n) { return v << n | v >> (64 - n); }
  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace dormouse::crypto::testing
