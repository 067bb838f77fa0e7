// Signatures of AUTH: which keys are accepted, and the two operations on them.
#pragma once
#include <optional>

#include "crypto/credential.h"
#include "crypto/openssl/handles.h"

namespace dormouse::crypto::openssl {

/// None if it is of a kind that is not accepted: RSA below 2048 bits, RSA keys bound to PSS (id-RSASSA-PSS), other
/// curves, DSA.
[[nodiscard]] std::optional<KeyKind> kind_of(const EVP_PKEY* key);

/// What PrivateKey::sign and PublicKey::verify promise.
[[nodiscard]] Result<Bytes> sign(EVP_PKEY* key, const SignatureScheme& scheme, std::span<const ByteView> parts);
[[nodiscard]] Result<void> verify(EVP_PKEY* key, const SignatureScheme& scheme, std::span<const ByteView> parts,
                                  ByteView signature);

}  // namespace dormouse::crypto::openssl
