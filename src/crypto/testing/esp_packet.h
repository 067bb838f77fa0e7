// One ESP packet in a buffer of its own, for tests and benchmarks of EspCiphers.
#pragma once
#include "crypto/esp_suite.h"

namespace dormouse::crypto::testing {

struct EspPacket {
  Bytes octets;  ///< SPI, sequence number, IV, body, ICV
  EspJob job{};

  /// Header written, IV and ICV zero, `body` in its place. `seq` is the full 64-bit number.
  EspPacket(const EspCipher& cipher, std::uint32_t spi, std::uint64_t seq, ByteView body)
      : octets(8 + cipher.iv_size() + body.size() + cipher.icv_size()), iv_size_(cipher.iv_size()) {
    store32(octets.data(), spi);
    store32(octets.data() + 4, static_cast<std::uint32_t>(seq));
    if (!body.empty()) std::memcpy(octets.data() + 8 + iv_size_, body.data(), body.size());
    job = {octets.data(), static_cast<std::uint32_t>(body.size()), seq, false};
  }
  EspPacket(const EspPacket& o) : octets(o.octets), job(o.job), iv_size_(o.iv_size_) { job.esp = octets.data(); }
  EspPacket& operator=(const EspPacket&) = delete;

  [[nodiscard]] ByteView body() const { return ByteView(octets).subspan(8 + iv_size_, job.body_size); }
  [[nodiscard]] bool seal(EspCipher& cipher) {
    cipher.seal({&job, 1});
    return job.ok;
  }
  [[nodiscard]] bool open(EspCipher& cipher) {
    cipher.open({&job, 1});
    return job.ok;
  }

 private:
  std::size_t iv_size_;
};

}  // namespace dormouse::crypto::testing
