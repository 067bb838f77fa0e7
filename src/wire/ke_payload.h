// The Key Exchange payload (RFC 7296 3.4).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads group and public value; the value's length is for the group's owner to judge.
[[nodiscard]] Result<KePayload> parse_ke(Reader body);
/// Appends the body, without the generic header.
void write_body(const KePayload& payload, Writer& out);

}  // namespace dormouse::wire
