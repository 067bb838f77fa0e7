// A cipher for the tests of this folder: every octet of the body is turned over, and four octets at the end depend on
// the SPI, the 64-bit sequence number and the body. No security at all.
#pragma once
#include "crypto/esp_suite.h"

namespace dormouse::esp::testing {

class ToyCipher final : public crypto::EspCipher {
 public:
  [[nodiscard]] std::size_t iv_size() const override { return 8; }
  [[nodiscard]] std::size_t block_size() const override { return 4; }
  [[nodiscard]] std::size_t icv_size() const override { return 4; }
  void seal(std::span<crypto::EspJob> jobs) override {
    for (auto& j : jobs) {
      store64(j.esp + 8, j.seq);
      turn(j);
      store32(j.esp + 16 + j.body_size, tag(j));
      j.ok = true;
    }
  }
  void open(std::span<crypto::EspJob> jobs) override {
    for (auto& j : jobs) {
      j.ok = load32(j.esp + 16 + j.body_size) == tag(j);
      turn(j);
    }
  }

 private:
  static void turn(const crypto::EspJob& j) {
    for (std::uint32_t i = 0; i < j.body_size; ++i) j.esp[16 + i] ^= 0xff;
  }
  static std::uint32_t tag(const crypto::EspJob& j) {
    std::uint64_t h = j.seq * 0x9e3779b97f4a7c15U + load32(j.esp);
    for (std::uint32_t i = 0; i < j.body_size; ++i) h = (h ^ j.esp[16 + i]) * 1099511628211U;
    return static_cast<std::uint32_t>(h >> 32 ^ h);
  }
};

}  // namespace dormouse::esp::testing
