// IKE_SA_INIT (RFC 7296 1.2): suites, key exchange, nonces, NAT detection; cookies (2.6) and a wrong guess of the group
// (1.2).
//
//   initiator                              responder
//   HDR, SAi1, KEi, Ni, N(NAT) x2   -->
//                                   <--    HDR, SAr1, KEr, Nr, N(NAT) x2     or N(COOKIE), N(INVALID_KE_PAYLOAD), an
//                                   error
//
// Nothing here is authenticated: an error notify is a hint that is kept for the report, never a reason to give up
// early.
#include <algorithm>

#include "base/limits.h"
#include "crypto/proposal.h"
#include "ike/going_to_sleep.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr unsigned kMaxInitRounds = 6;  // cookie, group, and a responder that rotates its cookie secret meanwhile
constexpr std::size_t kNonceSize = 32;

std::string type_name(TransformType t) {
  if (const auto i = additional_ke_index(t)) return "ADDKE" + std::to_string(*i + 1);
  switch (t) {
    case TransformType::encr: return "ENCR";
    case TransformType::prf: return "PRF";
    case TransformType::integ: return "INTEGR";
    case TransformType::ke: return "DH_GROUP";
    case TransformType::esn: return "ESN";
  }
  return "unknown";
}

bool lists(const std::vector<Suite>& suites, KeId group) {
  return std::ranges::find(suites, group, &Suite::ke) != suites.end();
}

}  // namespace

void SaImpl::log_offer(const std::vector<Proposal>& offer, const char* protocol, const char* encapsulation,
                       Outbox& out) const {
  if (!out.debug()) return;
  for (const auto& p : offer) {
    out.log(LogId::proposal_id, scope(), {std::uint64_t{p.number}});
    out.log(LogId::proposal_protocol, scope(), {std::string(protocol)});
    out.log(LogId::proposal_encapsulation, scope(), {std::string(encapsulation)});
    for (const auto& t : p.transforms)
      out.log(LogId::proposal_transform, scope(), {type_name(t.type), dormouse::name_of(t)});
  }
}

// --- initiator

void SaImpl::send_init(Instant now, Outbox& out) {
  if (++init_rounds_ > kMaxInitRounds) return fail_with(CloseReason::refused, out);
  if (policy_.suites.empty()) return fail_with(CloseReason::no_proposal, out);
  if (group_ == KeId::none) group_ = policy_.suites.front().ke;
  if (ni_.empty()) ni_ = owner_.rng().bytes(kNonceSize);
  if (!ke_ || ke_->group() != group_) {
    auto made = owner_.crypto().key_exchange(group_, owner_.rng());
    if (!made) return fail_with(CloseReason::no_proposal, out);
    ke_ = std::move(*made);
  }
  Payloads p;
  if (!cookie_.empty()) p.push_back(wire::NotifyPayload{.type = wire::NotifyType::cookie, .data = cookie_});
  p.push_back(wire::SaPayload{crypto::offer(policy_.suites, Protocol::ike, {}, true)});
  p.push_back(wire::KePayload{group_, to_bytes(ke_->public_value())});
  p.push_back(wire::NoncePayload{ni_});
  offer_intermediate(p);
  offer_ppk(p);
  add_hash_list(p);
  for (auto& n : nat_notifies(owner_.crypto(), policy_.nat, spi_i_, IkeSpi{}, path_)) p.push_back(std::move(n));
  offer_fragmentation(p);
  offer_redirect(p);
  p.emplace_back(own_vendor_id());
  const auto h = header(wire::ExchangeType::ike_sa_init, false, MessageId(0));
  init_request_ = wire::serialize_clear(h, p);
  transmit(init_request_, h, false, path_, out);
  window_.sent(init_request_, "SA_INIT", policy_.retransmit_schedule, now);
}

void SaImpl::on_init_response(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out) {
  if (state_ != SaState::init_sent || m.encrypted) return;
  out.log(LogId::initiator_received, scope(), {std::string("SA_INIT")});
  if (const auto* cookie = wire::find_notify(m.payloads, wire::NotifyType::cookie)) {
    if (cookie->data.empty() || cookie->data.size() > limits::kMaxCookie || cookie->data == cookie_) return;
    out.log(LogId::cookie_received, scope());
    cookie_ = cookie->data;
    window_.cancel();
    return send_init(now, out);
  }
  if (const auto* wanted = wire::find_notify(m.payloads, wire::NotifyType::invalid_ke_payload)) {
    if (wanted->data.size() != 2) return;
    const auto group = static_cast<KeId>(load16(wanted->data.data()));
    if (group == group_ || !lists(policy_.suites, group)) return;  // only a group that we would use anyway
    out.log(LogId::invalid_ke, scope(), {std::uint64_t{static_cast<std::uint16_t>(group)}});
    group_ = group;
    window_.cancel();
    return send_init(now, out);
  }
  if (redirected_in_clear(m.payloads, out)) return;
  for (const auto& p : m.payloads) {
    const auto* n = std::get_if<wire::NotifyPayload>(&p);
    if (!n || !wire::is_error(n->type)) continue;
    out.log(LogId::processing_notify, scope(), {wire::notify_name(n->type)});
    hint_ = n->type == wire::NotifyType::no_proposal_chosen ? CloseReason::no_proposal : CloseReason::refused;
    return;
  }
  const auto* sa = wire::find<wire::SaPayload>(m.payloads);
  const auto* ke = wire::find<wire::KePayload>(m.payloads);
  const auto* nonce = wire::find<wire::NoncePayload>(m.payloads);
  if (!sa || !ke || !nonce || m.header.spi_r.value() == 0 || ke->group != group_) return;
  const auto choice = crypto::verify_answer(sa->proposals, policy_.suites, Protocol::ike, true);
  if (!choice || choice->suite.ke != group_) return;
  const bool intermediate = takes_intermediate(m.payloads);
  if (choice->suite.has_additional() && !intermediate) return;  // RFC 9370 2.2.1: no such answer
  const auto secret = ke_->shared_secret(ke->data);
  if (!secret) return;
  if (!settle_ppk(m.payloads)) {
    out.log(LogId::ppk_missing, scope());
    hint_ = CloseReason::refused;
    return;
  }
  // Kept aside until all of it has worked: a forged answer must not spoil the true one that may follow.
  const auto old_suite = std::exchange(suite_, choice->suite);
  const auto old_spi = std::exchange(spi_r_, m.header.spi_r);
  auto old_nonce = std::exchange(nr_, nonce->data);
  if (!derive(secret->reveal())) {
    suite_ = old_suite;
    spi_r_ = old_spi;
    nr_ = std::move(old_nonce);
    return;
  }
  log_offer(sa->proposals, "IKEv2", "IKEv2/none", out);
  out.log(LogId::matched_proposal, scope(), {std::uint64_t{choice->number}});
  init_response_ = to_bytes(datagram);
  take_signature_terms(m.payloads);
  learn_childless(m.payloads);
  ke_.reset();
  window_.answered();
  peer_is_ours_ = has_own_vendor_id(m.payloads);
  settle_nat(m.payloads, path, out);
  settle_fragmentation(m.payloads);
  if (intermediate) begin_intermediate();
  state_ = SaState::auth_sent;
  continue_login(now, out);
}

// --- responder

void SaImpl::refuse_init(const wire::Message& m, wire::NotifyType type, Bytes data, CloseReason reason,
                         const Path& path, Outbox& out) {
  wire::Header h = m.header;
  h.initiator = false;
  h.response = true;
  h.spi_r = IkeSpi{};
  transmit(wire::serialize_clear(h, {wire::NotifyPayload{.type = type, .data = std::move(data)}}), h, false, path, out);
  fail_with(reason, out);
}

/// A repeated first message: the identical answer, or nothing. With a cookie in front it is the same request still;
/// which of its copies the AUTH will be about, only its sender knows (RFC 7296 2.6), so both are kept.
void SaImpl::answer_again(const wire::Message& m, ByteView datagram, const Path& path, Outbox& out) {
  if (!equal(datagram, init_request_)) {
    if (wire::without_cookie(datagram) != wire::without_cookie(init_request_)) return;
    if (init_request_twin_.empty()) init_request_twin_ = to_bytes(datagram);
  }
  transmit(init_response_, header(m.header.exchange, true, MessageId(0)), true, path, out);
}

std::array<ByteView, 2> SaImpl::first_messages(bool initiators) const {
  if (!initiators) return {init_response_, {}};
  return {init_request_, init_request_twin_};
}

void SaImpl::on_init_request(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out) {
  if (state_ != SaState::half_open || initiator_ || m.encrypted) return;
  if (protection_) return answer_again(m, datagram, path, out);
  out.log(LogId::responder_received, scope(), {std::string("SA_INIT")});
  const auto* sa = wire::find<wire::SaPayload>(m.payloads);
  const auto* ke = wire::find<wire::KePayload>(m.payloads);
  const auto* nonce = wire::find<wire::NoncePayload>(m.payloads);
  if (!sa || !ke || !nonce)
    return refuse_init(m, wire::NotifyType::invalid_syntax, {}, CloseReason::malformed, path, out);
  out.log(LogId::incoming_proposal, scope());
  log_offer(sa->proposals, "IKEv2", "IKEv2/none", out);
  const bool intermediate = takes_intermediate(m.payloads);
  const auto offered = intermediate ? sa->proposals : crypto::without_additional(sa->proposals);
  auto choice = crypto::choose(offered, policy_.suites, Protocol::ike);
  if (!choice) {
    out.log(LogId::no_proposal_chosen, scope());
    return refuse_init(m, wire::NotifyType::no_proposal_chosen, {}, CloseReason::no_proposal, path, out);
  }
  // The group the initiator guessed is taken if the chosen proposal allows it; else it is told ours (RFC 7296 1.2).
  if (choice->suite.ke != ke->group) {
    Suite guess = choice->suite;
    guess.ke = ke->group;
    const std::vector<Suite> only{guess};
    const bool ours = std::ranges::find(policy_.suites, guess) != policy_.suites.end();
    const auto again =
        ours ? crypto::choose(offered, only, Protocol::ike) : Result<crypto::Choice>(fail(ErrorCode::bad_group, "KE"));
    if (!again) {
      Bytes group(2);
      store16(group.data(), static_cast<std::uint16_t>(choice->suite.ke));
      return refuse_init(m, wire::NotifyType::invalid_ke_payload, std::move(group), CloseReason::no_proposal, path,
                         out);
    }
    choice = again;
  }
  out.log(LogId::matched_proposal, scope(), {std::uint64_t{choice->number}});
  out.log(LogId::lifetime, scope(), {static_cast<std::uint64_t>(seconds_of(policy_.lifetime))});
  out.log(LogId::gateway_matched, scope(), {policy_.gateway});
  auto own = owner_.crypto().answer_key_exchange(ke->group, ke->data, owner_.rng());
  if (!own && own.error().code == ErrorCode::bad_group)
    return refuse_init(m, wire::NotifyType::no_proposal_chosen, {}, CloseReason::no_proposal, path, out);
  if (!own) return refuse_init(m, wire::NotifyType::invalid_syntax, {}, CloseReason::malformed, path, out);
  suite_ = choice->suite;
  ni_ = nonce->data;
  nr_ = owner_.rng().bytes(kNonceSize);
  init_request_ = to_bytes(datagram);
  if (!derive(own->secret.reveal())) return fail_with(CloseReason::malformed, out);
  take_signature_terms(m.payloads);
  Payloads p;
  p.push_back(wire::SaPayload{{crypto::answer(*choice, Protocol::ike, {}, true)}});
  p.push_back(wire::KePayload{ke->group, std::move(own->public_value)});
  p.push_back(wire::NoncePayload{nr_});
  if (intermediate) answer_intermediate(p);
  // Required or not: that is decided when the peer's identity has said which phase 1 it is (AuthQuery::choose_ppk).
  (void)settle_ppk(m.payloads);
  if (ppk_) offer_ppk(p);
  if (peer_hashes_) add_hash_list(p);
  add_certificate_request(p);
  offer_childless(p);
  path_ = path;
  for (auto& n : nat_notifies(owner_.crypto(), policy_.nat, spi_i_, spi_r_, path)) p.push_back(std::move(n));
  p.emplace_back(own_vendor_id());
  peer_is_ours_ = has_own_vendor_id(m.payloads);
  settle_nat(m.payloads, path, out);
  settle_fragmentation(m.payloads);
  learn_redirect(m.payloads);
  offer_fragmentation(p);
  const auto h = header(wire::ExchangeType::ike_sa_init, true, MessageId(0));
  init_response_ = wire::serialize_clear(h, p);
  out.log(LogId::preparing_msg, scope(), {std::string("responder"), std::string("SA_INIT")});
  transmit(init_response_, h, false, path, out);
  window_.replied(init_request_, init_response_);
  (void)now;
}

// --- both

Result<void> SaImpl::derive(ByteView g_ir) {
  auto& engine = owner_.crypto();
  TRY_ASSIGN(const SecretBytes seed, crypto::skeyseed_initial(engine, suite_.prf, ni_, nr_, g_ir));
  TRY_ASSIGN(auto keys, crypto::derive_ike_keys(engine, suite_, seed.reveal(), ni_, nr_, spi_i_, spi_r_));
  if (auto* to = owner_.key_export()) to->ike_keys(spi_i_, spi_r_, suite_, keys);
  TRY_ASSIGN(auto protection, Protection::make(engine, suite_, std::move(keys), initiator_));
  protection_ = std::move(protection);
  return {};
}

void SaImpl::settle_nat(const Payloads& payloads, const Path& path, Outbox& out) {
  // The peer computed its hashes over what it knew: an initiator's first message has no responder SPI yet.
  const auto found = policy_.nat == NatMode::never
                         ? std::nullopt
                         : find_nat(owner_.crypto(), payloads, spi_i_, initiator_ ? spi_r_ : IkeSpi{}, path);
  if (found) nat_ = *found;
  mobike_.nat_t = found.has_value();
  const bool any = nat_.local || nat_.remote;
  udp_encap_ = found && (any || policy_.nat == NatMode::always);
  if (any)
    out.log(LogId::nat_detected, scope(), {std::string(nat_.local ? nat_.remote ? "ME PEER" : "ME" : "PEER")});
  else
    out.log(LogId::nat_not_detected, scope());
  out.add(NatState{id_, nat_.local, nat_.remote, udp_encap_});
  // RFC 7296 2.23: the initiator floats to 4500; with MOBIKE always (RFC 4555 3.3), so that a NAT may come later.
  if (initiator_ && (udp_encap_ || (found && policy_.mobike))) {
    path_.local.port = 4500;
    if (path_.remote.port == 500) path_.remote.port = 4500;
  }
}

}  // namespace dormouse::ike
