// IKE_INTERMEDIATE (RFC 9242) for additional key exchanges in the login (RFC 9370 2.2.2):
//
//   initiator                                                    responder
//   HDR, SAi1(.. ADDKE ..), KEi, Ni, N(INTERMEDIATE_EXCHANGE_SUPPORTED)  -->
//                      <--  HDR, SAr1(.. ADDKE ..), KEr, Nr, N(INTERMEDIATE_EXCHANGE_SUPPORTED)
//   HDR, SK {KEi(1)}  -->                     under the keys of IKE_SA_INIT
//                      <--  HDR, SK {KEr(1)}
//   ... one for each, each under the keys of the one before, then IKE_AUTH
//
// Both ends know how many there are, so a peer can ask for no more work than was agreed. Nothing is authenticated
// before AUTH, which covers all of it: who changes a message, or takes an end's support away, is found out there.
#include "ike/intermediate.h"

#include <algorithm>

#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr std::size_t kGenericHeader = 4;

void store_length(Bytes& message, std::size_t at, std::size_t octets, std::size_t value) {
  for (std::size_t i = 0; i < octets; ++i) message[at + i] = static_cast<std::uint8_t>(value >> (8 * (octets - 1 - i)));
}

}  // namespace

Bytes int_auth_message(ByteView header, wire::PayloadType first, ByteView content) {
  constexpr std::size_t kNextPayload = 16, kLength = 24;
  Bytes out(header.begin(), header.begin() + wire::kHeaderSize);
  out[kNextPayload] = static_cast<std::uint8_t>(wire::PayloadType::encrypted);  // of fragments it was SKF
  out.push_back(static_cast<std::uint8_t>(first));
  out.push_back(header[wire::kHeaderSize + 1]);
  out.resize(wire::kHeaderSize + kGenericHeader);
  out.insert(out.end(), content.begin(), content.end());
  store_length(out, kLength, 4, out.size());
  store_length(out, wire::kHeaderSize + 2, 2, kGenericHeader + content.size());
  return out;
}

Bytes int_auth_message(const wire::Header& header, const std::vector<wire::Payload>& payloads) {
  std::size_t header_size = 0;
  const Bytes whole = wire::serialize_for_seal(header, payloads, 0, 1, 0, header_size);
  const auto content = ByteView(whole).subspan(header_size, whole.size() - header_size - 1);  // without the pad length
  return int_auth_message(whole, static_cast<wire::PayloadType>(whole[wire::kHeaderSize]), content);
}

Result<void> IntAuth::add(crypto::Provider& engine, PrfId prf, const crypto::IkeKeys& keys, ByteView request,
                          ByteView response) {
  const std::array<ByteView, 2> from_i{i_, request}, from_r{r_, response};
  TRY_ASSIGN(const auto i, engine.prf(prf, keys.sk_pi.reveal(), from_i));
  TRY_ASSIGN(const auto r, engine.prf(prf, keys.sk_pr.reveal(), from_r));
  i_ = to_bytes(i.reveal());
  r_ = to_bytes(r.reveal());
  ++exchanges_;
  return {};
}

Bytes IntAuth::octets() const {
  if (exchanges_ == 0) return {};
  Bytes out = i_;
  out.insert(out.end(), r_.begin(), r_.end());
  out.resize(out.size() + 4);
  store32(out.data() + out.size() - 4, exchanges_ + 1);  // the message id of IKE_AUTH: IKE_SA_INIT had 0
  return out;
}

// --- agreement

void SaImpl::offer_intermediate(Payloads& p) const {
  if (std::ranges::any_of(policy_.suites, &Suite::has_additional))
    p.push_back(wire::NotifyPayload{.type = wire::NotifyType::intermediate_exchange_supported});
}

bool SaImpl::takes_intermediate(const Payloads& p) {
  return wire::find_notify(p, wire::NotifyType::intermediate_exchange_supported) != nullptr;
}

void SaImpl::answer_intermediate(Payloads& p) {
  p.push_back(wire::NotifyPayload{.type = wire::NotifyType::intermediate_exchange_supported});
  begin_intermediate();
}

void SaImpl::begin_intermediate() {
  intermediate_ = std::make_unique<Intermediate>();
  std::ranges::copy_if(suite_.addke, std::back_inserter(intermediate_->to_do),
                       [](KeId group) { return group != KeId::none; });
}

// --- initiator

void SaImpl::continue_login(Instant now, Outbox& out) {
  if (owes_intermediate()) return send_intermediate(now, out);
  send_auth(now, out);
}

void SaImpl::send_intermediate(Instant now, Outbox& out) {
  auto& x = *intermediate_;
  out.log(LogId::preparing_msg, scope(), {std::string("initiator"), std::string("INTERMEDIATE")});
  auto ke = owner_.crypto().key_exchange(x.to_do.front(), owner_.rng());
  if (!ke) return fail_with(CloseReason::no_proposal, out);
  x.ke = std::move(*ke);
  Payloads p{wire::KePayload{x.to_do.front(), to_bytes(x.ke->public_value())}};
  x.request = int_auth_message(header(wire::ExchangeType::ike_intermediate, false, window_.next_out()), p);
  request(wire::ExchangeType::ike_intermediate, std::move(p), now, out);
}

void SaImpl::on_intermediate_response(const wire::Message& m, const Payloads& p, Instant now, Outbox& out) {
  auto& x = *intermediate_;
  if (const auto why = refusal(p)) {
    out.log(LogId::processing_notify, scope(), {wire::notify_name(*why)});
    return fail_with(CloseReason::refused, out);
  }
  const auto* ke = wire::find<wire::KePayload>(p);
  if (m.header.exchange != wire::ExchangeType::ike_intermediate || !ke || ke->group != x.to_do.front())
    return fail_with(CloseReason::malformed, out);
  const auto secret = x.ke->shared_secret(ke->data);
  if (!secret || !finish_intermediate(x.request, x.received, secret->reveal()))
    return fail_with(CloseReason::malformed, out);
  out.log(LogId::additional_ke_done, scope(), {dormouse::name_of({TransformType::ke, std::uint16_t(ke->group)})});
  continue_login(now, out);
}

// --- responder

/// Also an IKE_AUTH that comes while key exchanges are owed.
void SaImpl::on_intermediate_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                                     Outbox& out) {
  path_ = path;
  const auto refuse = [&] {
    reply_notify(m, datagram, wire::NotifyType::invalid_syntax, {}, path, out);
    fail_with(CloseReason::malformed, out);
  };
  const auto* ke = wire::find<wire::KePayload>(p);
  const bool in_turn = m.header.exchange == wire::ExchangeType::ike_intermediate && owes_intermediate();
  if (!in_turn || !ke || ke->group != intermediate_->to_do.front()) return refuse();
  auto own = owner_.crypto().answer_key_exchange(ke->group, ke->data, owner_.rng());
  if (!own) return refuse();
  const Payloads answer{wire::KePayload{ke->group, std::move(own->public_value)}};
  const auto response = int_auth_message(header(m.header.exchange, true, m.header.message_id), answer);
  reply(m, datagram, answer, path, out);
  if (!finish_intermediate(intermediate_->received, response, own->secret.reveal()))
    return fail_with(CloseReason::malformed, out);
  out.log(LogId::additional_ke_done, scope(), {dormouse::name_of({TransformType::ke, std::uint16_t(ke->group)})});
}

// --- both

/// The next exchange has keys that depend on this one's secret too (RFC 9370 2.2.2).
Result<void> SaImpl::finish_intermediate(ByteView request, ByteView response, ByteView secret) {
  auto& engine = owner_.crypto();
  auto& x = *intermediate_;
  const auto& keys = protection_->keys();
  TRY(x.auth.add(engine, suite_.prf, keys, request, response));
  TRY_ASSIGN(const SecretBytes seed,
             crypto::skeyseed_additional(engine, suite_.prf, keys.sk_d.reveal(), secret, ni_, nr_));
  TRY_ASSIGN(auto next, crypto::derive_ike_keys(engine, suite_, seed.reveal(), ni_, nr_, spi_i_, spi_r_));
  TRY_ASSIGN(auto protection, Protection::make(engine, suite_, std::move(next), initiator_));
  auto old = std::exchange(*protection_, std::move(protection));
  if (!initiator_) x.previous = std::move(old);
  x.to_do.erase(x.to_do.begin());
  return {};
}

Result<SaImpl::Payloads> SaImpl::open(const wire::Message& m, ByteView datagram) {
  TRY_ASSIGN(const Bytes content, protection_->open_content(m, datagram));
  note_intermediate(m.header, datagram, m.encrypted->first_inner, content);
  return wire::parse_payloads(m.encrypted->first_inner, content, m.encrypted->body_offset);
}

/// A fragment of the request before the last change of keys.
Result<Fragment> SaImpl::open_with_previous_keys(const wire::Message& m, ByteView datagram) {
  if (!intermediate_ || !intermediate_->previous) return fail(ErrorCode::auth_failed, "SKF");
  return intermediate_->previous->open_fragment(m, datagram);
}

void SaImpl::note_intermediate(const wire::Header& h, ByteView datagram, wire::PayloadType first, ByteView content) {
  if (h.exchange == wire::ExchangeType::ike_intermediate && intermediate_)
    intermediate_->received = int_auth_message(datagram, first, content);
}

Bytes SaImpl::int_auth() const { return intermediate_ ? intermediate_->auth.octets() : Bytes{}; }

}  // namespace dormouse::ike
