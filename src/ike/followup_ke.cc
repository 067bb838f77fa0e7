// IKE_FOLLOWUP_KE (RFC 9370 2.2.4): when the suite of a CREATE_CHILD_SA has additional key exchanges, the SA is made
// only after them, one request each:
//
//   HDR(CREATE_CHILD_SA), SK {SA, Ni, KEi, ..}  -->
//                                <--  HDR, SK {SA, Nr, KEr, .., N(ADDITIONAL_KEY_EXCHANGE)(link)}
//   HDR(IKE_FOLLOWUP_KE), SK {KEi(1), N(ADDITIONAL_KEY_EXCHANGE)(link)}  -->
//                                <--  HDR, SK {KEr(1)[, N(ADDITIONAL_KEY_EXCHANGE)(next link)]}
//
// The window is one, so we do one such series at a time, and keep one of the peer's: who begins another has given the
// first one up. Of two rekeys at once the one with the lowest nonce is not followed up by who began it; there is no SA
// yet that would have to be deleted.
#include <algorithm>

#include "base/limits.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr Duration kFollowupWait = 20s;  // the longest that RFC 9370 2.2.4 advises
constexpr std::size_t kLinkSize = 8;

wire::NotifyPayload link_notify(Bytes link) {
  return {.type = wire::NotifyType::additional_key_exchange, .data = std::move(link)};
}

}  // namespace

KeId SaImpl::Followup::next_group() const {
  for (std::size_t i = done; i < suite.addke.size(); ++i)
    if (suite.addke[i] != KeId::none) return suite.addke[i];
  return KeId::none;
}

void SaImpl::Followup::add(ByteView secret) {
  SecretBytes joined(more.size() + secret.size());
  std::ranges::copy(more.reveal(), joined.reveal_mutable().begin());
  std::ranges::copy(secret, joined.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(more.size()));
  more = std::move(joined);
  while (suite.addke[done] == KeId::none) ++done;
  ++done;
}

// --- ours

/// After the answer to our CREATE_CHILD_SA: the next key exchange, unless the peer's rekey of the same goes before.
void SaImpl::follow_up(Exchange x, std::unique_ptr<Followup> f, Instant now, Outbox& out) {
  const auto* link = wire::find_notify(f->answer, wire::NotifyType::additional_key_exchange);
  if (!link) return followup_refused(std::move(x), *f, wire::NotifyType::invalid_syntax, now, out);
  f->link = link->data;
  const auto& lowest = lower_nonce(f->ni, f->nr);
  if (const auto* task = std::get_if<CreateChildTask>(&x.task)) {
    ChildSa* old = task->rekeys ? child(*task->rekeys) : nullptr;
    const auto rival = old ? std::exchange(old->rival, std::nullopt) : std::move(x.rival);
    if (rival && loses(lowest, rival->lowest_nonce)) {
      if (old) old->replaced_by = rival->child;
      return rival->child ? void() : give_way(std::move(x.task), now, out);
    }
    if (awaited_ && task->rekeys && awaited_->replaces == task->rekeys) awaited_.reset();
  } else if (!rival_lowest_.empty()) {
    if (loses(lowest, rival_lowest_)) return give_way(std::move(x.task), now, out);
    rival_.reset();
    rival_lowest_.clear();
    if (awaits_new_ike_sa()) awaited_.reset();
  }
  followup_ = std::move(f);
  exchange_ = std::move(x);
  send_followup(now, out);
}

/// Ours is the rekey that nobody follows up. The peer's makes the SA; should it never come to that, ours is due again.
void SaImpl::give_way(Task ours, Instant now, Outbox& out) {
  const bool ike = std::holds_alternative<RekeyIkeTask>(ours);
  if (ike && rival_) return hand_over_to_rival(now, out);
  const auto* task = std::get_if<CreateChildTask>(&ours);
  if (awaited_ && (ike ? awaits_new_ike_sa() : awaited_->replaces == task->rekeys)) {
    awaited_->ours = std::move(ours);
    return;
  }
  if (ike) rival_lowest_.clear();
  retry_later(std::move(ours), now);
}

void SaImpl::send_followup(Instant now, Outbox& out) {
  const auto group = followup_->next_group();
  auto ke = owner_.crypto().key_exchange(group, owner_.rng());
  if (!ke) {
    const auto f = std::exchange(followup_, nullptr);
    Exchange x = std::move(*exchange_);
    exchange_.reset();
    return followup_refused(std::move(x), *f, wire::NotifyType::no_proposal_chosen, now, out);
  }
  exchange_->ke = std::move(*ke);
  out.log(LogId::preparing_msg, scope(), {std::string("initiator"), std::string("FOLLOWUP_KE")});
  request(wire::ExchangeType::ike_followup_ke,
          {wire::KePayload{group, to_bytes(exchange_->ke->public_value())}, link_notify(followup_->link)}, now, out);
}

void SaImpl::on_followup_response(Exchange x, const Payloads& p, Instant now, Outbox& out) {
  auto f = std::exchange(followup_, nullptr);
  const auto group = f->next_group();
  const auto* ke = wire::find<wire::KePayload>(p);
  const auto* link = wire::find_notify(p, wire::NotifyType::additional_key_exchange);
  if (const auto why = refusal(p)) return followup_refused(std::move(x), *f, *why, now, out);
  const auto secret =
      ke && ke->group == group ? x.ke->shared_secret(ke->data) : Result<SecretBytes>(fail(ErrorCode::bad_group, "KE"));
  if (secret) f->add(secret->reveal());
  const bool more = f->next_group() != KeId::none;
  if (!secret || (more && !link)) return followup_refused(std::move(x), *f, wire::NotifyType::invalid_syntax, now, out);
  out.log(LogId::additional_ke_done, scope(), {dormouse::name_of({TransformType::ke, std::uint16_t(group)})});
  if (more) {
    f->link = link->data;
    followup_ = std::move(f);
    exchange_ = std::move(x);
    return send_followup(now, out);
  }
  lost_followups_ = 0;
  if (f->child) return finish_child(std::move(x), std::move(*f), now, out);
  finish_rekey_ike(std::move(x), *f, now, out);
}

/// The series came to nothing: what it was for is tried again, or given up.
void SaImpl::followup_refused(Exchange x, const Followup& f, wire::NotifyType why, Instant now, Outbox& out) {
  using wire::NotifyType;
  out.log(LogId::exchange_failed, scope(), {std::string("additional key exchange"), wire::notify_name(why)});
  const bool forgotten = why == NotifyType::state_not_found;
  if (forgotten && ++lost_followups_ >= limits::kMaxLostFollowups) return close(now, out);
  if (forgotten || why == NotifyType::temporary_failure || !f.child) return retry_later(std::move(x.task), now);
  const auto& task = std::get<CreateChildTask>(x.task);
  if (task.rekeys && !child(*task.rekeys)) return;  // the peer ended it meanwhile
  out.add(ChildFailed{id_, task.policy.name, static_cast<std::uint16_t>(why)});
}

// --- the peer's

/// The answer to the peer's CREATE_CHILD_SA gets the link to what must follow.
void SaImpl::await_followup(std::unique_ptr<Followup> f, Payloads& answer, Instant now) {
  if (awaited_) forget_followup(now);
  f->link = owner_.rng().bytes(kLinkSize);
  f->until = now + kFollowupWait;
  answer.push_back(link_notify(f->link));
  awaited_ = std::move(f);
}

void SaImpl::on_followup_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                                 Instant now, Outbox& out) {
  using wire::NotifyType;
  const auto refuse = [&](NotifyType type) { reply_notify(m, datagram, type, {}, path, out); };
  const auto* link = wire::find_notify(p, NotifyType::additional_key_exchange);
  const auto* ke = wire::find<wire::KePayload>(p);
  if (!established() || !awaited_ || !link || link->data != awaited_->link) return refuse(NotifyType::state_not_found);
  auto own = ke && ke->group == awaited_->next_group()
                 ? owner_.crypto().answer_key_exchange(ke->group, ke->data, owner_.rng())
                 : Result<crypto::KeyAnswer>(fail(ErrorCode::bad_group, "KE"));
  if (!own) {
    forget_followup(now);
    return refuse(NotifyType::invalid_syntax);
  }
  out.log(LogId::additional_ke_done, scope(), {dormouse::name_of({TransformType::ke, std::uint16_t(ke->group)})});
  awaited_->add(own->secret.reveal());
  Payloads answer{wire::KePayload{ke->group, std::move(own->public_value)}};
  auto f = std::move(awaited_);
  if (f->next_group() != KeId::none) {
    await_followup(std::move(f), answer, now);
    return reply(m, datagram, answer, path, out);
  }
  if (f->child) {
    if (f->replaces && !child(*f->replaces)) return refuse(NotifyType::child_sa_not_found);
    if (!finish_child_of_peer(*f, now, out)) return refuse(NotifyType::no_proposal_chosen);
    return reply(m, datagram, answer, path, out);
  }
  auto next =
      make_successor(f->suite, false, f->spi_i, f->spi_r, f->g_ir.reveal(), f->ni, f->nr, now, f->more.reveal());
  if (!next) return refuse(NotifyType::no_proposal_chosen);
  reply(m, datagram, answer, path, out);
  take_rekeyed_by_peer(std::move(*next), lower_nonce(f->ni, f->nr), now, out);
}

/// The peer does not go on with what it began.
void SaImpl::forget_followup(Instant now) {
  const auto f = std::exchange(awaited_, nullptr);
  if (!f->child && !rival_) rival_lowest_.clear();
  if (ChildSa* old = f->replaces ? child(*f->replaces) : nullptr; old && old->rival && !old->rival->child)
    old->rival.reset();
  if (f->ours) retry_later(std::move(*f->ours), now);
}

}  // namespace dormouse::ike
