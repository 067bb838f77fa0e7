#include "ike/qcd.h"

#include "base/limits.h"

namespace dormouse::ike {
namespace {

/// The token in a payload, if it is one of a right form (RFC 6290 4.1, 5).
const Bytes* token_in(const wire::Payload& payload) {
  const auto* n = std::get_if<wire::NotifyPayload>(&payload);
  if (!n || n->type != wire::NotifyType::quick_crash_detection) return nullptr;
  if (n->protocol != Protocol::ike || !n->spi.empty()) return nullptr;
  if (n->data.size() < limits::kMinQcdToken || n->data.size() > limits::kMaxQcdToken) return nullptr;
  return &n->data;
}

}  // namespace

Bytes QcdMaker::token(bool initiator, IkeSpi i, IkeSpi r) const {
  Bytes about{static_cast<std::uint8_t>(initiator ? 1 : 2)};
  Writer w(about);
  w.u64(i.value());
  w.u64(r.value());
  const std::array<ByteView, 1> parts{about};
  const auto mac = crypto_->prf(PrfId::hmac_sha2_256, secret_->reveal(), parts);
  return mac ? to_bytes(mac->reveal()) : Bytes{};
}

bool QcdMaker::is_protected_request(const wire::Header& h, ByteView datagram) {
  using wire::ExchangeType;
  if (h.response || h.spi_i.value() == 0 || h.spi_r.value() == 0) return false;
  if (h.exchange != ExchangeType::informational && h.exchange != ExchangeType::create_child_sa) return false;
  const auto message = wire::parse_message(datagram);
  return message && message->encrypted && message->payloads.empty();
}

Bytes QcdMaker::answer(const wire::Header& request) const {
  wire::Header h = request;
  h.response = true;
  h.initiator = !request.initiator;
  return wire::serialize_clear(h, {wire::NotifyPayload{.type = wire::NotifyType::invalid_ike_spi},
                                   qcd_notify(token(h.initiator, h.spi_i, h.spi_r))});
}

wire::NotifyPayload qcd_notify(Bytes token) {
  return {.protocol = Protocol::ike, .type = wire::NotifyType::quick_crash_detection, .data = std::move(token)};
}

void QcdTokens::learn(const std::vector<wire::Payload>& payloads) {
  for (const auto& p : payloads)
    if (const auto* t = token_in(p)) tokens_.insert(tokens_.begin(), SecretBytes(ByteView(*t)));
  if (tokens_.size() > limits::kQcdTokensKept) tokens_.resize(limits::kQcdTokensKept);
}

bool QcdTokens::proven_by(const std::vector<wire::Payload>& payloads) const {
  std::size_t seen = 0;
  bool found = false;
  for (const auto& p : payloads) {
    const auto* t = token_in(p);
    if (!t || ++seen > limits::kQcdTokensRead) continue;
    for (const auto& mine : tokens_) found |= constant_time_equal(mine.reveal(), *t);
  }
  return found;
}

}  // namespace dormouse::ike
