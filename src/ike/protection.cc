#include "ike/protection.h"

namespace dormouse::ike {

Result<Protection> Protection::make(crypto::Provider& engine, const Suite& suite, crypto::IkeKeys keys,
                                    bool initiator) {
  Protection p;
  TRY_ASSIGN(auto i, engine.ike_cipher(suite, keys.sk_ei.reveal(), keys.sk_ai.reveal()));
  TRY_ASSIGN(auto r, engine.ike_cipher(suite, keys.sk_er.reveal(), keys.sk_ar.reveal()));
  p.out_ = std::move(initiator ? i : r);
  p.in_ = std::move(initiator ? r : i);
  p.suite_ = suite;
  p.keys_ = std::move(keys);
  return p;
}

Result<Bytes> Protection::seal(const wire::Header& header, const std::vector<wire::Payload>& payloads, Rng& rng) {
  std::size_t header_size = 0;
  Bytes message =
      wire::serialize_for_seal(header, payloads, out_->iv_size(), out_->block_size(), out_->icv_size(), header_size);
  TRY(out_->seal(message, header_size, rng));
  return message;
}

Result<std::vector<wire::Payload>> Protection::open(const wire::Message& message, ByteView datagram) {
  if (!message.encrypted || message.encrypted->fragments != 0) return fail(ErrorCode::auth_failed, "SK");
  Bytes copy = to_bytes(datagram);
  TRY_ASSIGN(const auto plain, in_->open(copy, message.encrypted->body_offset));
  TRY_ASSIGN(const auto body, wire::strip_padding(plain));
  return wire::parse_payloads(message.encrypted->first_inner, body, message.encrypted->body_offset);
}

}  // namespace dormouse::ike
