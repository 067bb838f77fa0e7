// CREATE_CHILD_SA for the IKE SA itself (RFC 7296 1.3.2, 2.18) and the collision of 2.8.2. The successor takes the
// Child SAs over, ids and SPIs unchanged; whoever began the surviving exchange deletes the old IKE SA.
#include <algorithm>

#include "crypto/proposal.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr std::size_t kNonceSize = 32;
constexpr Duration kOldSaWait = 30s;  // for the peer's Delete of the old IKE SA

Bytes octets(IkeSpi spi) {
  Bytes out(8);
  store64(out.data(), spi.value());
  return out;
}

IkeSpi ike_spi_of(const Bytes& b) { return IkeSpi(b.size() == 8 ? load64(b.data()) : 0); }

}  // namespace

void SaImpl::send_rekey_ike(RekeyIkeTask task, Instant now, Outbox& out) {
  if (task.group == KeId::none) task.group = suite_.ke;
  auto ke = owner_.crypto().key_exchange(task.group, owner_.rng());
  if (!ke) return;
  Exchange x;
  x.nonce = owner_.rng().bytes(kNonceSize);
  x.ike_spi = owner_.allocate_ike_spi();
  x.ke = std::move(*ke);
  Payloads p{wire::SaPayload{crypto::offer(policy_.suites, Protocol::ike, octets(x.ike_spi), true)},
             wire::NoncePayload{x.nonce}, wire::KePayload{task.group, to_bytes(x.ke->public_value())}};
  ask_for_ticket(p);
  x.task = task;
  exchange_ = std::move(x);
  request(wire::ExchangeType::create_child_sa, std::move(p), now, out);
}

Result<std::unique_ptr<SaImpl>> SaImpl::make_successor(const Suite& suite, bool we_began, IkeSpi i, IkeSpi r,
                                                       ByteView g_ir, ByteView ni, ByteView nr, Instant now,
                                                       ByteView more) const {
  auto& engine = owner_.crypto();
  // The seed comes from the old SA's prf and SK_d, the keys from the new suite (2.18).
  TRY_ASSIGN(const SecretBytes seed,
             crypto::skeyseed_rekey(engine, suite_.prf, protection_->keys().sk_d.reveal(), g_ir, ni, nr, more));
  TRY_ASSIGN(auto keys, crypto::derive_ike_keys(engine, suite, seed.reveal(), ni, nr, i, r));
  if (auto* to = owner_.key_export()) to->ike_keys(i, r, suite, keys);
  auto next = std::make_unique<SaImpl>(owner_, owner_.next_ike_id(), we_began, path_, policy_, now);
  TRY_ASSIGN(auto protection, Protection::make(engine, suite, std::move(keys), we_began));
  next->protection_ = std::move(protection);
  next->spi_i_ = i;
  next->spi_r_ = r;
  next->suite_ = suite;
  next->gateway_ = gateway_;
  next->local_ = local_;
  next->peer_ = peer_;
  next->children_policy_ = children_policy_;
  next->inside_ = inside_;
  next->wants_tickets_ = wants_tickets_;
  next->nat_ = nat_;
  next->udp_encap_ = udp_encap_;
  next->fragments_ = fragments_;
  next->peer_follows_ = peer_follows_;
  next->peer_is_ours_ = peer_is_ours_;
  next->state_ = SaState::established;
  next->negotiate_until_.reset();
  next->set_lifetimes(now);
  return next;
}

void SaImpl::on_rekey_ike_response(Exchange x, const Payloads& p, Instant now, Outbox& out) {
  auto task = std::get<RekeyIkeTask>(x.task);
  if (const auto why = refusal(p)) {
    const auto* n = wire::find_notify(p, *why);
    const auto group = n->data.size() == 2 ? static_cast<KeId>(load16(n->data.data())) : KeId::none;
    const bool ours =
        group != task.group && std::ranges::find(policy_.suites, group, &Suite::ke) != policy_.suites.end();
    if (*why == wire::NotifyType::invalid_ke_payload && ours) return send_rekey_ike({group}, now, out);
    out.log(LogId::exchange_failed, scope(), {std::string("IKE SA rekey"), wire::notify_name(*why)});
    if (rival_) return hand_over_to_rival(now, out);
    return retry_later(RekeyIkeTask{}, now);
  }
  const auto* sa = wire::find<wire::SaPayload>(p);
  const auto* nonce = wire::find<wire::NoncePayload>(p);
  const auto* ke = wire::find<wire::KePayload>(p);
  if (!sa || !nonce || !ke || ke->group != x.ke->group()) return fail_with(CloseReason::malformed, out);
  const auto choice = crypto::verify_answer(sa->proposals, policy_.suites, Protocol::ike, true);
  auto secret = x.ke->shared_secret(ke->data);
  const auto theirs = choice ? ike_spi_of(choice->spi) : IkeSpi{};
  if (!choice || !secret || theirs.value() == 0 || choice->suite.ke != ke->group)
    return fail_with(CloseReason::malformed, out);
  Followup f{.suite = choice->suite,
             .ni = x.nonce,
             .nr = nonce->data,
             .g_ir = std::move(*secret),
             .more = {},
             .link = {},
             .ours = {}};
  f.spi_i = x.ike_spi;
  f.spi_r = theirs;
  f.answer = p;
  if (!f.suite.has_additional()) return finish_rekey_ike(std::move(x), f, now, out);
  follow_up(std::move(x), std::make_unique<Followup>(std::move(f)), now, out);
}

/// All key exchanges of our rekey are done.
void SaImpl::finish_rekey_ike(Exchange x, const Followup& f, Instant now, Outbox& out) {
  auto next = make_successor(f.suite, true, f.spi_i, f.spi_r, f.g_ir.reveal(), f.ni, f.nr, now, f.more.reveal());
  if (!next) return fail_with(CloseReason::malformed, out);
  if (!rival_lowest_.empty() && loses(lower_nonce(f.ni, f.nr), rival_lowest_)) {
    // Ours is the redundant one: it goes by our Delete, without ever having had a child; the rival takes over.
    (*next)->path_ = path_;
    const auto h = (*next)->header(wire::ExchangeType::informational, false, MessageId(0));
    if (const auto gone = (*next)->protection_->seal(h, {wire::DeletePayload{}}, owner_.rng()))
      (*next)->transmit(*gone, h, false, path_, out);
    return give_way(x.task, now, out);
  }
  rival_.reset();
  rival_lowest_.clear();
  (*next)->peer_tokens_.learn(f.answer);
  if (owner_.qcd_token(true, f.spi_i, f.spi_r)) (*next)->push(TokenTask{}, now, out);
  SaImpl& fresh = **next;
  hand_over(std::move(*next), out);
  fresh.take_ticket(f.answer, now, out);
  // Ours won: the old SA goes by our Delete.
  state_ = SaState::rekeyed;
  closing_until_ = now + kOldSaWait;
  out.log(LogId::send_ike_delete, scope(), {spis()});
  exchange_.emplace().task = CloseTask{};
  request(wire::ExchangeType::informational, {wire::DeletePayload{}}, now, out);
}

void SaImpl::hand_over_to_rival(Instant now, Outbox& out) {
  if (rival_->wants_tickets_) rival_->tasks_.emplace_back(TicketTask{});
  hand_over(std::move(rival_), out);
  state_ = SaState::rekeyed;  // the peer, who began the surviving exchange, deletes this one
  closing_until_ = now + kOldSaWait;
}

void SaImpl::on_rekey_ike_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                                  Instant now, Outbox& out) {
  using wire::NotifyType;
  const auto refuse = [&](NotifyType type, Bytes data = {}) {
    reply_notify(m, datagram, type, std::move(data), path, out);
  };
  const auto* sa = wire::find<wire::SaPayload>(p);
  const auto* nonce = wire::find<wire::NoncePayload>(p);
  const auto* ke = wire::find<wire::KePayload>(p);
  // 2.25.2: not while we make or end a Child SA under this one.
  const bool child_work = exchange_ && !std::holds_alternative<RekeyIkeTask>(exchange_->task) &&
                          !std::holds_alternative<ProbeTask>(exchange_->task);
  // RFC 9370 2.2.4: a rekey of ours that is past its CREATE_CHILD_SA stands.
  if (child_work || !rival_lowest_.empty() || following_up()) return refuse(NotifyType::temporary_failure);
  if (!ke) return refuse(NotifyType::invalid_syntax);
  auto choice = crypto::choose(sa->proposals, policy_.suites, Protocol::ike);
  if (!choice) return refuse(NotifyType::no_proposal_chosen);
  if (choice->suite.ke != ke->group) {
    Suite guess = choice->suite;
    guess.ke = ke->group;
    const std::vector<Suite> only{guess};
    const bool ours = std::ranges::find(policy_.suites, guess) != policy_.suites.end();
    const auto again = ours ? crypto::choose(sa->proposals, only, Protocol::ike)
                            : Result<crypto::Choice>(fail(ErrorCode::bad_group, "KE"));
    if (!again) {
      Bytes group(2);
      store16(group.data(), static_cast<std::uint16_t>(choice->suite.ke));
      return refuse(NotifyType::invalid_ke_payload, std::move(group));
    }
    choice = again;
  }
  const auto theirs = ike_spi_of(choice->spi);
  auto own = owner_.crypto().answer_key_exchange(ke->group, ke->data, owner_.rng());
  if (theirs.value() == 0 || !own) return refuse(NotifyType::invalid_syntax);
  Followup f{.suite = choice->suite,
             .ni = nonce->data,
             .nr = owner_.rng().bytes(kNonceSize),
             .g_ir = std::move(own->secret),
             .more = {},
             .link = {},
             .ours = {}};
  f.spi_i = theirs;
  f.spi_r = owner_.allocate_ike_spi();
  Payloads answer{wire::SaPayload{{crypto::answer(*choice, Protocol::ike, octets(f.spi_r), true)}},
                  wire::NoncePayload{f.nr}, wire::KePayload{ke->group, std::move(own->public_value)}};
  add_token(answer, false, f.spi_i, f.spi_r);
  if (f.suite.has_additional()) {
    postpone_ticket(p, answer);
    if (rekeys_ike_itself()) rival_lowest_ = lower_nonce(f.ni, f.nr);
    await_followup(std::make_unique<Followup>(std::move(f)), answer, now);
    return reply(m, datagram, answer, path, out);
  }
  auto next = make_successor(f.suite, false, f.spi_i, f.spi_r, f.g_ir.reveal(), f.ni, f.nr, now);
  if (!next) return refuse(NotifyType::no_proposal_chosen);
  (*next)->answer_ticket_request(p, answer, kTicketRoomLarge, id_, now, out);
  reply(m, datagram, answer, path, out);
  take_rekeyed_by_peer(std::move(*next), lower_nonce(f.ni, f.nr), now, out);
}

/// The peer made the successor; our last answer is out.
void SaImpl::take_rekeyed_by_peer(std::unique_ptr<SaImpl> next, Bytes lowest_nonce, Instant now, Outbox& out) {
  if (rekeys_ike_itself()) {  // both at once: our answer decides
    rival_ = std::move(next);
    rival_lowest_ = std::move(lowest_nonce);
    return;
  }
  if (wants_tickets_) next->tasks_.emplace_back(TicketTask{});  // only we may ask
  // A probe under way means nothing any more, but where we are must be told under the new SA.
  if (exchange_ && is_mobike(exchange_->task)) tasks_.push_front(std::move(exchange_->task));
  hand_over(std::move(next), out);
  window_.cancel();
  exchange_.reset();
  state_ = SaState::rekeyed;
  closing_until_ = now + kOldSaWait;
}

}  // namespace dormouse::ike
