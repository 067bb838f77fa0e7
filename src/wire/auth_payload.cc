// RFC 7296 3.8:
//
//   | method    |             reserved              |
//   | authentication data, to the end               |
#include "wire/auth_payload.h"

namespace dormouse::wire {

Result<AuthPayload> parse_auth(Reader body) {
  AuthPayload auth;
  TRY_ASSIGN(const std::uint8_t method, body.u8("auth method"));
  auth.method = static_cast<AuthMethod>(method);
  TRY(body.take(3, "reserved"));
  auth.data = to_bytes(body.rest());
  return auth;
}

void write_body(const AuthPayload& payload, Writer& out) {
  out.u8(static_cast<std::uint8_t>(payload.method));
  out.zeros(3);
  out.bytes(payload.data);
}

}  // namespace dormouse::wire
