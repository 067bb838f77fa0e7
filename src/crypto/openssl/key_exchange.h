// Ephemeral key exchange by OpenSSL: MODP (RFC 3526), ECP (RFC 5903), X25519 (RFC 8031).
#pragma once
#include "crypto/suite.h"

namespace dormouse::crypto::openssl {

[[nodiscard]] Result<std::unique_ptr<KeyExchange>> make_key_exchange(KeId group);

}  // namespace dormouse::crypto::openssl
