// ML-KEM (FIPS 203) as a key exchange of IKEv2: the initiator sends its encapsulation key, the responder the
// ciphertext. OpenSSL has it from 3.5 on; it is looked for at run time, so one program works with either.
#pragma once
#include "crypto/suite.h"

namespace dormouse::crypto::openssl {

/// Whether this OpenSSL has it.
[[nodiscard]] bool has_kem(KeId group);

/// The initiator's half with a fresh key pair. Error bad_group: not a KEM, or has_kem() says no.
[[nodiscard]] Result<std::unique_ptr<KeyExchange>> make_kem(KeId group);

/// The same with a key pair made of `seed` (d | z, 64 octets), for known answers.
[[nodiscard]] Result<std::unique_ptr<KeyExchange>> kem_of_seed(KeId group, ByteView seed);

/// The responder's half. Error bad_key_share: `key` is not an encapsulation key of this size, or has a coefficient out
/// of range (FIPS 203 7.2). `entropy`, 32 octets, is for known answers; empty: fresh.
[[nodiscard]] Result<KeyAnswer> encapsulate(KeId group, ByteView key, ByteView entropy = {});

}  // namespace dormouse::crypto::openssl
