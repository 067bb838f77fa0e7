// The Identification payload (RFC 7296 3.5).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads the body of IDi, or of IDr with `responder`. Addresses must have their family's length.
[[nodiscard]] Result<IdPayload> parse_id(Reader body, bool responder);
/// Appends the body, without the generic header.
void write_body(const IdPayload& payload, Writer& out);

}  // namespace dormouse::wire
