#include "crypto/openssl/certificate.h"

#include <openssl/sha.h>

#include "base/limits.h"
#include "crypto/openssl/names.h"
#include "crypto/openssl/pem.h"
#include "crypto/openssl/signature.h"

namespace dormouse::crypto::openssl {
namespace {

template <class T>
Bytes der_of(const T* object, int (*encode)(const T*, unsigned char**)) {
  unsigned char* out = nullptr;
  const int size = encode(object, &out);
  if (size <= 0) return {};
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

/// Both forms of time (UTCTime and GeneralizedTime) as seconds since the epoch.
std::optional<WallTime> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime{timegm(&parts)};
}

std::optional<std::array<std::uint8_t, 20>> key_id_of(X509* x) {
  const auto der = der_of<X509_PUBKEY>(X509_get_X509_PUBKEY(x), i2d_X509_PUBKEY);
  std::array<std::uint8_t, 20> id{};
  unsigned size = 0;
  if (der.empty() || EVP_Digest(der.data(), der.size(), id.data(), &size, EVP_sha1(), nullptr) != 1)
    return std::nullopt;
  return id;
}

/// Fills the names. False: one of them cannot be taken as it is.
bool read_names(X509* x, Certificate& out) {
  const auto* subject = X509_get_subject_name(x);
  auto own = name_der(subject), above = name_der(X509_get_issuer_name(x));
  auto text = name_text(subject);
  auto common = common_name(subject);
  if (!own || !above || !text || !common) return false;
  out.subject = std::move(*own);
  out.issuer = std::move(*above);
  out.subject_text = std::move(*text);
  out.common_name = std::move(*common);
  return true;
}

/// Validity, serial, basicConstraints, key id. False: one of them is not what RFC 5280 says.
bool read_facts(X509* x, Certificate& out) {
  const auto from = time_of(X509_get0_notBefore(x)), to = time_of(X509_get0_notAfter(x));
  const auto id = key_id_of(x);
  const auto flags = X509_get_extension_flags(x);
  if (!from || !to || !id || (flags & EXFLAG_INVALID) != 0) return false;
  out.not_before = *from;
  out.not_after = *to;
  out.key_id = *id;
  out.is_authority = (flags & EXFLAG_CA) != 0;
  const auto* serial = X509_get0_serialNumber(x);
  const auto* octets = ASN1_STRING_get0_data(serial);
  out.serial.assign(octets, octets + ASN1_STRING_length(serial));
  return true;
}

std::string sentence(CertificateFault fault, std::size_t number) {
  const auto which = "certificate " + std::to_string(number);
  switch (fault) {
    case CertificateFault::too_many: return which + " is larger, or has more names, than any real one";
    case CertificateFault::weak_key:
      return which +
             " has a key that is not supported; accepted are RSA from 2048 bits (not bound to PSS), ECDSA on P-256, "
             "P-384 and P-521, and Ed25519";
    default: return which + " is damaged, or has a control character in a name";
  }
}

}  // namespace

Result<void> CertificateKey::verify(const SignatureScheme& scheme, std::span<const ByteView> parts,
                                    ByteView signature) const {
  return openssl::verify(handle(), scheme, parts, signature);
}

X509Handle decode_certificate(ByteView der) {
  if (der.empty() || der.size() > limits::kMaxCertificate) return nullptr;
  const unsigned char* at = der.data();
  X509Handle x(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (x && at != der.data() + der.size()) return nullptr;
  return x;
}

std::expected<std::shared_ptr<Certificate>, CertificateFault> parse_certificate(ByteView der) {
  const QuietErrors quiet;
  if (der.size() > limits::kMaxCertificate) return std::unexpected(CertificateFault::too_many);
  auto x = decode_certificate(der);
  if (!x) return std::unexpected(CertificateFault::malformed);
  auto out = std::make_shared<Certificate>();
  out->der = to_bytes(der);
  if (!read_names(x.get(), *out) || !read_facts(x.get(), *out)) return std::unexpected(CertificateFault::malformed);
  if (auto read = read_alt_names(x.get(), out->alt_names); !read) return std::unexpected(read.error());
  const auto kind = kind_of(X509_get0_pubkey(x.get()));
  if (!kind) return std::unexpected(CertificateFault::weak_key);
  out->key = std::make_shared<const CertificateKey>(std::move(x), *kind);
  return out;
}

Outcome<std::vector<SharedCertificate>> read_certificates(std::string_view pem) {
  if (pem.size() > limits::kMaxPem) return failure("the text is longer than any chain of certificates");
  TRY_ASSIGN(const auto blocks, pem_blocks(pem));
  std::vector<SharedCertificate> out;
  for (const auto& b : blocks) {
    if (b.label != "CERTIFICATE" && b.label != "X509 CERTIFICATE")
      return failure("there is a PEM block of another kind: " + b.label + " where CERTIFICATE is wanted");
    auto certificate = parse_certificate(b.der);
    if (!certificate) return failure(sentence(certificate.error(), out.size() + 1));
    out.push_back(std::move(*certificate));
    if (out.size() > limits::kMaxChain)
      return failure("there are more than " + std::to_string(limits::kMaxChain) + " certificates");
  }
  return out;
}

X509Handle handle_of(const Certificate& certificate) {
  const auto* ours = dynamic_cast<const CertificateKey*>(certificate.key.get());
  if (!ours) return decode_certificate(certificate.der);
  X509_up_ref(ours->certificate());
  return X509Handle(ours->certificate());
}

}  // namespace dormouse::crypto::openssl
