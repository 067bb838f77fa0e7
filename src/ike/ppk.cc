// Post-quantum preshared keys (RFC 8784):
//
//   initiator                              responder
//   HDR, SAi1, KEi, Ni, N(USE_PPK)  -->
//                                   <--    HDR, SAr1, KEr, Nr, N(USE_PPK)
//   HDR, SK {IDi, .., AUTH, .., N(PPK_IDENTITY)(id)[, N(NO_PPK_AUTH)(AUTH without)]}  -->
//                                   <--    HDR, SK {IDr, .., AUTH, .., N(PPK_IDENTITY)}
//
// The key changes SK_d, SK_pi and SK_pr of the login; the IKE_AUTH messages themselves travel under keys without it,
// and so do those of IKE_INTERMEDIATE. A rekey or a ticket has it by SK_d.
#include "ike/ppk.h"

#include <algorithm>

#include "ike/sa_impl.h"

namespace dormouse::ike {

Bytes ppk_id(const PpkPolicy& policy) {
  constexpr std::uint8_t kFixed = 2;
  Bytes out(1 + policy.identity.size(), kFixed);
  std::ranges::copy(policy.identity, out.begin() + 1);
  return out;
}

// --- IKE_SA_INIT

void SaImpl::offer_ppk(Payloads& p) const {
  if (policy_.ppk.mode != PpkMode::never) p.push_back(wire::NotifyPayload{.type = wire::NotifyType::use_ppk});
}

/// Both ends have said USE_PPK, or not. False: it is required, and the other end has not.
bool SaImpl::settle_ppk(const Payloads& p) {
  const bool agreed = policy_.ppk.mode != PpkMode::never && wire::find_notify(p, wire::NotifyType::use_ppk);
  ppk_ = agreed ? std::make_unique<PpkLogin>() : nullptr;
  return agreed || policy_.ppk.mode != PpkMode::require;
}

// --- keys

Result<void> SaImpl::with_ppk(ByteView ppk) {
  const auto& keys = protection_->keys();
  TRY_ASSIGN(auto mixed, crypto::mix_ppk(owner_.crypto(), suite_.prf, ppk, keys));
  protection_->swap_secrets(mixed);
  ppk_->plain = std::move(mixed);
  return {};
}

void SaImpl::without_ppk() {
  if (!ppk_ || !ppk_->plain) return;
  protection_->swap_secrets(*ppk_->plain);
  ppk_->plain.reset();
}

// --- initiator

/// Into the request with AUTH, which is to be made after this.
Result<void> SaImpl::add_ppk(Payloads& p) {
  if (!ppk_) return {};
  std::optional<wire::AuthPayload> without;
  if (policy_.ppk.mode == PpkMode::allow) {
    TRY_ASSIGN(without, own_auth_payload());
  }
  TRY(with_ppk(policy_.ppk.secret->reveal()));
  p.push_back(wire::NotifyPayload{.type = wire::NotifyType::ppk_identity, .data = ppk_id(policy_.ppk)});
  if (without)
    p.push_back(wire::NotifyPayload{.type = wire::NotifyType::no_ppk_auth, .data = std::move(without->data)});
  return {};
}

/// The responder has taken our key, or may do without it; the keys are those of its AUTH then.
bool SaImpl::ppk_answered(const Payloads& p, Outbox& out) {
  if (!ppk_) return true;
  if (wire::find_notify(p, wire::NotifyType::ppk_identity)) {
    out.log(LogId::ppk_used, scope(), {policy_.ppk.identity});
    return true;
  }
  without_ppk();
  out.log(LogId::ppk_missing, scope());
  return policy_.ppk.mode == PpkMode::allow;
}

// --- responder

void SaImpl::take_ppk(const Payloads& p) {
  if (!ppk_) return;
  if (const auto* id = wire::find_notify(p, wire::NotifyType::ppk_identity)) ppk_->peer_id = id->data;
  if (const auto* auth = wire::find_notify(p, wire::NotifyType::no_ppk_auth)) ppk_->no_ppk_auth = auth->data;
}

/// Table 1 of RFC 8784 3: whether the initiator may be authenticated under a phase 1 with `ours`; the keys are those of
/// its AUTH then.
bool SaImpl::choose_ppk(const PpkPolicy& ours) {
  without_ppk();
  if (!ppk_) return ours.mode != PpkMode::require;
  if (!ppk_->peer_id) return false;
  if (ours.mode != PpkMode::never && *ppk_->peer_id == ppk_id(ours)) return with_ppk(ours.secret->reveal()).has_value();
  return ours.mode != PpkMode::require && ppk_->no_ppk_auth.has_value();
}

/// The initiator's AUTH payload, of its two the one that fits the keys.
wire::AuthPayload SaImpl::shown_auth(const wire::AuthPayload& auth) const {
  if (!ppk_ || ppk_->plain) return auth;
  return {auth.method, ppk_->no_ppk_auth.value_or(Bytes{})};
}

void SaImpl::answer_ppk(Payloads& answer, Outbox& out) const {
  if (!ppk_) return;
  if (!ppk_->plain) return out.log(LogId::ppk_missing, scope());
  answer.push_back(wire::NotifyPayload{.type = wire::NotifyType::ppk_identity});
  out.log(LogId::ppk_used, scope(), {policy_.ppk.identity});
}

}  // namespace dormouse::ike
