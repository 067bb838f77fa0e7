// RFC 7296 3.12: the body is the identifier, of any length.
#include "wire/vendor_id_payload.h"

namespace dormouse::wire {

Result<VendorIdPayload> parse_vendor_id(Reader body) { return VendorIdPayload{to_bytes(body.rest())}; }

void write_body(const VendorIdPayload& payload, Writer& out) { out.bytes(payload.data); }

}  // namespace dormouse::wire
