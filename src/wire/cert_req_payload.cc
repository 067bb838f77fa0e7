// RFC 7296 3.7; for X.509 the authorities are SHA-1 hashes of their public keys, 20 octets each:
//
//   | encoding  | authorities, to the end           |
#include "wire/cert_req_payload.h"

namespace dormouse::wire {

Result<CertReqPayload> parse_cert_req(Reader body) {
  CertReqPayload request;
  TRY_ASSIGN(request.encoding, body.u8("certificate encoding"));
  request.authorities = to_bytes(body.rest());
  return request;
}

void write_body(const CertReqPayload& payload, Writer& out) {
  out.u8(payload.encoding);
  out.bytes(payload.authorities);
}

}  // namespace dormouse::wire
