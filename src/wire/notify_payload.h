// The Notify payload (RFC 7296 3.10).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads any notification; its data stays opaque, but a COOKIE has 1 to limits::kMaxCookie octets.
[[nodiscard]] Result<NotifyPayload> parse_notify(Reader body);
/// Appends the body, without the generic header.
void write_body(const NotifyPayload& payload, Writer& out);

}  // namespace dormouse::wire
