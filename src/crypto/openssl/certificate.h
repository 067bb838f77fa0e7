// One X.509 certificate: from DER to what policy looks at.
#pragma once
#include <expected>

#include "crypto/credential.h"
#include "crypto/openssl/x509_handles.h"

namespace dormouse::crypto::openssl {

/// A certificate's key, and the parsed certificate it stands in, so that a chain need not parse it again.
class CertificateKey final : public PublicKey {
 public:
  CertificateKey(X509Handle certificate, KeyKind kind) : certificate_(std::move(certificate)), kind_(kind) {}
  KeyKind kind() const override { return kind_; }
  Result<void> verify(const SignatureScheme& scheme, std::span<const ByteView> parts,
                      ByteView signature) const override;
  [[nodiscard]] X509* certificate() const { return certificate_.get(); }
  [[nodiscard]] EVP_PKEY* handle() const { return X509_get0_pubkey(certificate_.get()); }

 private:
  X509Handle certificate_;
  KeyKind kind_;
};

/// Null: not one certificate and nothing else.
[[nodiscard]] X509Handle decode_certificate(ByteView der);

/// A certificate of an accepted kind of key whose names can be printed and compared: a NUL or another control character
/// in one is `malformed`.
[[nodiscard]] std::expected<std::shared_ptr<Certificate>, CertificateFault> parse_certificate(ByteView der);

/// What CertificateEngine::certificates promises.
[[nodiscard]] Outcome<std::vector<SharedCertificate>> read_certificates(std::string_view pem);

/// The parsed form of `certificate`, referenced once more; null if it has none and cannot be parsed.
[[nodiscard]] X509Handle handle_of(const Certificate& certificate);

}  // namespace dormouse::crypto::openssl
