// The Delete payload (RFC 7296 3.11).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads a deletion of the IKE SA (no SPIs) or of ESP or AH SAs (at most limits::kMaxDeleteSpis); other protocols are
/// malformed.
[[nodiscard]] Result<DeletePayload> parse_delete(Reader body);
/// Appends the body, without the generic header.
void write_body(const DeletePayload& payload, Writer& out);

}  // namespace dormouse::wire
