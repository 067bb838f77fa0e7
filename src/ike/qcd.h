// Quick crash detection (RFC 6290). Each end gives the other, under the IKE SA, a token that only it can make from the
// SA's SPIs and a secret that survives its restarts. An end that no longer knows the SA shows the token in clear; the
// other then knows at once, and for certain, that the SA is gone.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "crypto/suite.h"
#include "wire/message.h"

namespace dormouse::ike {

/// Makes tokens. The role of the maker goes into them too, so that the token of one end is never that of the other.
class QcdMaker {
 public:
  static constexpr std::size_t kSecretSize = 32, kTokenSize = 32;
  /// `secret` has kSecretSize octets.
  QcdMaker(crypto::Provider& crypto, std::shared_ptr<const SecretBytes> secret)
      : crypto_(&crypto), secret_(std::move(secret)) {}
  /// For the SA (i, r), of which this host is the original initiator or not. Empty if the engine failed.
  [[nodiscard]] Bytes token(bool initiator, IkeSpi i, IkeSpi r) const;
  /// Whether a datagram may be answered by a token: it looks like a protected request under an SA, which the caller
  /// does not know. A real one has a single SK (or SKF) payload.
  [[nodiscard]] static bool is_protected_request(const wire::Header& header, ByteView datagram);
  /// The unprotected answer to that request: N(INVALID_IKE_SPI), N(QCD_TOKEN) (RFC 6290 4.5).
  [[nodiscard]] Bytes answer(const wire::Header& request) const;

 private:
  crypto::Provider* crypto_;
  std::shared_ptr<const SecretBytes> secret_;
};

/// N(QCD_TOKEN) for a protected message (RFC 6290 4.1).
[[nodiscard]] wire::NotifyPayload qcd_notify(Bytes token);

/// The tokens a peer gave for one IKE SA, newest first.
class QcdTokens {
 public:
  /// Reads those in a message of the peer that was verified; ones of a wrong form are left out.
  void learn(const std::vector<wire::Payload>& payloads);
  /// Whether an unprotected message shows one of them.
  [[nodiscard]] bool proven_by(const std::vector<wire::Payload>& payloads) const;
  [[nodiscard]] bool empty() const { return tokens_.empty(); }

 private:
  std::vector<SecretBytes> tokens_;
};

}  // namespace dormouse::ike
