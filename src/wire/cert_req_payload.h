// The Certificate Request payload (RFC 7296 3.7).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads encoding and authorities; the authorities are not looked into.
[[nodiscard]] Result<CertReqPayload> parse_cert_req(Reader body);
/// Appends the body, without the generic header.
void write_body(const CertReqPayload& payload, Writer& out);

}  // namespace dormouse::wire
