// IKE_AUTH (RFC 7296 1.2, 2.15); what is about signatures stands in signature_auth.cc:
//
//   initiator                                                responder
//   HDR, SK {IDi, [CERT], [CERTREQ], [N(INITIAL_CONTACT)], [IDr], AUTH, [CP], SA, TSi, TSr}  -->
//                                                   <--  HDR, SK {IDr, [CERT], AUTH, [CP], SA, TSi, TSr}
//
// The Child SA may fail (NO_PROPOSAL_CHOSEN, TS_UNACCEPTABLE) while the IKE SA stands (1.2).
#include <algorithm>
#include <limits>

#include "ike/sa_impl.h"

namespace dormouse::ike {

Result<SecretBytes> SaImpl::own_auth(const Identity& local) const {
  if (resumed_) return resumed_auth(true, initiator_ ? init_request_ : init_response_, wire::id_body(local));
  const auto& keys = protection_->keys();
  return crypto::psk_auth(owner_.crypto(), suite_.prf, psk_.reveal(), initiator_ ? init_request_ : init_response_,
                          initiator_ ? nr_ : ni_, (initiator_ ? keys.sk_pi : keys.sk_pr).reveal(), wire::id_body(local),
                          int_auth());
}

bool SaImpl::peer_auth_fits(ByteView psk, const Identity& peer, ByteView auth) const {
  const auto& keys = protection_->keys();
  const auto body = wire::id_body(peer);
  return std::ranges::any_of(first_messages(!initiator_), [&](ByteView message) {
    if (message.empty()) return false;
    const auto wanted = resumed_ ? resumed_auth(false, message, body)
                                 : crypto::psk_auth(owner_.crypto(), suite_.prf, psk, message, initiator_ ? ni_ : nr_,
                                                    (initiator_ ? keys.sk_pr : keys.sk_pi).reveal(), body, int_auth());
    return wanted && constant_time_equal(wanted->reveal(), auth);
  });
}

/// AUTH of a resumed SA about this first message, ours or the one wanted of the peer (RFC 5723 5.1).
Result<SecretBytes> SaImpl::resumed_auth(bool own, ByteView message, ByteView id_body) const {
  const auto& keys = protection_->keys();
  const bool initiators = own == initiator_;
  const auto& sk_p = initiators ? keys.sk_pi : keys.sk_pr;
  auto& engine = owner_.crypto();
  if (policy_.libreswan_resume) {
    const std::array<ByteView, 1> alone{message};
    return engine.prf(suite_.prf, sk_p.reveal(), alone);
  }
  return crypto::resume_auth(engine, suite_.prf, message, initiators ? nr_ : ni_, sk_p.reveal(), id_body);
}

void SaImpl::become_established(Instant now, Outbox& out) {
  state_ = SaState::established;
  negotiate_until_.reset();
  psk_ = {};
  forget_credentials();
  resume_.reset();
  intermediate_.reset();
  ppk_.reset();
  set_lifetimes(now);
  out.log(LogId::ike_established, scope(), {spis()});
  out.add(Established{id_});
}

void SaImpl::take_auth_lifetime(const Payloads& p, Outbox& out) {
  const auto* n = wire::find_notify(p, wire::NotifyType::auth_lifetime);
  if (!n || n->data.size() != 4) return;
  out.add(ReauthWanted{id_, std::chrono::seconds(load32(n->data.data()))});
}

// --- initiator

void SaImpl::send_auth(Instant now, Outbox& out) {
  out.log(LogId::preparing_msg, scope(), {std::string("initiator"), std::string("AUTH")});
  if (!take_credential({}, out)) return fail_with(CloseReason::auth_failed, out);
  Payloads ppk;
  const auto mixed = add_ppk(ppk);
  auto auth = own_auth_payload();
  if (!mixed || !auth) return fail_with(CloseReason::auth_failed, out);
  Payloads p;
  p.push_back(wire::IdPayload{false, local_});
  add_own_certificates(p);
  if (peer_signs_ && !resumed_) add_certificate_request(p);
  if (initial_contact_) p.push_back(wire::NotifyPayload{.type = wire::NotifyType::initial_contact});
  if (expected_peer_) p.push_back(wire::IdPayload{true, *expected_peer_});
  p.push_back(std::move(*auth));
  std::ranges::move(ppk, std::back_inserter(p));
  add_token(p, true, spi_i_, spi_r_);
  if (ask_inside_) p.push_back(wire::to_payload(*ask_inside_));
  ask_for_ticket(p);
  offer_mobike(p);
  if (!children_policy_.empty() && !childless_) {
    first_child_spi_ = HeldSpi(owner_);
    for (auto& c : child_offer(children_policy_.front(), first_child_spi_.value(), false)) p.push_back(std::move(c));
  }
  request(wire::ExchangeType::ike_auth, std::move(p), now, out);
}

void SaImpl::on_auth_response(const Payloads& p, Instant now, Outbox& out) {
  const auto* id = wire::find<wire::IdPayload>(p);
  const auto* auth = wire::find<wire::AuthPayload>(p);
  if (!id || !auth) {
    for (const auto& payload : p)
      if (const auto* n = std::get_if<wire::NotifyPayload>(&payload); n && wire::is_error(n->type))
        out.log(LogId::processing_notify, scope(), {wire::notify_name(n->type)});
    const bool nat = wire::find_notify(p, wire::NotifyType::unexpected_nat_detected);  // RFC 4555 3.9: try again
    return fail_with(nat ? CloseReason::refused : CloseReason::auth_failed, out);
  }
  out.log(LogId::peer_identifier, scope(), {std::to_string(static_cast<unsigned>(id->id.type)), id->id.text()});
  const bool right_peer = !expected_peer_ || *expected_peer_ == id->id;
  if (!right_peer || !ppk_answered(p, out) || !gateway_proves_itself(p, id->id, *auth, out)) {
    if (!right_peer) out.log(LogId::gateway_validation_failed, scope());
    // RFC 7296 2.21.2: the responder believes it is up; tell it in an exchange of its own.
    request(wire::ExchangeType::informational, {wire::NotifyPayload{.type = wire::NotifyType::authentication_failed}},
            now, out);
    return fail_with(CloseReason::auth_failed, out);
  }
  out.log(LogId::auth_verified, scope());
  out.log(LogId::auth_succeeded, scope());
  peer_ = id->id;
  if (!resumed_) peer_method_ = auth->method;
  peer_tokens_.learn(p);
  if (redirected_at_login(p, now, out)) return;
  if (ask_inside_ && wire::find_notify(p, wire::NotifyType::internal_address_failure)) {
    out.log(LogId::processing_notify, scope(), {wire::notify_name(wire::NotifyType::internal_address_failure)});
    request(wire::ExchangeType::informational, {wire::DeletePayload{}}, now, out);
    return fail_with(CloseReason::no_address, out);
  }
  if (ask_inside_) take_inside(p, out);
  agree_mobike(p, path_, out);
  become_established(now, out);
  take_auth_lifetime(p, out);
  take_ticket(p, now, out);
  if (children_policy_.empty()) return;
  if (childless_) return create_children_from(0, now, out);
  const auto& policy = children_policy_.front();
  const auto agreement = accept(p, policy, false);
  if (!agreement) {
    first_child_spi_ = {};
    const auto refused = refusal(p);
    out.add(ChildFailed{id_, policy.name,
                        static_cast<std::uint16_t>(refused.value_or(wire::NotifyType::no_proposal_chosen))});
  } else if (install(*agreement, first_child_spi_.value(), {}, ni_, nr_, true, std::nullopt, now, out)) {
    first_child_spi_.hand_over();
  }
  create_children_from(1, now, out);
}

// --- responder

void SaImpl::on_auth_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                             Instant now, Outbox& out) {
  if (resumed_) return on_resumed_auth_request(m, datagram, p, path, now, out);
  path_ = path;
  const auto refuse = [&](wire::NotifyType type, CloseReason reason) {
    reply_notify(m, datagram, type, {}, path, out);
    fail_with(reason, out);
  };
  const wire::IdPayload* idi = nullptr;
  const wire::IdPayload* idr = nullptr;
  for (const auto& payload : p)
    if (const auto* id = std::get_if<wire::IdPayload>(&payload)) (id->responder ? idr : idi) = id;
  const auto* auth = wire::find<wire::AuthPayload>(p);
  if (!idi) return refuse(wire::NotifyType::invalid_syntax, CloseReason::malformed);
  out.log(LogId::peer_identifier, scope(), {std::to_string(static_cast<unsigned>(idi->id.type)), idi->id.text()});
  auto certificates = certificates_of(p);
  if (!answerable(auth, certificates.has_value(), out))
    return refuse(wire::NotifyType::authentication_failed, CloseReason::auth_failed);
  take_signature_terms(p);
  take_ppk(p);
  AuthQuery query{.sa = id_, .peer = idi->id};
  if (idr) query.wanted_local = idr->id;
  query.initial_contact = wire::find_notify(p, wire::NotifyType::initial_contact) != nullptr;
  query.suite = suite_;
  query.inside = asked_inside(p);
  query.follows = peer_follows_;
  query.method = auth->method;
  query.certificates = std::move(*certificates);
  query.verify = [&](ByteView psk) {
    return auth->method == wire::AuthMethod::shared_key && peer_auth_fits(psk, idi->id, shown_auth(*auth).data);
  };
  query.verify_signature = [&](const crypto::PublicKey& key) {
    return peer_signature_fits(key, idi->id, shown_auth(*auth));
  };
  query.choose_ppk = [&](const PpkPolicy& ppk) { return choose_ppk(ppk); };
  std::vector<LogEvent> log;
  auto grant = owner_.authorize(query, log);
  for (auto& e : log) out.add(Log{std::move(e)});
  if (!grant || !choose_ppk(grant->policy.ppk))
    return refuse(wire::NotifyType::authentication_failed, CloseReason::auth_failed);
  peer_method_ = auth->method;
  wanted_local_ = std::move(query.wanted_local);
  establish_responder(m, datagram, p, idi->id, std::move(*grant), path, now, out);
}

/// The peer is who it says: the answer, the IKE SA and its first Child SA.
void SaImpl::establish_responder(const wire::Message& m, ByteView datagram, const Payloads& p, const Identity& peer,
                                 AuthGrant grant, const Path& path, Instant now, Outbox& out) {
  gateway_ = grant.gateway;
  out.log(LogId::auth_verified, scope());
  out.log(LogId::auth_succeeded, scope());
  peer_ = peer;
  peer_tokens_.learn(p);
  local_ = grant.local;
  psk_ = std::move(grant.psk);
  const bool promised = policy_.signature.digital && agreed(offered_hashes_);  // RFC 7427 3: then it is method 14
  policy_ = std::move(grant.policy);
  policy_.signature.digital = policy_.signature.digital || promised;
  children_policy_ = std::move(grant.children);
  credentials_ = std::move(grant.credentials);
  if (policy_.mobike && unexpected_nat(p, path)) {  // RFC 4555 3.9
    out.log(LogId::unexpected_nat, scope(), {path.remote.text()});
    reply_notify(m, datagram, wire::NotifyType::unexpected_nat_detected, {}, path, out);
    return fail_with(CloseReason::refused, out);
  }
  const bool with_child = wire::find<wire::SaPayload>(p) != nullptr;
  if (!with_child && !childless_) {  // RFC 6023 3
    reply_notify(m, datagram, wire::NotifyType::invalid_syntax, {}, path, out);
    return fail_with(CloseReason::malformed, out);
  }
  const bool can_sign = take_credential(wanted_local_, out);
  auto own = can_sign ? own_auth_payload() : Result<wire::AuthPayload>(fail(ErrorCode::refused, "credential"));
  if (!own) {
    reply_notify(m, datagram, wire::NotifyType::authentication_failed, {}, path, out);
    return fail_with(CloseReason::auth_failed, out);
  }
  Payloads answer;
  answer.push_back(wire::IdPayload{true, local_});
  add_own_certificates(answer);
  answer.push_back(std::move(*own));
  answer_ppk(answer, out);
  add_token(answer, false, spi_i_, spi_r_);
  if (grant.turned_away) {
    answer.push_back(wire::NotifyPayload{.type = *grant.turned_away});
    reply(m, datagram, answer, path, out);
    state_ = SaState::established;  // between the two ends it is: only so can it be deleted in order
    negotiate_until_.reset();
    psk_ = {};
    forget_credentials();
    resume_.reset();
    return close(now, out);
  }
  if (grant.redirect_to) {
    answer.push_back(redirect_notify(*grant.redirect_to));
    reply(m, datagram, answer, path, out);
    return let_go(now);
  }
  if (grant.inside) {
    inside_ = std::move(grant.inside);
    log_inside(*inside_, out);
    answer.push_back(wire::to_payload(*inside_));
  }
  if (grant.auth_lifetime) {
    Bytes seconds(4);
    store32(seconds.data(), static_cast<std::uint32_t>(std::clamp<std::int64_t>(
                                seconds_of(*grant.auth_lifetime), 1, std::numeric_limits<std::uint32_t>::max())));
    answer.push_back(wire::NotifyPayload{.type = wire::NotifyType::auth_lifetime, .data = std::move(seconds)});
  }
  agree_mobike(p, path, out);
  answer_mobike(answer, path);
  std::optional<Agreement> child;
  auto no_child = wire::NotifyType::no_proposal_chosen;
  HeldSpi in;
  if (with_child) {
    auto agreed = agree_any(p, false, out);
    if (agreed) {
      settle_mode(p, nullptr, *agreed, out);
      child = std::move(*agreed);
      in = HeldSpi(owner_);
      Bytes spi(4);
      store32(spi.data(), in.value().value());
      child->answer.spi = spi;
      answer.push_back(wire::SaPayload{{child->answer}});
      answer.push_back(wire::TsPayload{false, child->remote});
      answer.push_back(wire::TsPayload{true, child->local});
      if (child->transport) answer.push_back(wire::NotifyPayload{.type = wire::NotifyType::use_transport_mode});
    } else {
      if (agreed.error().code == ErrorCode::ts_unacceptable) no_child = wire::NotifyType::ts_unacceptable;
      answer.push_back(wire::NotifyPayload{.type = no_child});
    }
  }
  out.log(LogId::preparing_msg, scope(), {std::string("responder"), std::string("AUTH")});
  become_established(now, out);
  answer_ticket_request(p, answer, kTicketRoom, id_, now, out);
  if (child && install(*child, in.value(), {}, ni_, nr_, false, std::nullopt, now, out)) in.hand_over();
  if (with_child && !child)  // whoever waits for the Child SA before dropping older SAs waits in vain
    out.add(ChildFailed{id_, children_policy_.empty() ? "" : children_policy_.front().name,
                        static_cast<std::uint16_t>(no_child)});
  reply(m, datagram, answer, path, out);
}

}  // namespace dormouse::ike
