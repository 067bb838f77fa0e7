// A post-quantum preshared key in a login (RFC 8784).
#pragma once
#include <optional>

#include "crypto/keymat.h"
#include "ike/owner.h"

namespace dormouse::ike {

/// Of a login whose ends both have said USE_PPK.
struct PpkLogin {
  std::optional<Bytes> peer_id;          ///< responder: what the initiator named by PPK_IDENTITY
  std::optional<Bytes> no_ppk_auth;      ///< responder: the initiator's AUTH data without it, if it may be left out
  std::optional<crypto::IkeKeys> plain;  ///< SK_d', SK_pi' and SK_pr' while those with the key are in use
};

/// PPK_ID of type PPK_ID_FIXED (5.1).
[[nodiscard]] Bytes ppk_id(const PpkPolicy& policy);

}  // namespace dormouse::ike
