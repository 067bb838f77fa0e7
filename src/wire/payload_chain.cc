// RFC 7296 3.2, before every payload:
//
//   | next type |C| reserved|        length         |   C: critical; length: this header and the body
//
// Every link is at least four octets long and lies behind the one before, so a chain cannot loop; how many links there
// are is bounded besides. The critical bit matters only on types this program does not know (2.5).
#include "wire/payload_chain.h"

#include <cassert>

#include "wire/auth_payload.h"
#include "wire/cert_payload.h"
#include "wire/cert_req_payload.h"
#include "wire/config_payload.h"
#include "wire/delete_payload.h"
#include "wire/eap_payload.h"
#include "wire/id_payload.h"
#include "wire/ke_payload.h"
#include "wire/nonce_payload.h"
#include "wire/notify_payload.h"
#include "wire/sa_payload.h"
#include "wire/ts_payload.h"
#include "wire/vendor_id_payload.h"

namespace dormouse::wire {
namespace {

constexpr std::uint8_t kCritical = 0x80;

Result<Payload> read_unknown(const Link& link) {
  const auto number = static_cast<std::uint8_t>(link.type);
  if (link.critical) return fail(ErrorCode::unsupported_critical, "payload type", link.body.offset(), number);
  Reader body = link.body;
  return UnknownPayload{number, to_bytes(body.rest())};
}

Result<Payload> read_payload(const Link& link) {
  switch (link.type) {
    case PayloadType::sa: return parse_sa(link.body);
    case PayloadType::ke: return parse_ke(link.body);
    case PayloadType::id_i: return parse_id(link.body, false);
    case PayloadType::id_r: return parse_id(link.body, true);
    case PayloadType::cert: return parse_cert(link.body);
    case PayloadType::cert_req: return parse_cert_req(link.body);
    case PayloadType::auth: return parse_auth(link.body);
    case PayloadType::nonce: return parse_nonce(link.body);
    case PayloadType::notify: return parse_notify(link.body);
    case PayloadType::delete_: return parse_delete(link.body);
    case PayloadType::vendor_id: return parse_vendor_id(link.body);
    case PayloadType::ts_i: return parse_ts(link.body, false);
    case PayloadType::ts_r: return parse_ts(link.body, true);
    case PayloadType::config: return parse_config(link.body);
    case PayloadType::eap: return parse_eap(link.body);
    case PayloadType::none:
    case PayloadType::encrypted:
    case PayloadType::encrypted_fragment: break;  // read_chain stops before these
  }
  return read_unknown(link);
}

void write_body(const UnknownPayload& payload, Writer& out) { out.bytes(payload.body); }

}  // namespace

Result<Link> read_link(PayloadType type, Reader& chain) {
  const auto at = chain.offset();
  TRY_ASSIGN(const std::uint8_t next, chain.u8("next payload"));
  TRY_ASSIGN(const std::uint8_t flags, chain.u8("payload flags"));
  TRY_ASSIGN(const std::uint16_t length, chain.u16("payload length"));
  if (length < kGenericHeaderSize) return fail(ErrorCode::malformed, "payload length", at + 2, length);
  TRY_ASSIGN(const Reader body, chain.sub(length - kGenericHeaderSize, "payload"));
  return Link{type, (flags & kCritical) != 0, static_cast<PayloadType>(next), body};
}

Result<PayloadType> read_chain(PayloadType first, Reader& chain, std::vector<Payload>& out) {
  auto type = first;
  while (type != PayloadType::none && !is_encrypted(type)) {
    if (out.size() == limits::kMaxPayloads) return fail(ErrorCode::too_large, "payloads", chain.offset());
    TRY_ASSIGN(const Link link, read_link(type, chain));
    TRY_ASSIGN(Payload payload, read_payload(link));
    out.push_back(std::move(payload));
    type = link.next;
  }
  return type;
}

Result<std::vector<Payload>> parse_payloads(PayloadType first, ByteView body, std::uint32_t offset) {
  std::vector<Payload> payloads;
  Reader chain(body, offset);
  TRY_ASSIGN(const PayloadType end, read_chain(first, chain, payloads));
  if (end != PayloadType::none) return fail(ErrorCode::malformed, "nested encrypted payload", chain.offset());
  TRY(chain.finish("after the last payload"));
  return payloads;
}

std::size_t begin_link(PayloadType next, Writer& out) {
  const auto start = out.size();
  out.u8(static_cast<std::uint8_t>(next));
  out.u8(0);
  out.u16(0);
  return start;
}

void end_link(std::size_t start, Writer& out) {
  const auto length = out.size() - start;
  assert(length <= 0xffff);
  out.patch_u16(start + 2, static_cast<std::uint16_t>(length));
}

void serialize_payloads(const std::vector<Payload>& payloads, Bytes& out, PayloadType& first) {
  first = payloads.empty() ? PayloadType::none : type_of(payloads.front());
  Writer w(out);
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const auto start = begin_link(i + 1 < payloads.size() ? type_of(payloads[i + 1]) : PayloadType::none, w);
    std::visit([&w](const auto& p) { write_body(p, w); }, payloads[i]);
    end_link(start, w);
  }
}

}  // namespace dormouse::wire
