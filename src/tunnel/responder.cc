// Who may begin: a first IKE_SA_INIT or IKE_SESSION_RESUME costs its sender a phase 1 that would serve it, a policy,
// and under load a cookie.
#include "base/limits.h"
#include "crypto/proposal.h"
#include "tunnel/manager.h"

namespace dormouse::tunnel {

std::vector<std::shared_ptr<const config::Phase1>> Manager::phase1_for(const ike::Path& path) const {
  std::vector<std::shared_ptr<const config::Phase1>> fixed, dialup;
  for (const auto& p : model_->phase1) {
    const auto local = local_address(p);
    if (!local || *local != path.local.address) continue;
    std::shared_ptr<const config::Phase1> held(model_, &p);
    if (p.type == config::Phase1Type::dynamic)
      dialup.push_back(std::move(held));
    else if (p.remote_gw == path.remote.address)
      fixed.push_back(std::move(held));
  }
  fixed.insert(fixed.end(), dialup.begin(), dialup.end());  // a peer with an entry of its own comes first
  return fixed;
}

bool Manager::cookie_passes(const ike::Path& path, const wire::Message& message, Instant now) {
  // Held for a while: were one copy of a message answered by a cookie and a late one by a half-open SA, the initiator
  // could not know which of its first messages that SA is about, and its AUTH would fail.
  if (sas_.half_open() >= limits::kCookieThreshold) cookies_until_ = now + limits::kCookieHold;
  if (now >= cookies_until_) return true;
  const auto* nonce = wire::find<wire::NoncePayload>(message.payloads);
  if (!nonce) return false;
  const auto* cookie = wire::find_notify(message.payloads, wire::NotifyType::cookie);
  if (cookie && cookies_.verify(cookie->data, nonce->data, path.remote, message.header.spi_i, now)) return true;
  log(LogId::cookie_sent, {}, {sas_.half_open()});
  ++counters_.cookies_sent;
  const auto value = cookies_.make(nonce->data, path.remote, message.header.spi_i, now);
  ike::Transmit answer{path, ike::CookieJar::response(message.header, value)};
  carry_out(answer, now);
  return false;
}

/// The one thing that cannot be read and must be answered (RFC 7296 2.5). Nothing is kept, so it needs no cookie.
void Manager::refuse_critical(const ike::Path& path, const wire::Header& header, std::uint8_t payload, Instant now) {
  if (header.message_id.value() != 0) return;
  wire::Header h = header;
  h.initiator = false;
  h.response = true;
  ike::Transmit answer{
      path, wire::serialize_clear(
                h, {wire::NotifyPayload{.type = wire::NotifyType::unsupported_critical_payload, .data = {payload}}})};
  carry_out(answer, now);
}

/// A request of an IKE to come is told which one is spoken here (RFC 7296 2.5); in clear, and not too often. Answers
/// are never answered, so that no two ends go on for ever.
void Manager::answer_newer_version(const ike::Path& path, ByteView datagram, Instant now) {
  constexpr std::uint8_t kResponse = 0x20, kInitiator = 0x08;
  if (datagram.size() < wire::kHeaderSize || datagram[17] >> 4 <= 2 || (datagram[19] & kResponse) != 0) return;
  if (load32(datagram.data() + 24) != datagram.size()) return;
  if (phase1_for(path).empty() || !crash_.rate.take(path.remote.address, now)) return;
  wire::Header h;
  h.spi_i = IkeSpi(load64(datagram.data()));
  h.spi_r = IkeSpi(load64(datagram.data() + 8));
  h.exchange = static_cast<wire::ExchangeType>(datagram[18]);
  h.initiator = (datagram[19] & kInitiator) == 0;
  h.response = true;
  h.message_id = MessageId(load32(datagram.data() + 20));
  ike::Transmit answer{
      path, wire::serialize_clear(h, {wire::NotifyPayload{.type = wire::NotifyType::invalid_major_version}})};
  carry_out(answer, now);
}

void Manager::begin_responder(const ike::Path& path, const wire::Header& header, ByteView datagram, Instant now) {
  if (sas_.half_open() >= limits::kMaxHalfOpen) {
    ++counters_.dropped_unknown;
    return;
  }
  const auto message = wire::parse_message(datagram);
  // Protected under what keys? Let in, it would be a half-open SA that nobody can ever finish.
  if (!message || header.message_id.value() != 0 || message->encrypted) {
    ++counters_.dropped_malformed;
    if (!message) {
      const auto& e = message.error();
      log(LogId::message_dropped, {}, {std::string(name_of(e.code)), std::string(e.field), e.offset});
      if (e.code == ErrorCode::unsupported_critical && !phase1_for(path).empty())
        refuse_critical(path, header, static_cast<std::uint8_t>(e.detail), now);
    }
    return;
  }
  const auto candidates = phase1_for(path);
  if (candidates.empty()) {
    ++counters_.dropped_unknown;
    return log(LogId::no_gateway, {}, {path.remote.text()});
  }
  // The ticket says which phase 1; the first one is only asked how long to wait.
  const bool resume = header.exchange == wire::ExchangeType::ike_session_resume;
  std::shared_ptr<const config::Phase1> chosen;
  const auto* offer = wire::find<wire::SaPayload>(message->payloads);
  const bool more = wire::find_notify(message->payloads, wire::NotifyType::intermediate_exchange_supported) != nullptr;
  const auto offered = !offer ? std::vector<Proposal>{}
                       : more ? offer->proposals
                              : crypto::without_additional(offer->proposals);
  for (const auto& p : candidates) {
    if (!p->has_policy) continue;
    if (!chosen) chosen = p;  // if none fits, the first one answers NO_PROPOSAL_CHOSEN
    if (!resume && crypto::choose(offered, p->suites, Protocol::ike)) {
      chosen = p;
      break;
    }
  }
  if (!chosen) return log(LogId::no_policy, {});
  if (!cookie_passes(path, *message, now)) return;
  auto policy = ike_policy(*chosen);
  for (const auto& p : candidates) {
    if (!p->has_policy) continue;
    offer_signatures(policy, *p);
    if (policy.ppk.mode == ike::PpkMode::never) policy.ppk = ppk_policy(*p);
    policy.childless = policy.childless || p->childless;  // which one it is for is known after IKE_AUTH
  }
  auto made = ike::IkeSa::make_responder(*this, path, std::move(policy), header.spi_i, now);
  const auto id = made->id();
  sas_.add(std::move(made), TunnelId{});
  sas_.note_initiator(id, header.spi_i, path.remote);
  with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.on_message(datagram, path, now, box); });
  remove_gone();
}

}  // namespace dormouse::tunnel
