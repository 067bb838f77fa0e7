// The SK payload (RFC 7296 3.14): sealing our messages and opening the peer's, with the keys of one IKE SA.
#pragma once
#include <memory>
#include <vector>

#include "crypto/keymat.h"
#include "ike/fragmentation.h"
#include "wire/message.h"

namespace dormouse::ike {

class Protection {
 public:
  [[nodiscard]] static Result<Protection> make(crypto::Provider& engine, const Suite& suite, crypto::IkeKeys keys,
                                               bool initiator);
  [[nodiscard]] Result<Bytes> seal(const wire::Header& header, const std::vector<wire::Payload>& payloads, Rng& rng);
  /// The same as fragments of at most `room` octets each, or as one message where it fits (RFC 7383 2.5). Error
  /// too_large: it takes more than limits::kMaxFragments of them.
  [[nodiscard]] Result<Datagrams> seal_within(const wire::Header& header, const std::vector<wire::Payload>& payloads,
                                              std::size_t room, Rng& rng);
  /// Verifies and decrypts one fragment. auth_failed: not the peer's.
  [[nodiscard]] Result<Fragment> open_fragment(const wire::Message& message, ByteView datagram);
  /// The inner payloads as octets. auth_failed: not the peer's.
  [[nodiscard]] Result<Bytes> open_content(const wire::Message& message, ByteView datagram);
  /// The inner payloads. auth_failed: not the peer's; any other error: the peer's, but malformed.
  [[nodiscard]] Result<std::vector<wire::Payload>> open(const wire::Message& message, ByteView datagram);
  [[nodiscard]] const crypto::IkeKeys& keys() const { return keys_; }
  /// SK_d, SK_pi and SK_pr for those of `keys`.
  void swap_secrets(crypto::IkeKeys& keys) {
    std::swap(keys_.sk_d, keys.sk_d);
    std::swap(keys_.sk_pi, keys.sk_pi);
    std::swap(keys_.sk_pr, keys.sk_pr);
  }
  [[nodiscard]] const Suite& suite() const { return suite_; }

 private:
  Suite suite_;
  crypto::IkeKeys keys_;
  std::unique_ptr<crypto::IkeCipher> out_, in_;
};

}  // namespace dormouse::ike
