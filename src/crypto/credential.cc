#include "crypto/credential.h"

namespace dormouse::crypto {

const char* name_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa: return "RSA";
    case KeyKind::ecdsa_p256: return "ECDSA P-256";
    case KeyKind::ecdsa_p384: return "ECDSA P-384";
    case KeyKind::ecdsa_p521: return "ECDSA P-521";
    case KeyKind::ed25519: return "Ed25519";
  }
  return "?";
}

const char* name_of(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::malformed: return "certificate malformed";
    case CertificateFault::too_many: return "certificate or chain too large";
    case CertificateFault::expired: return "certificate expired";
    case CertificateFault::not_yet_valid: return "certificate not yet valid";
    case CertificateFault::revoked: return "certificate revoked";
    case CertificateFault::stale_crl: return "revocation list out of date or not usable";
    case CertificateFault::unknown_authority: return "unknown certificate authority";
    case CertificateFault::bad_chain: return "certificate chain does not hold";
    case CertificateFault::wrong_key_usage: return "certificate not meant for IKE signatures";
    case CertificateFault::weak_key: return "key or hash of the certificate too weak or not supported";
  }
  return "?";
}

}  // namespace dormouse::crypto
