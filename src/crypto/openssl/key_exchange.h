// Ephemeral key exchange by OpenSSL: MODP (RFC 3526), ECP (RFC 5903), X25519 (RFC 8031).
#pragma once
#include "crypto/openssl/handles.h"
#include "crypto/suite.h"

namespace dormouse::crypto::openssl {

/// A fresh key pair. Error bad_group if the group is not one of KeId's, crypto if OpenSSL fails.
[[nodiscard]] Result<std::unique_ptr<KeyExchange>> make_key_exchange(KeId group);

/// The exchange of a key pair there is already; `key` must belong to `group`. Error crypto if it does not.
[[nodiscard]] Result<std::unique_ptr<KeyExchange>> exchange_of(KeId group, Pkey key);

}  // namespace dormouse::crypto::openssl
