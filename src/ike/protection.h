// The SK payload (RFC 7296 3.14): sealing our messages and opening the peer's, with the keys of one IKE SA.
#pragma once
#include <memory>
#include <vector>

#include "crypto/keymat.h"
#include "wire/message.h"

namespace dormouse::ike {

class Protection {
 public:
  [[nodiscard]] static Result<Protection> make(crypto::Provider& engine, const Suite& suite, crypto::IkeKeys keys,
                                               bool initiator);
  [[nodiscard]] Result<Bytes> seal(const wire::Header& header, const std::vector<wire::Payload>& payloads, Rng& rng);
  /// The inner payloads. auth_failed: not the peer's; any other error: the peer's, but malformed.
  [[nodiscard]] Result<std::vector<wire::Payload>> open(const wire::Message& message, ByteView datagram);
  [[nodiscard]] const crypto::IkeKeys& keys() const { return keys_; }
  [[nodiscard]] const Suite& suite() const { return suite_; }

 private:
  Suite suite_;
  crypto::IkeKeys keys_;
  std::unique_ptr<crypto::IkeCipher> out_, in_;
};

}  // namespace dormouse::ike
