// Stateless COOKIEs (RFC 7296 2.6): an initiator under load must show that it receives at the address it claims.
#pragma once
#include <optional>

#include "base/time.h"
#include "crypto/suite.h"
#include "wire/header.h"

namespace dormouse::ike {

/// Secrets rotate on use; a cookie of the previous secret is still good.
class CookieJar {
 public:
  CookieJar(crypto::Provider& crypto, Rng& rng) : crypto_(crypto), rng_(rng) {}
  [[nodiscard]] Bytes make(ByteView nonce, const Endpoint& remote, IkeSpi spi_i, Instant now);
  [[nodiscard]] bool verify(ByteView cookie, ByteView nonce, const Endpoint& remote, IkeSpi spi_i, Instant now);
  /// The whole answer to an IKE_SA_INIT or IKE_SESSION_RESUME request: N(COOKIE) alone, message id 0, responder SPI 0.
  [[nodiscard]] static Bytes response(const wire::Header& request, ByteView cookie);

 private:
  [[nodiscard]] Bytes compute(const SecretBytes& secret, std::uint8_t version, ByteView nonce, const Endpoint& remote,
                              IkeSpi spi_i);
  void rotate(Instant now);
  crypto::Provider& crypto_;
  Rng& rng_;
  SecretBytes current_, previous_;
  std::uint8_t version_ = 0;
  Instant rotated_{};
};

}  // namespace dormouse::ike
