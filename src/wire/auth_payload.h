// The Authentication payload (RFC 7296 3.8).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads method and data; unknown methods stay numbers of the enum's type.
[[nodiscard]] Result<AuthPayload> parse_auth(Reader body);
/// Appends the body, without the generic header.
void write_body(const AuthPayload& payload, Writer& out);

}  // namespace dormouse::wire
