// The Nonce payload (RFC 7296 3.9).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads a nonce of limits::kMinNonce to limits::kMaxNonce octets, else malformed.
[[nodiscard]] Result<NoncePayload> parse_nonce(Reader body);
/// Appends the body, without the generic header.
void write_body(const NoncePayload& payload, Writer& out);

}  // namespace dormouse::wire
