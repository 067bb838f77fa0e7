// X.509 by OpenSSL 3.
#pragma once
#include "crypto/credential.h"

namespace dormouse::crypto::openssl {

class OpensslCertificates final : public CertificateEngine {
 public:
  Outcome<std::shared_ptr<const PrivateKey>> private_key(const SecretBytes& pem, const SecretBytes& password) override;
  Outcome<std::vector<SharedCertificate>> certificates(std::string_view pem) override;
  Outcome<std::shared_ptr<const RevocationList>> revocation_list(std::string_view pem) override;
  bool matches(const PrivateKey& key, const Certificate& certificate) override;
  std::expected<TrustedCertificate, CertificateFault> verify(std::span<const Bytes> chain, const Trust& trust,
                                                             WallTime now) override;
  std::expected<void, CertificateFault> still_good(const Certificate& certificate, const Trust& trust,
                                                   WallTime now) override;
};

}  // namespace dormouse::crypto::openssl
