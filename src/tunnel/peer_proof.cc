// Whether a peer is who it says, by a shared key or by a certificate (RFC 7296 2.15), how we prove ourselves to it, and
// what becomes of tunnels whose peer's certificate is withdrawn.
//
// A certificate is believed as an engine finds it (chain, dates, revocation, use), then the identity must stand in it
// unless cert-id-validation is disabled, then one `config user peer` must fit where the phase 1 names some, and only
// then is its key good enough to look at the signature.
//
// A certificate that runs out ends nothing by itself: it refuses the next login, and a wake by ticket. One that a new
// revocation list names, or whose authority is removed, is no longer wanted: its tunnels end, also those asleep.
#include <algorithm>

#include "tunnel/manager.h"

namespace dormouse::tunnel {
namespace {

bool speaks_rfc_7427(const config::Phase1& p, std::span<const ike::LocalCredential> own) {
  const bool signs = p.auth == config::AuthMethod::signature || p.auth_remote == config::AuthMethod::signature;
  // Ed25519 has no other method, so such a key says that its owner means it.
  return signs && (p.digital_signature_auth || std::ranges::any_of(own, [](const auto& c) {
                     return c.credential->key->kind() == crypto::KeyKind::ed25519;
                   }));
}

crypto::HashId hash_of(config::SignatureHash h) {
  switch (h) {
    case config::SignatureHash::sha1: return crypto::HashId::sha1;
    case config::SignatureHash::sha2_256: return crypto::HashId::sha2_256;
    case config::SignatureHash::sha2_384: return crypto::HashId::sha2_384;
    case config::SignatureHash::sha2_512: break;
  }
  return crypto::HashId::sha2_512;
}

}  // namespace

const char* Manager::proof_obstacle(const config::Phase1& p, const ike::AuthQuery& query, Proof& proof) {
  const bool signs = ike::is_signature(query.method);
  if (signs != (p.auth_remote == config::AuthMethod::signature)) return kWrongMethod;
  if (!signs) return p.psk && query.verify(p.psk->reveal()) ? nullptr : kPskMismatch;
  if (!proof.believed) proof.believed = certificates_.verify(query.certificates, wall_at(incoming_at_));
  const auto& held = *proof.believed;
  if (!held) return held.error();
  if (const char* why = certificate_obstacle(p, query.peer, *held, *model_)) return why;
  if (!proof.signature_fits) proof.signature_fits = query.verify_signature(*held->certificate->key);
  return *proof.signature_fits ? nullptr : kSignatureMismatch;
}

void Manager::log_obstacle(const char* why, const std::string& phase1, const ike::AuthQuery& query,
                           std::vector<LogEvent>& log) {
  const LogScope scope{.gateway = phase1, .ike = query.sa};
  const std::string_view reason = why;
  if (reason == kPskMismatch)
    log.push_back({LogId::psk_mismatch, scope, {}});
  else if (reason == kSignatureMismatch)
    log.push_back({LogId::signature_mismatch, scope, {std::string(ike::name_of(query.method))}});
  else if (reason == kPpkMismatch)
    log.push_back({LogId::ppk_missing, scope, {}});
  else if (reason != kWrongMethod)
    log.push_back({LogId::certificate_refused, scope, {std::string(reason)}});
}

void Manager::remember_proof(const Proof& proof, const config::Phase1& p, PendingLogin& login,
                             const ike::AuthQuery& query, std::vector<LogEvent>& log) {
  login.auth_method = static_cast<std::uint8_t>(query.method);
  if (p.auth_remote != config::AuthMethod::signature) return;
  const auto& held = **proof.believed;
  login.certificate = held.remembered;
  log.push_back({LogId::certificate_believed,
                 {.gateway = p.name, .ike = query.sa},
                 {held.certificate->subject_text, held.authority}});
}

/// Why we cannot prove ourselves under this phase 1; null if we can.
const char* Manager::own_obstacle(const config::Phase1& p) const {
  if (p.auth == config::AuthMethod::psk) return p.psk ? nullptr : "no pre-shared key of our own";
  return certificates_.credentials_of(p, wall_.at).empty() ? "no usable certificate of our own" : nullptr;
}

void Manager::prove_ourselves(const config::Phase1& p, ike::AuthGrant& grant) const {
  if (p.auth == config::AuthMethod::psk) {
    grant.psk = p.psk->clone();
    return;
  }
  grant.credentials = certificates_.credentials_of(p, wall_.at);
  grant.local = p.localid.value_or(Identity{});
}

ike::PpkPolicy Manager::ppk_policy(const config::Phase1& p) {
  if (p.ppk == config::PpkMode::disable || !p.ppk_secret) return {};
  const auto mode = p.ppk == config::PpkMode::require ? ike::PpkMode::require : ike::PpkMode::allow;
  return {.mode = mode, .identity = p.ppk_identity, .secret = p.ppk_secret};
}

/// What IKE_SA_INIT says about signatures; a responder, which does not know yet for which phase 1, adds one to another.
void Manager::offer_signatures(ike::IkePolicy& policy, const config::Phase1& p) const {
  const auto own = certificates_.credentials_of(p, wall_.at);
  if (!policy.signature.digital && speaks_rfc_7427(p, own))
    policy.signature = {.digital = true, .strongest = hash_of(p.signature_hash), .pss = p.rsa_pss};
  if (p.auth_remote == config::AuthMethod::signature) policy.authorities = certificates_.authority_ids();
}

Result<crypto::SharedCertificate> Manager::believe(const ike::CertificateQuery& query, std::vector<LogEvent>& log) {
  const Tunnel* t = tunnel_of_sa(query.sa);
  if (!t) return fail(ErrorCode::refused, "certificate");
  const auto& p = *t->phase1;
  const LogScope scope{.gateway = t->name, .ike = query.sa};
  const auto held = certificates_.verify(query.certificates, wall_at(incoming_at_));
  const char* why = held ? certificate_obstacle(p, query.peer, *held, *model_) : held.error();
  if (!why && !identity_fits(p, query.peer)) why = "not the identity that peerid names";
  if (why) {
    log.push_back({LogId::certificate_refused, scope, {std::string(why)}});
    count_refusal(p.name, why);
    return fail(ErrorCode::refused, "certificate");
  }
  log.push_back({LogId::certificate_believed, scope, {held->certificate->subject_text, held->authority}});
  believed_[query.sa] = held->remembered;
  return held->certificate;
}

void Manager::take_certificates() {
  for (auto& problem : certificates_.configure(*model_)) log(LogId::system_failure, {}, {std::move(problem)});
}

void Manager::end_withdrawn(Instant now) {
  for (auto& [id, t] : tunnels_) {
    if (t->dead() || !t->certificate) continue;
    if (const char* why = certificates_.withdrawn(t->certificate->facts, wall_at(now))) teardown(*t, why, true, now);
  }
}

}  // namespace dormouse::tunnel
