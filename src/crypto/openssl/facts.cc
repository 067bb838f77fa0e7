#include "crypto/openssl/facts.h"

#include <algorithm>

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/revocation_list.h"

namespace dormouse::crypto::openssl {
namespace {

using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>>;

bool counts(const OpensslRevocationList& list, const Trust& trust) {
  bool installed = false;
  for (const auto& [name, authority] : trust.authorities) {
    if (!equal(authority->subject, list.issuer())) continue;
    installed = true;
    const auto x = handle_of(*authority);
    if (x && X509_CRL_verify(list.handle(), X509_get0_pubkey(x.get())) == 1) return true;
  }
  return !installed;
}

bool lists(X509_CRL* crl, ByteView serial) {
  const Number number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  const Integer wanted(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
  X509_REVOKED* entry = nullptr;
  return wanted && X509_CRL_get0_by_serial(crl, &entry, wanted.get()) == 1;
}

}  // namespace

std::expected<void, CertificateFault> facts_hold(const Certificate& c, const Trust& trust, WallTime now) {
  const QuietErrors quiet;
  if (now < c.not_before) return std::unexpected(CertificateFault::not_yet_valid);
  if (c.not_after < now) return std::unexpected(CertificateFault::expired);
  bool stale = false;
  for (const auto& list : trust.revocations) {
    const auto* ours = dynamic_cast<const OpensslRevocationList*>(list.get());
    if (!ours || !equal(ours->issuer(), c.issuer) || !counts(*ours, trust)) continue;
    if (lists(ours->handle(), c.serial)) return std::unexpected(CertificateFault::revoked);
    stale = stale || ours->next_update() < now;
  }
  if (stale) return std::unexpected(CertificateFault::stale_crl);
  return {};
}

}  // namespace dormouse::crypto::openssl
