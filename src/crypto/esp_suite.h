// The cipher interface of the packet path. One EspCipher is one direction of one Child SA with its keys expanded once.
// Calls are batches: a job says where its octets are; nothing is allocated, locked or logged.
#pragma once
#include <memory>
#include <span>

#include "crypto/suite.h"

namespace dormouse::crypto {

/// One ESP packet for the cipher, in place. Layout: [SPI seq] [IV] [payload, padding, pad length, next header] [ICV].
struct EspJob {
  std::uint8_t* esp;        ///< at the SPI
  std::uint32_t body_size;  ///< payload+padding+trailer octets, a multiple of the block
  std::uint64_t seq;        ///< full 64-bit sequence number; its low half already stands in the header
  bool ok;                  ///< out: sealed / verified
};

class EspCipher {
 public:
  virtual ~EspCipher() = default;
  [[nodiscard]] virtual std::size_t iv_size() const = 0;
  [[nodiscard]] virtual std::size_t block_size() const = 0;  ///< padding granularity, at least 4 (RFC 4303 2.4)
  [[nodiscard]] virtual std::size_t icv_size() const = 0;
  /// Fills IV, encrypts, writes the ICV. AEAD IVs are the sequence number, so they never repeat under one key.
  virtual void seal(std::span<EspJob> jobs) = 0;
  /// Verifies and decrypts; a job with ok == false has undefined body octets and must be dropped.
  virtual void open(std::span<EspJob> jobs) = 0;
};

class EspProvider {
 public:
  virtual ~EspProvider() = default;
  [[nodiscard]] virtual const char* name() const = 0;  ///< "openssl", "ipsec-mb"
  [[nodiscard]] virtual bool supports(const Suite& suite) const = 0;
  /// ESN (RFC 4303 2.2.1) changes what is authenticated. `inbound` ciphers only open, outbound ones only seal.
  [[nodiscard]] virtual Result<std::unique_ptr<EspCipher>> cipher(const Suite& suite, ByteView encr_key,
                                                                  ByteView integ_key, bool inbound) = 0;
};

}  // namespace dormouse::crypto
