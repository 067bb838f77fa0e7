// The EAP payload (RFC 7296 3.16).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Takes the whole body as one EAP message for the EAP layer. Never fails.
[[nodiscard]] Result<EapPayload> parse_eap(Reader body);
/// Appends the body, without the generic header.
void write_body(const EapPayload& payload, Writer& out);

}  // namespace dormouse::wire
