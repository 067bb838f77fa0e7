// RFC 7296 3.4:
//
//   |         group         |       reserved        |
//   | public value, to the end                      |
#include "wire/ke_payload.h"

namespace dormouse::wire {

Result<KePayload> parse_ke(Reader body) {
  KePayload ke;
  TRY_ASSIGN(const std::uint16_t group, body.u16("group"));
  ke.group = static_cast<KeId>(group);
  TRY(body.u16("reserved"));
  ke.data = to_bytes(body.rest());
  return ke;
}

void write_body(const KePayload& payload, Writer& out) {
  out.u16(static_cast<std::uint16_t>(payload.group));
  out.u16(0);
  out.bytes(payload.data);
}

}  // namespace dormouse::wire
