// The Traffic Selector payload (RFC 7296 3.13).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads TSi, or TSr with `responder`. Selector types other than IPv4 and IPv6 ranges are skipped, even if none is
/// left.
[[nodiscard]] Result<TsPayload> parse_ts(Reader body, bool responder);
/// Appends the body, without the generic header.
void write_body(const TsPayload& payload, Writer& out);

}  // namespace dormouse::wire
