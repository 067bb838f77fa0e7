// RFC 7296 3.6:
//
//   | encoding  | certificate data, to the end      |
#include "wire/cert_payload.h"

namespace dormouse::wire {

Result<CertPayload> parse_cert(Reader body) {
  CertPayload cert;
  TRY_ASSIGN(cert.encoding, body.u8("certificate encoding"));
  cert.data = to_bytes(body.rest());
  return cert;
}

void write_body(const CertPayload& payload, Writer& out) {
  out.u8(payload.encoding);
  out.bytes(payload.data);
}

}  // namespace dormouse::wire
