// Certificate revocation lists (RFC 5280 5).
#pragma once
#include "crypto/credential.h"
#include "crypto/openssl/x509_handles.h"

namespace dormouse::crypto::openssl {

class OpensslRevocationList final : public RevocationList {
 public:
  OpensslRevocationList(CrlHandle crl, Bytes issuer, WallTime next)
      : crl_(std::move(crl)), issuer_(std::move(issuer)), next_(next) {}
  ByteView issuer() const override { return issuer_; }
  WallTime next_update() const override { return next_; }
  [[nodiscard]] X509_CRL* handle() const { return crl_.get(); }

 private:
  CrlHandle crl_;
  Bytes issuer_;
  WallTime next_;
};

/// What CertificateEngine::revocation_list promises. Lists that speak for a part of their authority's certificates or
/// for other authorities (delta, indirect, partitioned) are refused: half a list would look like a whole one.
[[nodiscard]] Outcome<std::shared_ptr<const RevocationList>> read_revocation_list(std::string_view pem);

}  // namespace dormouse::crypto::openssl
