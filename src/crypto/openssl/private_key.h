// Private keys from PEM.
#pragma once
#include "crypto/credential.h"
#include "crypto/openssl/handles.h"

namespace dormouse::crypto::openssl {

class OpensslPrivateKey final : public PrivateKey {
 public:
  OpensslPrivateKey(Pkey key, KeyKind kind) : key_(std::move(key)), kind_(kind) {}
  KeyKind kind() const override { return kind_; }
  Result<Bytes> sign(const SignatureScheme& scheme, std::span<const ByteView> parts) const override;
  [[nodiscard]] const EVP_PKEY* handle() const { return key_.get(); }

 private:
  Pkey key_;
  KeyKind kind_;
};

/// What CertificateEngine::private_key promises.
[[nodiscard]] Outcome<std::shared_ptr<const PrivateKey>> read_private_key(const SecretBytes& pem,
                                                                          const SecretBytes& password);

}  // namespace dormouse::crypto::openssl
