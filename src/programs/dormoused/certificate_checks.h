// What config/load cannot know of a PEM text, asked of the certificate engine.
#pragma once
#include "config/load/load.h"
#include "crypto/credential.h"

namespace dormouse::daemon {

/// `now` is asked at each check; `engine` must outlive what is returned.
[[nodiscard]] config::CertificateChecks certificate_checks(crypto::CertificateEngine& engine,
                                                           std::function<WallTime()> now);

}  // namespace dormouse::daemon
