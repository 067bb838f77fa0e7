// A certificate of which no more is left than a ticket keeps.
#pragma once
#include <expected>

#include "crypto/credential.h"

namespace dormouse::crypto::openssl {

/// What CertificateEngine::still_good promises for one without DER: its dates, and every revocation list of its issuer.
/// A list counts if an installed authority of that name signed it, or if none of that name is installed: it is the
/// administrator's word then.
[[nodiscard]] std::expected<void, CertificateFault> facts_hold(const Certificate& certificate, const Trust& trust,
                                                               WallTime now);

}  // namespace dormouse::crypto::openssl
