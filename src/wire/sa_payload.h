// The Security Association payload (RFC 7296 3.3).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads the whole body: at least one proposal, lengths and last markers exact, at most limits::kMaxProposals.
[[nodiscard]] Result<SaPayload> parse_sa(Reader body);
/// Appends the body, without the generic header.
void write_body(const SaPayload& payload, Writer& out);

}  // namespace dormouse::wire
