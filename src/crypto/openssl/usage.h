// What a certificate may be used for (RFC 4945 5.1.3.2, 5.1.3.12).
#pragma once
#include "crypto/openssl/x509_handles.h"

namespace dormouse::crypto::openssl {

/// keyUsage, if there is one, has digitalSignature or nonRepudiation; the extended key usage, if there is one, has one
/// of ipsecIKE, anyExtendedKeyUsage, the older IKE intermediate (1.3.6.1.5.5.8.2.2), serverAuth or clientAuth. RFC 4945
/// names the first two; the others are what certificates in use have that FortiOS, Windows and macOS accept for IKE.
[[nodiscard]] bool may_sign_ike(X509* x);

}  // namespace dormouse::crypto::openssl
