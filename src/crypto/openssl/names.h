// The names in a certificate, bounded, and without octets that would fool a log or a comparison.
#pragma once
#include <expected>
#include <optional>
#include <string>

#include "crypto/credential.h"
#include "crypto/openssl/x509_handles.h"

namespace dormouse::crypto::openssl {

/// Its DER as it came. None: over limits::kMaxDistinguishedName.
[[nodiscard]] std::optional<Bytes> name_der(const X509_NAME* name);
/// "C=CA, O=Example, CN=gateway": RFC 2253's escapes, the certificate's order, printable ASCII.
[[nodiscard]] std::optional<std::string> name_text(const X509_NAME* name);
/// The last CN in UTF-8; empty if there is none. None: it has a control character, or is not text.
[[nodiscard]] std::optional<std::string> common_name(const X509_NAME* name);
/// subjectAltName of the kinds that an Identity can have; the others are passed over.
[[nodiscard]] std::expected<void, CertificateFault> read_alt_names(X509* x, std::vector<Identity>& out);

}  // namespace dormouse::crypto::openssl
