// A toy public-key infrastructure for tests and simulations: every rule of the real one (chains, dates, revocation,
// tampering found, a signature belongs to one key, scheme and text) without a library, and no security at all.
#pragma once
#include <string>
#include <vector>

#include "crypto/credential.h"

namespace dormouse::crypto::testing {

/// A key, its certificate and the ones between it and the root; also as the texts a configuration would hold.
struct ToyIdentity {
  SharedCredential credential;
  std::string certificate_text, key_text;
};

/// What goes into a certificate.
struct ToyTerms {
  std::string common_name;
  KeyKind kind = KeyKind::ecdsa_p256;
  std::vector<Identity> alt_names{};
  WallTime not_before{0}, not_after{4'000'000'000};
};

class ToyAuthority {
 public:
  /// A root that signed itself.
  explicit ToyAuthority(const std::string& common_name) : ToyAuthority(common_name, nullptr) {}
  /// Below another one, which must outlive it.
  ToyAuthority(const std::string& common_name, const ToyAuthority& above) : ToyAuthority(common_name, &above) {}

  [[nodiscard]] ToyIdentity issue(const ToyTerms& terms);
  [[nodiscard]] SharedCertificate certificate() const { return own_; }
  [[nodiscard]] std::string text() const;
  /// A revocation list of these certificates.
  [[nodiscard]] std::string revoke(const std::vector<SharedCertificate>& revoked,
                                   WallTime next_update = {4'000'000'000}) const;

 private:
  ToyAuthority(const std::string& common_name, const ToyAuthority* above);
  const ToyAuthority* above_;
  SharedCertificate own_;
  unsigned issued_ = 0;
};

/// "CN=x" as a DER Name.
[[nodiscard]] Bytes toy_name(const std::string& common_name);

class ToyCertificates final : public CertificateEngine {
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

}  // namespace dormouse::crypto::testing
