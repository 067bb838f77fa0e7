#include "crypto/openssl/certificates.h"

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/chain.h"
#include "crypto/openssl/facts.h"
#include "crypto/openssl/private_key.h"
#include "crypto/openssl/revocation_list.h"

namespace dormouse::crypto::openssl {

Outcome<std::shared_ptr<const PrivateKey>> OpensslCertificates::private_key(const SecretBytes& pem,
                                                                            const SecretBytes& password) {
  return read_private_key(pem, password);
}

Outcome<std::vector<SharedCertificate>> OpensslCertificates::certificates(std::string_view pem) {
  return read_certificates(pem);
}

Outcome<std::shared_ptr<const RevocationList>> OpensslCertificates::revocation_list(std::string_view pem) {
  return read_revocation_list(pem);
}

bool OpensslCertificates::matches(const PrivateKey& key, const Certificate& certificate) {
  const QuietErrors quiet;
  const auto* ours = dynamic_cast<const OpensslPrivateKey*>(&key);
  const auto x = handle_of(certificate);
  if (!ours || !x) return false;
  const auto* theirs = X509_get0_pubkey(x.get());
  return theirs && EVP_PKEY_eq(ours->handle(), theirs) == 1;
}

std::expected<TrustedCertificate, CertificateFault> OpensslCertificates::verify(std::span<const Bytes> chain,
                                                                                const Trust& trust, WallTime now) {
  return verify_chain(chain, trust, now);
}

std::expected<void, CertificateFault> OpensslCertificates::still_good(const Certificate& certificate,
                                                                      const Trust& trust, WallTime now) {
  if (certificate.der.empty()) return facts_hold(certificate, trust, now);
  std::vector<Bytes> chain{certificate.der};
  chain.insert(chain.end(), certificate.helpers.begin(), certificate.helpers.end());
  TRY(verify_chain(chain, trust, now));
  return {};
}

}  // namespace dormouse::crypto::openssl
