#include "base/result.h"

namespace dormouse {

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::truncated: return "truncated";
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::too_large: return "too large";
    case ErrorCode::unsupported_critical: return "unsupported critical payload";
    case ErrorCode::unsupported_version: return "unsupported version";
    case ErrorCode::unexpected: return "unexpected";
    case ErrorCode::auth_failed: return "authentication failed";
    case ErrorCode::no_proposal: return "no proposal chosen";
    case ErrorCode::bad_group: return "invalid key exchange method";
    case ErrorCode::ts_unacceptable: return "traffic selectors unacceptable";
    case ErrorCode::bad_key_share: return "invalid public value";
    case ErrorCode::crypto: return "cryptographic engine failed";
    case ErrorCode::exhausted: return "exhausted";
    case ErrorCode::replayed: return "replayed";
    case ErrorCode::not_found: return "not found";
    case ErrorCode::refused: return "refused by policy";
  }
  return "?";
}

}  // namespace dormouse
