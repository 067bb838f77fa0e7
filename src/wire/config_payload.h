// The Configuration payload (RFC 7296 3.15).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads type and at most limits::kMaxConfigAttributes attributes; values are not looked into.
[[nodiscard]] Result<ConfigPayload> parse_config(Reader body);
/// Appends the body, without the generic header.
void write_body(const ConfigPayload& payload, Writer& out);

}  // namespace dormouse::wire
