// RFC 7296 3.5:
//
//   | ID type   |             reserved              |
//   | identification data, to the end               |
#include "wire/id_payload.h"

namespace dormouse::wire {

Result<IdPayload> parse_id(Reader body, bool responder) {
  IdPayload p;
  p.responder = responder;
  TRY_ASSIGN(const std::uint8_t type, body.u8("ID type"));
  p.id.type = static_cast<IdType>(type);
  TRY(body.take(3, "reserved"));
  const auto at = body.offset();
  p.id.data = to_bytes(body.rest());
  const auto size = p.id.data.size();
  if ((p.id.type == IdType::ipv4 && size != 4) || (p.id.type == IdType::ipv6 && size != 16))
    return fail(ErrorCode::malformed, "ID data", at, type);
  return p;
}

void write_body(const IdPayload& payload, Writer& out) { out.bytes(id_body(payload.id)); }

Bytes id_body(const Identity& id) {
  Bytes out;
  Writer w(out);
  w.u8(static_cast<std::uint8_t>(id.type));
  w.zeros(3);
  w.bytes(id.data);
  return out;
}

}  // namespace dormouse::wire
