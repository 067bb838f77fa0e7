// CREATE_CHILD_SA for Child SAs (RFC 7296 1.3.1, 1.3.3), with the collisions of 2.8.1 and 2.25:
//
//   HDR, SK {[N(REKEY_SA)], SA, Ni, [KEi], TSi, TSr}  -->
//                                                <--  HDR, SK {SA, Nr, [KEr], TSi, TSr}   or an error notify
#include <algorithm>

#include "base/limits.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr std::size_t kNonceSize = 32;

KeId first_group(const ChildPolicy& policy) {
  if (!policy.pfs) return KeId::none;
  for (const auto& s : policy.suites)
    if (s.ke != KeId::none) return s.ke;
  return KeId::none;
}

}  // namespace

std::optional<wire::NotifyType> SaImpl::refusal(const Payloads& p) const {
  for (const auto& payload : p)
    if (const auto* n = std::get_if<wire::NotifyPayload>(&payload); n && wire::is_error(n->type)) return n->type;
  return std::nullopt;
}

void SaImpl::send_create_child(CreateChildTask task, Instant now, Outbox& out) {
  ChildSa* old = task.rekeys ? child(*task.rekeys) : nullptr;
  if (task.rekeys && (!old || old->deleting || old->replaced_by)) return;
  if (task.group == KeId::none) task.group = first_group(task.policy);
  Exchange x;
  x.nonce = owner_.rng().bytes(kNonceSize);
  x.esp_spi = HeldSpi(owner_);
  Payloads p;
  if (old) {
    Bytes spi(4);
    store32(spi.data(), old->in.value());  // the SPI we receive with (1.3.3)
    p.push_back(
        wire::NotifyPayload{.protocol = Protocol::esp, .spi = std::move(spi), .type = wire::NotifyType::rekey_sa});
  }
  if (task.transport) p.push_back(wire::NotifyPayload{.type = wire::NotifyType::use_transport_mode});
  auto offer = child_offer(task.policy, x.esp_spi.value(), true);
  p.push_back(std::move(offer[0]));
  p.push_back(wire::NoncePayload{x.nonce});
  if (task.group != KeId::none) {
    auto ke = owner_.crypto().key_exchange(task.group, owner_.rng());
    if (!ke) return;
    x.ke = std::move(*ke);
    p.push_back(wire::KePayload{task.group, to_bytes(x.ke->public_value())});
  }
  p.push_back(std::move(offer[1]));
  p.push_back(std::move(offer[2]));
  out.log(LogId::creating_child, scope(), {std::string("initiator")});
  x.task = std::move(task);
  exchange_ = std::move(x);
  request(wire::ExchangeType::create_child_sa, std::move(p), now, out);
}

void SaImpl::on_create_child_response(Exchange x, const Payloads& p, Instant now, Outbox& out) {
  auto& task = std::get<CreateChildTask>(x.task);
  ChildSa* old = task.rekeys ? child(*task.rekeys) : nullptr;
  if (const auto why = refusal(p)) {
    using wire::NotifyType;
    if (*why == NotifyType::invalid_ke_payload) {
      const auto* n = wire::find_notify(p, *why);
      const auto group = n->data.size() == 2 ? static_cast<KeId>(load16(n->data.data())) : KeId::none;
      const bool ours = std::ranges::find(task.policy.suites, group, &Suite::ke) != task.policy.suites.end();
      if (ours && group != KeId::none && group != task.group) {
        task.group = group;
        return send_create_child(std::move(task), now, out);
      }
    }
    if (old && old->rival) old->replaced_by = std::exchange(old->rival, std::nullopt)->child;  // the peer's stands
    if (*why == NotifyType::temporary_failure) return retry_later(std::move(task), now);
    if (*why == NotifyType::child_sa_not_found && old) {  // 2.25.1: the peer has none; neither have we, then
      remove_child(old->id, CloseReason::deleted_by_peer, out);
      return push(CreateChildTask{.policy = task.policy, .rekeys = {}, .transport = task.transport}, now, out);
    }
    put_off_ = 0;
    if (task.rekeys && !old) return;  // the peer ended it, or rekeyed it itself, before our request came
    out.add(ChildFailed{id_, task.policy.name, static_cast<std::uint16_t>(*why)});
    return;
  }
  put_off_ = 0;
  const auto* nonce = wire::find<wire::NoncePayload>(p);
  const auto* ke = wire::find<wire::KePayload>(p);
  const bool with_ke = x.ke != nullptr;
  auto agreement = accept(p, task.policy, with_ke);
  SecretBytes g_ir;
  if (agreement && with_ke) {
    auto secret = ke && ke->group == x.ke->group() && agreement->suite.ke == ke->group
                      ? x.ke->shared_secret(ke->data)
                      : Result<SecretBytes>(fail(ErrorCode::bad_group, "KE"));
    if (secret)
      g_ir = std::move(*secret);
    else
      agreement = std::unexpected(secret.error());
  }
  if (!agreement || !nonce) {
    out.add(ChildFailed{id_, task.policy.name, static_cast<std::uint16_t>(wire::NotifyType::no_proposal_chosen)});
    return;
  }
  Followup f{.suite = agreement->suite,
             .ni = x.nonce,
             .nr = nonce->data,
             .g_ir = std::move(g_ir),
             .more = {},
             .link = {},
             .ours = {}};
  f.child = std::move(*agreement);
  f.child->transport = task.transport && asks_transport(p);  // declined, it is in tunnel mode, which we take too
  if (!f.suite.has_additional()) return finish_child(std::move(x), std::move(f), now, out);
  f.answer = p;
  follow_up(std::move(x), std::make_unique<Followup>(std::move(f)), now, out);
}

/// All key exchanges of our CREATE_CHILD_SA are done.
void SaImpl::finish_child(Exchange x, Followup f, Instant now, Outbox& out) {
  auto& task = std::get<CreateChildTask>(x.task);
  const auto* policy = policy_named(task.policy.name);
  f.child->policy = policy ? policy : &task.policy;
  const auto fresh =
      install(*f.child, x.esp_spi.value(), f.g_ir.reveal(), f.ni, f.nr, true, task.rekeys, now, out, f.more.reveal());
  if (!fresh) return fail_with(CloseReason::malformed, out);
  x.esp_spi.hand_over();
  if (task.rekeys) settle_rekeyed_child(std::move(x), *fresh, f.nr, now, out);
}

/// All key exchanges of the peer's CREATE_CHILD_SA are done.
bool SaImpl::finish_child_of_peer(Followup& f, Instant now, Outbox& out) {
  const auto* policy = policy_named(f.policy.name);
  f.child->policy = policy ? policy : &f.policy;
  const auto fresh =
      install(*f.child, f.esp_spi.value(), f.g_ir.reveal(), f.ni, f.nr, false, f.replaces, now, out, f.more.reveal());
  if (!fresh) return false;
  f.esp_spi.hand_over();
  ChildSa* old = f.replaces ? child(*f.replaces) : nullptr;
  if (old && we_rekey(old->id))
    old->rival = ChildSa::Rival{*fresh, lower_nonce(f.ni, f.nr)};
  else if (old)
    old->replaced_by = *fresh;
  return true;
}

/// Our rekey made `fresh`, the peer's nonce was `theirs`. If the peer rekeyed the same Child SA too, the SA of the
/// exchange with the lowest nonce goes, by whoever made it; the other end deletes the old one (2.8.1).
void SaImpl::settle_rekeyed_child(Exchange x, ChildId fresh, const Bytes& theirs, Instant now, Outbox& out) {
  const auto old_id = *std::get<CreateChildTask>(x.task).rekeys;
  ChildSa* old = child(old_id);
  const auto rival = old ? std::exchange(old->rival, std::nullopt) : std::move(x.rival);
  const bool rival_stands = rival && (!rival->child || child(*rival->child));
  if (rival_stands && loses(lower_nonce(x.nonce, theirs), rival->lowest_nonce)) {
    child(fresh)->replaced_by = rival->child;
    return delete_child(fresh, now, out);
  }
  if (awaited_ && awaited_->replaces == old_id) awaited_.reset();
  if (!old) return;  // deleted by the peer while we rekeyed it (2.25.1): the new one stands alone
  out.log(LogId::child_rekeyed, scope(*old), {Hex{old->in.value(), 8}, Hex{child(fresh)->in.value(), 8}});
  old->replaced_by = fresh;
  delete_child(old_id, now, out);
}

void SaImpl::on_create_child_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                                     Instant now, Outbox& out) {
  using wire::NotifyType;
  const auto refuse = [&](NotifyType type, Bytes data = {}) {
    reply_notify(m, datagram, type, std::move(data), path, out);
  };
  const auto* sa = wire::find<wire::SaPayload>(p);
  const auto* nonce = wire::find<wire::NoncePayload>(p);
  if (!sa || !nonce || sa->proposals.empty()) return refuse(NotifyType::invalid_syntax);
  if (!established()) return refuse(NotifyType::temporary_failure);  // 2.25.2: this IKE SA is on its way out
  if (sa->proposals.front().protocol == Protocol::ike) return on_rekey_ike_request(m, datagram, p, path, now, out);
  if (exchange_ && std::holds_alternative<RekeyIkeTask>(exchange_->task)) return refuse(NotifyType::temporary_failure);
  if (children_.size() >= limits::kMaxChildrenPerIke) return refuse(NotifyType::no_additional_sas);

  std::optional<ChildId> replaces;
  const ChildPolicy* policy = nullptr;
  if (const auto* rekey = wire::find_notify(p, NotifyType::rekey_sa)) {
    ChildSa* old = rekey->spi.size() == 4 ? child_by_out(EspSpi(load32(rekey->spi.data()))) : nullptr;
    if (!old) return refuse(NotifyType::child_sa_not_found, {});
    // RFC 9370 2.2.4: a rekey of ours that is past its CREATE_CHILD_SA stands.
    if (old->deleting || (following_up() && we_rekey(old->id))) return refuse(NotifyType::temporary_failure);
    replaces = old->id;
    policy = policy_named(old->phase2);
  }
  const auto* ke = wire::find<wire::KePayload>(p);
  auto agreement = policy ? agree(p, *policy, true, out) : agree_any(p, true, out);
  if (!agreement) {
    const auto code = agreement.error().code;
    return refuse(code == ErrorCode::ts_unacceptable ? NotifyType::ts_unacceptable
                  : code == ErrorCode::malformed     ? NotifyType::invalid_syntax
                                                     : NotifyType::no_proposal_chosen);
  }
  settle_mode(p, replaces ? child(*replaces) : nullptr, *agreement, out);
  Followup f{.suite = agreement->suite,
             .ni = nonce->data,
             .nr = owner_.rng().bytes(kNonceSize),
             .g_ir = {},
             .more = {},
             .link = {},
             .ours = {}};
  Bytes own_public;
  if (agreement->suite.ke != KeId::none) {
    if (!ke || ke->group != agreement->suite.ke) {
      Bytes group(2);
      store16(group.data(), static_cast<std::uint16_t>(agreement->suite.ke));
      return refuse(NotifyType::invalid_ke_payload, std::move(group));
    }
    auto own = owner_.crypto().answer_key_exchange(ke->group, ke->data, owner_.rng());
    if (!own)
      return refuse(own.error().code == ErrorCode::bad_group ? NotifyType::no_proposal_chosen
                                                             : NotifyType::invalid_syntax);
    f.g_ir = std::move(own->secret);
    own_public = std::move(own->public_value);
  }
  f.esp_spi = HeldSpi(owner_);
  f.replaces = replaces;
  f.policy = *agreement->policy;
  Bytes spi(4);
  store32(spi.data(), f.esp_spi.value().value());
  agreement->answer.spi = std::move(spi);
  Payloads answer{wire::SaPayload{{agreement->answer}}, wire::NoncePayload{f.nr}};
  if (!own_public.empty()) answer.push_back(wire::KePayload{ke->group, std::move(own_public)});
  answer.push_back(wire::TsPayload{false, agreement->remote});
  answer.push_back(wire::TsPayload{true, agreement->local});
  if (agreement->transport) answer.push_back(wire::NotifyPayload{.type = NotifyType::use_transport_mode});
  f.child = std::move(*agreement);
  if (f.suite.has_additional()) {
    if (ChildSa* old = replaces ? child(*replaces) : nullptr; old && we_rekey(old->id))
      old->rival = ChildSa::Rival{std::nullopt, lower_nonce(f.ni, f.nr)};
    await_followup(std::make_unique<Followup>(std::move(f)), answer, now);
  } else if (!finish_child_of_peer(f, now, out)) {
    return refuse(NotifyType::no_proposal_chosen);
  }
  reply(m, datagram, answer, path, out);
}

}  // namespace dormouse::ike
