#include "crypto/openssl/revocation_list.h"

#include <limits>

#include "base/limits.h"
#include "crypto/openssl/names.h"
#include "crypto/openssl/pem.h"

namespace dormouse::crypto::openssl {
namespace {

using DistributionPoint = std::unique_ptr<ISSUING_DIST_POINT, Deleter<ISSUING_DIST_POINT_free>>;

/// Whether it says that it is not its authority's whole list.
bool is_partial(const X509_CRL* crl) {
  if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0) return true;
  const int at = X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1);
  if (at < 0) return false;
  const DistributionPoint scope(
      static_cast<ISSUING_DIST_POINT*>(X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, nullptr, nullptr)));
  return !scope || scope->distpoint || scope->onlyuser > 0 || scope->onlyCA > 0 || scope->onlyattr > 0 ||
         scope->indirectCRL > 0 || scope->onlysomereasons;
}

/// Whether an extension must be understood that OpenSSL's check would not; the one it knows is is_partial's.
bool has_unknown_critical(const X509_CRL* crl) {
  for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
    auto* extension = X509_CRL_get_ext(crl, i);
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    const bool known =
        nid == NID_issuing_distribution_point || nid == NID_crl_number || nid == NID_authority_key_identifier;
    if (X509_EXTENSION_get_critical(extension) && !known) return true;
  }
  return false;
}

/// A list without an end is RFC 5280's exception; it is never out of date.
std::optional<WallTime> end_of(const X509_CRL* crl) {
  const auto* time = X509_CRL_get0_nextUpdate(crl);
  if (!time) return WallTime{std::numeric_limits<std::int64_t>::max()};
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime{timegm(&parts)};
}

}  // namespace

Outcome<std::shared_ptr<const RevocationList>> read_revocation_list(std::string_view pem) {
  const QuietErrors quiet;
  if (pem.size() > limits::kMaxRevocationPem) return failure("the revocation list is larger than any");
  TRY_ASSIGN(const auto blocks, pem_blocks(pem));
  if (blocks.size() != 1 || blocks[0].label != "X509 CRL")
    return failure("one PEM block is wanted, from -----BEGIN X509 CRL----- to -----END X509 CRL-----");
  const auto& der = blocks[0].der;
  const unsigned char* at = der.data();
  CrlHandle crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  if (!crl || at != der.data() + der.size()) return failure("the revocation list is damaged");
  auto issuer = name_der(X509_CRL_get_issuer(crl.get()));
  const auto next = end_of(crl.get());
  if (!issuer || !next) return failure("the revocation list is damaged");
  if (is_partial(crl.get()))
    return failure(
        "the revocation list speaks for a part of the certificates alone; the authority's whole list is wanted");
  if (has_unknown_critical(crl.get()))
    return failure("the revocation list has a critical extension that is not supported");
  return std::make_shared<const OpensslRevocationList>(std::move(crl), std::move(*issuer), *next);
}

}  // namespace dormouse::crypto::openssl
