// IKE_SESSION_RESUME (RFC 5723) and the tickets it lives by:
//
//   initiator                              responder
//   HDR, [N(COOKIE)], Ni, N(TICKET_OPAQUE), N(NAT) x2  -->
//                                   <--    HDR, Nr, N(NAT) x2      or N(COOKIE), or N(TICKET_NACK)
//   HDR, SK {IDi, [IDr], AUTH, SA, TSi, TSr, N(TICKET_REQUEST)}  -->
//                                   <--    HDR, SK {IDr, AUTH, SA, TSi, TSr, N(TICKET_LT_OPAQUE)}
//
// No key exchange: the keys come of the old SK_d and fresh nonces. What is in clear is a hint: a TICKET_NACK ends
// nothing, and a ticket that somebody else saw and sends again finds him without the SK_d for AUTH.
#include <algorithm>

#include "base/limits.h"
#include "ike/going_to_sleep.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr unsigned kMaxRounds = 4;  // cookies, from a responder that may rotate its secret meanwhile
constexpr std::size_t kNonceSize = 32;
constexpr Duration kLongestTicket = std::chrono::hours(24 * 7);  // what a client believes at most
constexpr Duration kAskAgain = 2s;                               // after TICKET_ACK

const wire::NotifyPayload* asked(const std::vector<wire::Payload>& p) {
  return wire::find_notify(p, wire::NotifyType::ticket_request);
}

}  // namespace

// --- initiator

void SaImpl::send_resume(Instant now, Outbox& out) {
  if (++init_rounds_ > kMaxRounds) return fail_with(CloseReason::refused, out);
  if (ni_.empty()) ni_ = owner_.rng().bytes(kNonceSize);
  Payloads p;
  if (!cookie_.empty()) p.push_back(wire::NotifyPayload{.type = wire::NotifyType::cookie, .data = cookie_});
  p.push_back(wire::NoncePayload{ni_});
  p.push_back(wire::NotifyPayload{.type = wire::NotifyType::ticket_opaque, .data = resume_->ticket});
  for (auto& n : nat_notifies(owner_.crypto(), policy_.nat, spi_i_, IkeSpi{}, path_)) p.push_back(std::move(n));
  offer_fragmentation(p);
  offer_redirect(p);
  p.emplace_back(own_vendor_id());
  const auto h = header(wire::ExchangeType::ike_session_resume, false, MessageId(0));
  init_request_ = wire::serialize_clear(h, p);  // AUTH covers the last one sent, with the cookie (RFC 7296 2.6)
  transmit(init_request_, h, false, path_, out);
  window_.sent(init_request_, "SESSION_RESUME", policy_.retransmit_schedule, now);
}

void SaImpl::on_resume_response(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out) {
  if (state_ != SaState::init_sent || !resume_ || m.encrypted) return;
  out.log(LogId::initiator_received, scope(), {std::string("SESSION_RESUME")});
  if (const auto* cookie = wire::find_notify(m.payloads, wire::NotifyType::cookie)) {
    if (cookie->data.empty() || cookie->data.size() > limits::kMaxCookie || cookie->data == cookie_) return;
    out.log(LogId::cookie_received, scope());
    cookie_ = cookie->data;
    window_.cancel();
    return send_resume(now, out);
  }
  if (wire::find_notify(m.payloads, wire::NotifyType::ticket_nack)) {
    out.log(LogId::ticket_nack, scope());
    hint_ = CloseReason::refused;
    out.add(TicketRefused{id_});
    return;
  }
  if (redirected_in_clear(m.payloads, out)) return;
  const auto* nonce = wire::find<wire::NoncePayload>(m.payloads);
  if (!nonce || m.header.spi_r.value() == 0) return;
  // Kept aside until all of it has worked: a forged answer must not spoil the true one that may follow.
  const auto old_spi = std::exchange(spi_r_, m.header.spi_r);
  auto old_nonce = std::exchange(nr_, nonce->data);
  if (!derive_resumed(resume_->sk_d.reveal())) {
    spi_r_ = old_spi;
    nr_ = std::move(old_nonce);
    return;
  }
  init_response_ = to_bytes(datagram);
  window_.answered();
  peer_is_ours_ = has_own_vendor_id(m.payloads);
  settle_nat(m.payloads, path, out);
  settle_fragmentation(m.payloads);
  state_ = SaState::auth_sent;
  send_auth(now, out);
}

// --- responder

void SaImpl::on_resume_request(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out) {
  if (state_ != SaState::half_open || initiator_ || m.encrypted) return;
  if (protection_) return answer_again(m, datagram, path, out);
  out.log(LogId::responder_received, scope(), {std::string("SESSION_RESUME")});
  const auto* nonce = wire::find<wire::NoncePayload>(m.payloads);
  const auto* ticket = wire::find_notify(m.payloads, wire::NotifyType::ticket_opaque);
  if (!nonce || !ticket) return refuse_init(m, wire::NotifyType::invalid_syntax, {}, CloseReason::malformed, path, out);
  std::vector<LogEvent> log;
  auto opened = owner_.open_ticket(id_, ticket->data, now, log);
  for (auto& e : log) out.add(Log{std::move(e)});
  if (!opened) return refuse_init(m, wire::NotifyType::ticket_nack, {}, CloseReason::refused, path, out);
  suite_ = opened->suite;
  policy_ = std::move(opened->policy);
  peer_ = std::move(opened->peer);
  local_ = std::move(opened->local);
  resumed_ = true;
  ni_ = nonce->data;
  nr_ = owner_.rng().bytes(kNonceSize);
  init_request_ = to_bytes(datagram);
  if (!derive_resumed(opened->sk_d.reveal())) return fail_with(CloseReason::malformed, out);
  path_ = path;
  Payloads p{wire::NoncePayload{nr_}};
  for (auto& n : nat_notifies(owner_.crypto(), policy_.nat, spi_i_, spi_r_, path)) p.push_back(std::move(n));
  offer_childless(p);
  p.emplace_back(own_vendor_id());
  peer_is_ours_ = has_own_vendor_id(m.payloads);
  settle_nat(m.payloads, path, out);
  settle_fragmentation(m.payloads);
  learn_redirect(m.payloads);
  offer_fragmentation(p);
  const auto h = header(wire::ExchangeType::ike_session_resume, true, MessageId(0));
  init_response_ = wire::serialize_clear(h, p);
  out.log(LogId::preparing_msg, scope(), {std::string("responder"), std::string("SESSION_RESUME")});
  transmit(init_response_, h, false, path, out);
  window_.replied(init_request_, init_response_);
}

/// The identities are those of the ticket, octet by octet, and AUTH is made of SK_p. Nothing is changed before.
void SaImpl::on_resumed_auth_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                                     Instant now, Outbox& out) {
  path_ = path;
  const auto refuse = [&](const char* why) {
    out.log(LogId::auth_failed, scope(), {std::string(why)});
    reply_notify(m, datagram, wire::NotifyType::authentication_failed, {}, path, out);
    fail_with(CloseReason::auth_failed, out);
  };
  const wire::IdPayload* idi = nullptr;
  const wire::IdPayload* idr = nullptr;
  for (const auto& payload : p)
    if (const auto* id = std::get_if<wire::IdPayload>(&payload)) (id->responder ? idr : idi) = id;
  const auto* auth = wire::find<wire::AuthPayload>(p);
  if (!idi || !auth) return refuse("identity or AUTH missing after a session ticket");
  if (auth->method != wire::AuthMethod::shared_key) return refuse("wrong method after a session ticket");
  if (idi->id != *peer_ || (idr && idr->id != local_)) return refuse("not the identity of the session ticket");
  if (!peer_auth_fits({}, idi->id, auth->data)) return refuse("not the owner of the session ticket");
  std::vector<LogEvent> log;
  auto grant = owner_.authorize_resumed(
      {.sa = id_, .peer = idi->id, .inside = asked_inside(p), .follows = peer_follows_}, now, log);
  for (auto& e : log) out.add(Log{std::move(e)});
  if (!grant) return refuse("the session ticket is no longer good");
  establish_responder(m, datagram, p, idi->id, std::move(*grant), path, now, out);
}

// --- both

Result<void> SaImpl::derive_resumed(ByteView sk_d_old) {
  auto& engine = owner_.crypto();
  TRY_ASSIGN(const SecretBytes seed, crypto::skeyseed_resume(engine, suite_.prf, sk_d_old, ni_, nr_));
  TRY_ASSIGN(auto keys, crypto::derive_ike_keys(engine, suite_, seed.reveal(), ni_, nr_, spi_i_, spi_r_));
  if (auto* to = owner_.key_export()) to->ike_keys(spi_i_, spi_r_, suite_, keys);
  TRY_ASSIGN(auto protection, Protection::make(engine, suite_, std::move(keys), initiator_));
  protection_ = std::move(protection);
  return {};
}

// --- tickets

void SaImpl::ask_for_ticket(Payloads& p) const {
  if (wants_tickets_) p.push_back(wire::NotifyPayload{.type = wire::NotifyType::ticket_request});
}

void SaImpl::send_ticket_request(Instant now, Outbox& out) {
  Payloads p;
  ask_for_ticket(p);
  exchange_.emplace().task = TicketTask{};
  request(wire::ExchangeType::informational, std::move(p), now, out);
}

/// Exactly one of LT_OPAQUE, ACK and NACK goes into the answer to a TICKET_REQUEST, and the rest of it as if none had
/// been asked for (RFC 5723 4.1). Only whoever came as the client may ask.
void SaImpl::answer_ticket_request(const Payloads& request, Payloads& answer, std::size_t room, IkeSaId on, Instant now,
                                   Outbox& out) {
  if (wants_tickets_ || !peer_ || !protection_ || !asked(request)) return;
  const TicketSubject subject{.sa = on,
                              .given_to = id_,
                              .peer = *peer_,
                              .local = local_,
                              .suite = suite_,
                              .sk_d = protection_->keys().sk_d.reveal(),
                              .hard = hard_};
  auto given = policy_.session_resume ? owner_.give_ticket(subject, now) : std::nullopt;
  wire::NotifyPayload n{.type = wire::NotifyType::ticket_nack};
  if (given && given->ticket.size() > room) {
    n.type = wire::NotifyType::ticket_ack;
  } else if (given) {
    const auto seconds = static_cast<std::uint32_t>(seconds_of(given->lifetime));
    n.type = wire::NotifyType::ticket_lt_opaque;
    Writer w(n.data);
    w.u32(seconds);
    w.bytes(given->ticket);
    out.log(LogId::ticket_given, scope(), {std::uint64_t{seconds}, given->ticket.size()});
  }
  answer.push_back(std::move(n));
}

/// The SA that a ticket is asked for has no keys yet: the client asks again when it stands.
void SaImpl::postpone_ticket(const Payloads& request, Payloads& answer) const {
  if (wants_tickets_ || !asked(request)) return;
  const auto type = policy_.session_resume ? wire::NotifyType::ticket_ack : wire::NotifyType::ticket_nack;
  answer.push_back(wire::NotifyPayload{.type = type});
}

void SaImpl::take_ticket(const Payloads& answer, Instant now, Outbox& out) {
  if (!wants_tickets_) return;
  if (wire::find_notify(answer, wire::NotifyType::ticket_ack)) {
    ticket_at_ = now + kAskAgain;
    return;
  }
  const auto* n = wire::find_notify(answer, wire::NotifyType::ticket_lt_opaque);
  if (!n || n->data.size() <= 4 || n->data.size() > limits::kMaxTicket + 4) return;
  const Duration lifetime = std::min<Duration>(std::chrono::seconds(load32(n->data.data())), kLongestTicket);
  if (lifetime <= Duration{}) return;
  out.log(LogId::ticket_taken, scope(), {static_cast<std::uint64_t>(seconds_of(lifetime)), n->data.size() - 4});
  ticket_at_ = now + lifetime / 4 * 3;
  out.add(TicketReceived{.sa = id_,
                         .ticket = Bytes(n->data.begin() + 4, n->data.end()),
                         .lifetime = lifetime,
                         .sk_d = protection_->keys().sk_d.clone(),
                         .suite = suite_});
}

}  // namespace dormouse::ike
