// RFC 7296 3.15; types are request 1, reply 2, set 3, acknowledgement 4:
//
//   payload   | type      |             reserved              |
//             | attributes                                    |
//
//   attribute |r|   type (15 bits)    |        length         |
//             | value, `length` octets                        |
#include "wire/config_payload.h"

namespace dormouse::wire {

Result<ConfigPayload> parse_config(Reader body) {
  ConfigPayload p;
  TRY_ASSIGN(p.type, body.u8("config type"));
  TRY(body.take(3, "reserved"));
  while (!body.empty()) {
    if (p.attributes.size() == limits::kMaxConfigAttributes)
      return fail(ErrorCode::too_large, "config attributes", body.offset());
    TRY_ASSIGN(const std::uint16_t type, body.u16("config attribute type"));
    TRY_ASSIGN(const std::uint16_t length, body.u16("config attribute length"));
    TRY_ASSIGN(const ByteView value, body.take(length, "config attribute value"));
    p.attributes.push_back({static_cast<std::uint16_t>(type & 0x7fff), to_bytes(value)});
  }
  return p;
}

void write_body(const ConfigPayload& payload, Writer& out) {
  out.u8(payload.type);
  out.zeros(3);
  for (const auto& a : payload.attributes) {
    out.u16(a.type & 0x7fff);
    out.u16(static_cast<std::uint16_t>(a.value.size()));
    out.bytes(a.value);
  }
}

}  // namespace dormouse::wire
