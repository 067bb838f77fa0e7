// The kernel's words for what IKE negotiated.
#pragma once
#include <string>

#include "base/result.h"
#include "base/transform.h"

namespace dormouse::xfrm {

/// How the kernel's crypto layer calls a suite. `auth` is empty for AEADs.
struct Algorithms {
  bool aead = false;
  std::string cipher{};  ///< "rfc4106(gcm(aes))", "cbc(aes)"
  std::string auth{};    ///< "hmac(sha256)"
  unsigned icv_bits = 0;
};

/// Failure: the suite has no name there.
[[nodiscard]] Outcome<Algorithms> algorithms_of(const Suite& suite);

}  // namespace dormouse::xfrm
