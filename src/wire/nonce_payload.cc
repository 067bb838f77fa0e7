// RFC 7296 3.9: the body is the nonce, 16 to 256 octets.
#include "wire/nonce_payload.h"

namespace dormouse::wire {

Result<NoncePayload> parse_nonce(Reader body) {
  const auto size = body.left();
  if (size < limits::kMinNonce || size > limits::kMaxNonce)
    return fail(ErrorCode::malformed, "nonce", body.offset(), static_cast<std::uint32_t>(size));
  return NoncePayload{to_bytes(body.rest())};
}

void write_body(const NoncePayload& payload, Writer& out) { out.bytes(payload.data); }

}  // namespace dormouse::wire
