// A whole message: header, clear payloads, and where the encrypted part begins.
#include "wire/message.h"

#include "wire/encrypted_payload.h"
#include "wire/header.h"
#include "wire/payload_chain.h"

namespace dormouse::wire {
namespace {

PayloadType kind(const SaPayload&) { return PayloadType::sa; }
PayloadType kind(const KePayload&) { return PayloadType::ke; }
PayloadType kind(const IdPayload& p) { return p.responder ? PayloadType::id_r : PayloadType::id_i; }
PayloadType kind(const CertPayload&) { return PayloadType::cert; }
PayloadType kind(const CertReqPayload&) { return PayloadType::cert_req; }
PayloadType kind(const AuthPayload&) { return PayloadType::auth; }
PayloadType kind(const NoncePayload&) { return PayloadType::nonce; }
PayloadType kind(const NotifyPayload&) { return PayloadType::notify; }
PayloadType kind(const DeletePayload&) { return PayloadType::delete_; }
PayloadType kind(const VendorIdPayload&) { return PayloadType::vendor_id; }
PayloadType kind(const TsPayload& p) { return p.responder ? PayloadType::ts_r : PayloadType::ts_i; }
PayloadType kind(const ConfigPayload&) { return PayloadType::config; }
PayloadType kind(const EapPayload&) { return PayloadType::eap; }
PayloadType kind(const UnknownPayload& p) { return static_cast<PayloadType>(p.type); }

}  // namespace

Result<Message> parse_message(ByteView datagram) {
  Message m;
  TRY_ASSIGN(m.header, parse_header(datagram));
  Reader chain(datagram.subspan(kHeaderSize), kHeaderSize);
  TRY_ASSIGN(const PayloadType end, read_chain(m.header.next_payload, chain, m.payloads));
  if (is_encrypted(end)) {
    TRY_ASSIGN(m.encrypted, parse_encrypted(end, chain));
  }
  TRY(chain.finish("after the last payload"));
  return m;
}

Bytes without_cookie(ByteView message) {
  constexpr std::size_t kNextOffset = 16, kNotifyHead = 8, kTypeOffset = 6;
  Bytes out = to_bytes(message);
  if (message.size() < kHeaderSize + kNotifyHead) return out;
  const ByteView first = message.subspan(kHeaderSize);
  const std::size_t size = load16(first.data() + 2);
  if (message[kNextOffset] != static_cast<std::uint8_t>(PayloadType::notify) || size < kNotifyHead ||
      size > first.size() || load16(first.data() + kTypeOffset) != static_cast<std::uint16_t>(NotifyType::cookie))
    return out;
  out[kNextOffset] = first[0];
  out.erase(out.begin() + kHeaderSize, out.begin() + static_cast<std::ptrdiff_t>(kHeaderSize + size));
  store32(out.data() + kLengthOffset, static_cast<std::uint32_t>(out.size()));
  return out;
}

Bytes serialize_clear(const Header& header, const std::vector<Payload>& payloads) {
  Bytes out;
  Writer w(out);
  write_header(header, payloads.empty() ? PayloadType::none : type_of(payloads.front()), w);
  PayloadType first{};
  serialize_payloads(payloads, out, first);
  w.patch_u32(kLengthOffset, static_cast<std::uint32_t>(w.size()));
  return out;
}

PayloadType type_of(const Payload& p) {
  return std::visit([](const auto& payload) { return kind(payload); }, p);
}

const NotifyPayload* find_notify(const std::vector<Payload>& payloads, NotifyType type) {
  for (const auto& p : payloads)
    if (const auto* n = std::get_if<NotifyPayload>(&p); n && n->type == type) return n;
  return nullptr;
}

}  // namespace dormouse::wire
