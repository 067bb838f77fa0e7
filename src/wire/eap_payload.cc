// RFC 7296 3.16: the body is one EAP packet of RFC 3748.
#include "wire/eap_payload.h"

namespace dormouse::wire {

Result<EapPayload> parse_eap(Reader body) { return EapPayload{to_bytes(body.rest())}; }

void write_body(const EapPayload& payload, Writer& out) { out.bytes(payload.message); }

}  // namespace dormouse::wire
