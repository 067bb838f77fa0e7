// Whether a peer's certificate holds: the chain to an authority, its dates, constraints, usages and revocations.
#pragma once
#include <expected>

#include "crypto/credential.h"

namespace dormouse::crypto::openssl {

/// What CertificateEngine::verify promises. Every installed authority is believed, also an intermediate one whose root
/// is not installed; where the root is, the chain goes up to it, so that its revocation list counts.
[[nodiscard]] std::expected<TrustedCertificate, CertificateFault> verify_chain(std::span<const Bytes> chain,
                                                                               const Trust& trust, WallTime now);

}  // namespace dormouse::crypto::openssl
