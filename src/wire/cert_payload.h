// The Certificate payload (RFC 7296 3.6).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads encoding and data; the data is not looked into.
[[nodiscard]] Result<CertPayload> parse_cert(Reader body);
/// Appends the body, without the generic header.
void write_body(const CertPayload& payload, Writer& out);

}  // namespace dormouse::wire
