// What all ways of making a Child SA share: agreement on suite and selectors, keys, installation, removal.
// ESP_TFC_PADDING_NOT_SUPPORTED is neither sent nor minded: such padding is taken, and none is ever sent (RFC
// 4303 2.7).
#include <algorithm>

#include "crypto/proposal.h"
#include "ike/sa_impl.h"
#include "ike/ts_narrowing.h"

namespace dormouse::ike {
namespace {

const TrafficSelectors* selectors(const std::vector<wire::Payload>& p, bool responder) {
  for (const auto& payload : p)
    if (const auto* ts = std::get_if<wire::TsPayload>(&payload); ts && ts->responder == responder)
      return &ts->selectors;
  return nullptr;
}

EspSpi spi_of(const Bytes& b) { return EspSpi(b.size() == 4 ? load32(b.data()) : 0); }

}  // namespace

bool SaImpl::we_rekey(ChildId id) const {
  const auto* task = exchange_ ? std::get_if<CreateChildTask>(&exchange_->task) : nullptr;
  return task && task->rekeys == id;
}

ChildSa* SaImpl::child(ChildId id) {
  const auto it = std::ranges::find(children_, id, &ChildSa::id);
  return it == children_.end() ? nullptr : &*it;
}

ChildSa* SaImpl::child_by_out(EspSpi spi) {
  const auto it = std::ranges::find(children_, spi, &ChildSa::out);
  return it == children_.end() ? nullptr : &*it;
}

const ChildPolicy* SaImpl::policy_named(const std::string& name) const {
  const auto it = std::ranges::find(children_policy_, name, &ChildPolicy::name);
  return it == children_policy_.end() ? nullptr : &*it;
}

SaImpl::Payloads SaImpl::child_offer(const ChildPolicy& policy, EspSpi in, bool with_ke) const {
  Bytes spi(4);
  store32(spi.data(), in.value());
  return {wire::SaPayload{crypto::offer(policy.suites, Protocol::esp, spi, with_ke && policy.pfs)},
          wire::TsPayload{false, policy.local}, wire::TsPayload{true, policy.remote}};
}

Result<SaImpl::Agreement> SaImpl::agree(const Payloads& p, const ChildPolicy& policy, bool with_ke, Outbox& out) const {
  const auto* sa = wire::find<wire::SaPayload>(p);
  const auto* tsi = selectors(p, false);
  const auto* tsr = selectors(p, true);
  if (!sa || !tsi || !tsr) return fail(ErrorCode::malformed, "SA or TS");
  const auto remote = narrow(*tsi, policy.remote);
  const auto local = narrow(*tsr, policy.local);
  if (remote.selectors.empty() || local.selectors.empty()) return fail(ErrorCode::ts_unacceptable, "TS");
  TRY_ASSIGN(const auto choice, crypto::choose(sa->proposals, policy.suites, Protocol::esp, with_ke));
  Agreement a{.policy = &policy, .suite = choice.suite};
  a.peer_spi = spi_of(choice.spi);
  if (a.peer_spi.value() < 256) return fail(ErrorCode::malformed, "SPI");
  if (!with_ke) a.suite.ke = KeId::none, a.suite.addke = {};
  a.answer = crypto::answer(choice, Protocol::esp, {}, with_ke);
  a.local = local.selectors;
  a.remote = remote.selectors;
  const auto how = std::max(local.how, remote.how);
  out.log(LogId::selectors_matched, scope(),
          {std::string(how == Narrowing::exact    ? "exact"
                       : how == Narrowing::subset ? "subset"
                                                  : "narrowing")});
  out.log(LogId::matched_proposal, scope(), {std::uint64_t{choice.number}});
  return a;
}

Result<SaImpl::Agreement> SaImpl::agree_any(const Payloads& p, bool with_ke, Outbox& out) const {
  out.log(LogId::creating_child, scope(), {std::string("responder")});
  if (const auto* sa = wire::find<wire::SaPayload>(p)) {
    out.log(LogId::incoming_child_proposal, scope());
    log_offer(sa->proposals, "ESP", asks_transport(p) ? "TRANSPORT" : "TUNNEL", out);
  }
  for (const bool responder : {false, true})
    if (const auto* ts = selectors(p, responder))
      for (std::size_t i = 0; i < ts->size(); ++i)
        out.log(LogId::peer_selectors, scope(),
                {std::string(responder ? "TSr_" : "TSi_") + std::to_string(i), (*ts)[i].text()});
  Result<Agreement> worst = fail(ErrorCode::ts_unacceptable, "TS");
  for (const auto& policy : children_policy_) {
    auto a = agree(p, policy, with_ke, out);
    if (a) return a;
    if (a.error().code != ErrorCode::ts_unacceptable) worst = std::unexpected(a.error());
  }
  out.log(worst.error().code == ErrorCode::ts_unacceptable ? LogId::selectors_unacceptable : LogId::no_proposal_chosen,
          scope());
  return worst;
}

Result<SaImpl::Agreement> SaImpl::accept(const Payloads& p, const ChildPolicy& policy, bool with_ke) const {
  const auto* sa = wire::find<wire::SaPayload>(p);
  const auto* tsi = selectors(p, false);
  const auto* tsr = selectors(p, true);
  if (!sa || !tsi || !tsr || tsi->empty() || tsr->empty()) return fail(ErrorCode::malformed, "SA or TS");
  TRY_ASSIGN(const auto choice, crypto::verify_answer(sa->proposals, policy.suites, Protocol::esp, with_ke));
  if (!within(*tsi, policy.local) || !within(*tsr, policy.remote)) return fail(ErrorCode::ts_unacceptable, "TS");
  Agreement a{.policy = &policy, .suite = choice.suite};
  a.peer_spi = spi_of(choice.spi);
  if (a.peer_spi.value() < 256) return fail(ErrorCode::malformed, "SPI");
  if (!with_ke) a.suite.ke = KeId::none, a.suite.addke = {};
  a.local = *tsi;
  a.remote = *tsr;
  return a;
}

Result<ChildId> SaImpl::install(const Agreement& a, EspSpi in, ByteView g_ir, ByteView ni, ByteView nr, bool we_began,
                                std::optional<ChildId> replaces, Instant now, Outbox& out, ByteView more) {
  TRY_ASSIGN(auto keys, crypto::derive_child_keys(owner_.crypto(), suite_.prf, a.suite,
                                                  protection_->keys().sk_d.reveal(), g_ir, ni, nr, more));
  if (auto* to = owner_.key_export())
    to->child_keys(we_began ? a.peer_spi : in, we_began ? in : a.peer_spi, a.suite, keys);
  ChildSa c{.id = owner_.next_child_id(),
            .phase2 = a.policy->name,
            .in = in,
            .out = a.peer_spi,
            .suite = a.suite,
            .local = a.local,
            .remote = a.remote,
            .transport = a.transport};
  c.created = now;
  const auto life = a.policy->lifetime;
  const auto jitter =
      Duration(static_cast<std::int64_t>(owner_.rng().below(static_cast<std::uint64_t>(life.count() / 33 + 1))));
  c.soft = now + life - life / 10 - jitter - (initiator_ ? life / 50 : Duration{});
  c.hard = now + life;
  c.replaces = replaces;
  c.outbound_ready = we_began || !replaces;
  NewChild up{
      .id = c.id, .phase2 = c.phase2, .replaces = replaces, .suite = c.suite, .spi_in = in, .spi_out = a.peer_spi};
  up.encr_out = std::move(we_began ? keys.encr_i : keys.encr_r);
  up.integ_out = std::move(we_began ? keys.integ_i : keys.integ_r);
  up.encr_in = std::move(we_began ? keys.encr_r : keys.encr_i);
  up.integ_in = std::move(we_began ? keys.integ_r : keys.integ_i);
  up.local_ts = c.local;
  up.remote_ts = c.remote;
  up.transport = c.transport;
  up.outbound_ready = c.outbound_ready;
  up.soft = c.soft - now;
  up.hard = c.hard - now;
  out.log(LogId::child_life_soft, scope(c), {static_cast<std::uint64_t>(seconds_of(up.soft))});
  out.log(LogId::child_life_hard, scope(c), {static_cast<std::uint64_t>(seconds_of(up.hard))});
  out.log(LogId::add_ipsec_sa, scope(c), {Hex{c.in.value(), 8}, Hex{c.out.value(), 8}});
  const auto id = c.id;
  children_.push_back(std::move(c));
  out.add(ChildUp{id_, std::move(up)});
  out.log(LogId::added_ipsec_sa, scope(children_.back()), {Hex{in.value(), 8}, Hex{a.peer_spi.value(), 8}});
  return id;
}

void SaImpl::remove_child(ChildId id, CloseReason reason, Outbox& out) {
  const auto it = std::ranges::find(children_, id, &ChildSa::id);
  if (it == children_.end()) return;
  const auto successor = it->replaced_by;
  if (auto* ours = exchange_ ? std::get_if<CreateChildTask>(&exchange_->task) : nullptr; ours && ours->rekeys == id)
    exchange_->rival = std::move(it->rival);  // still decides which of the two new ones stays
  children_.erase(it);
  out.add(ChildDown{id_, id, successor ? CloseReason::rekeyed : reason});
  // RFC 7296 2.8: the old SA going is the sign that the peer is ready for the new one.
  for (auto& c : children_)
    if (c.replaces == id && !c.outbound_ready) {
      c.outbound_ready = true;
      out.add(ChildOutboundReady{id_, c.id});
    }
}

}  // namespace dormouse::ike
