// The Vendor ID payload (RFC 7296 3.12).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads the whole body as the identifier. Never fails.
[[nodiscard]] Result<VendorIdPayload> parse_vendor_id(Reader body);
/// Appends the body, without the generic header.
void write_body(const VendorIdPayload& payload, Writer& out);

}  // namespace dormouse::wire
