#include "ike/protection.h"

#include <algorithm>

#include "base/limits.h"

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

Result<Datagrams> Protection::seal_within(const wire::Header& header, const std::vector<wire::Payload>& payloads,
                                          std::size_t room, Rng& rng) {
  const auto iv = out_->iv_size(), block = std::max<std::size_t>(out_->block_size(), 1), icv = out_->icv_size();
  TRY_ASSIGN(auto whole, seal(header, payloads, rng));
  const auto overhead = wire::fragment_overhead(iv, icv);
  if (whole.size() <= room || room < overhead + block) return Datagrams{std::move(whole)};
  Bytes content;
  wire::FragmentPart part;
  wire::serialize_payloads(payloads, content, part.first);
  // Content and pad length together fill whole blocks.
  const auto most = (room - overhead + 1) / block * block - 1;
  const auto total = (content.size() + most - 1) / most;
  if (total > limits::kMaxFragments) return fail(ErrorCode::too_large, "fragments");
  part.total = static_cast<std::uint16_t>(total);
  Datagrams out;
  for (ByteView rest = content; !rest.empty(); rest = rest.subspan(part.content.size()), ++part.number) {
    part.content = rest.first(std::min(most, rest.size()));
    std::size_t header_size = 0;
    out.push_back(wire::serialize_fragment_for_seal(header, part, iv, block, icv, header_size));
    TRY(out_->seal(out.back(), header_size, rng));
  }
  return out;
}

Result<Fragment> Protection::open_fragment(const wire::Message& message, ByteView datagram) {
  if (!message.encrypted || message.encrypted->fragments == 0) return fail(ErrorCode::auth_failed, "SKF");
  const auto& part = *message.encrypted;
  Bytes copy = to_bytes(datagram);
  TRY_ASSIGN(const auto plain, in_->open(copy, part.body_offset));
  TRY_ASSIGN(const auto content, wire::strip_padding(plain));
  return Fragment{.id = message.header.message_id,
                  .number = part.fragment,
                  .total = part.fragments,
                  .first = part.first_inner,
                  .content = to_bytes(content),
                  .datagram = datagram};
}

Result<Bytes> Protection::open_content(const wire::Message& message, ByteView datagram) {
  if (!message.encrypted || message.encrypted->fragments != 0) return fail(ErrorCode::auth_failed, "SK");
  Bytes copy = to_bytes(datagram);
  TRY_ASSIGN(const auto plain, in_->open(copy, message.encrypted->body_offset));
  TRY_ASSIGN(const auto body, wire::strip_padding(plain));
  return to_bytes(body);
}

Result<std::vector<wire::Payload>> Protection::open(const wire::Message& message, ByteView datagram) {
  TRY_ASSIGN(const auto body, open_content(message, datagram));
  return wire::parse_payloads(message.encrypted->first_inner, body, message.encrypted->body_offset);
}

}  // namespace dormouse::ike
