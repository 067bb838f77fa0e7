// AUTH by signature (RFC 7296 2.15, RFC 7427, RFC 4754, RFC 8420) and the certificates that go with it (3.6, 3.7). Each
// end proves itself in its own way: either may sign while the other has a shared key.
//
// A peer's certificates are octets until its identity has been read and somebody asks for them; its AUTH is verified
// only with the key of a certificate that was believed before.
#include <algorithm>

#include "base/limits.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr std::uint8_t kX509 = 4;  // "X.509 Certificate - Signature"
constexpr const char* kTooManyCertificates = "too many or too large certificates";

}  // namespace

// --- terms of IKE_SA_INIT

void SaImpl::add_hash_list(Payloads& p) {
  auto hashes = offered_hashes(policy_.signature);
  if (hashes.empty()) return;
  p.push_back(wire::NotifyPayload{.type = wire::NotifyType::signature_hash_algorithms, .data = to_notify(hashes)});
  offered_hashes_ = std::move(hashes);
}

void SaImpl::add_certificate_request(Payloads& p) const {
  if (policy_.authorities.empty()) return;
  wire::CertReqPayload request{.encoding = kX509, .authorities = {}};
  for (std::size_t i = 0; i < std::min(policy_.authorities.size(), limits::kMaxAuthoritiesAsked); ++i)
    request.authorities.insert(request.authorities.end(), policy_.authorities[i].begin(), policy_.authorities[i].end());
  p.push_back(std::move(request));
}

void SaImpl::take_signature_terms(const Payloads& p) {
  if (const auto* n = wire::find_notify(p, wire::NotifyType::signature_hash_algorithms))
    peer_hashes_ = hashes_of_notify(n->data);
  for (const auto& payload : p) {
    const auto* request = std::get_if<wire::CertReqPayload>(&payload);
    if (!request || request->encoding != kX509) continue;
    const ByteView ids = request->authorities;
    for (std::size_t at = 0; at + std::tuple_size_v<AuthorityKeyId> <= ids.size();
         at += std::tuple_size_v<AuthorityKeyId>) {
      if (wanted_authorities_.size() == limits::kMaxAuthoritiesRead) return;
      std::ranges::copy(ids.subspan(at, std::tuple_size_v<AuthorityKeyId>), wanted_authorities_.emplace_back().begin());
    }
  }
}

/// A list of hashes counts if both ends sent one (RFC 7427 3).
std::optional<HashList> SaImpl::agreed(const std::optional<HashList>& list) const {
  return offered_hashes_ && peer_hashes_ ? list : std::nullopt;
}

// --- our own

/// With credentials: chooses the one for this peer, and our name if it was left to the certificate.
bool SaImpl::take_credential(const std::optional<Identity>& asked_for, Outbox& out) {
  if (credentials_.empty() || resumed_) return true;
  credential_ =
      choose_credential(credentials_, policy_.signature,
                        {.authorities = wanted_authorities_, .identity = asked_for, .hashes = agreed(peer_hashes_)});
  if (!credential_) {
    out.log(LogId::auth_failed, scope(), {std::string("no certificate of ours can sign for this peer")});
    return false;
  }
  const auto& own = *credential_->chain.front();
  if (local_.data.empty()) local_ = {IdType::der_asn1_dn, own.subject};
  out.log(LogId::signing_with, scope(), {credential_->name, own.subject_text});
  return true;
}

void SaImpl::add_own_certificates(Payloads& p) const {
  if (!credential_) return;
  for (std::size_t i = 0; i < std::min(credential_->chain.size(), limits::kMaxChain); ++i)
    p.push_back(wire::CertPayload{kX509, credential_->chain[i]->der});
}

/// The login is over; an SA lives for a day, and there are many.
void SaImpl::forget_credentials() {
  credentials_ = {};
  credential_.reset();
  wanted_authorities_ = {};
  wanted_local_.reset();
  policy_.authorities = {};
}

Result<wire::AuthPayload> SaImpl::own_auth_payload() const {
  if (!credential_) {
    TRY_ASSIGN(const auto mac, own_auth(local_));
    return wire::AuthPayload{wire::AuthMethod::shared_key, to_bytes(mac.reveal())};
  }
  const auto scheme = choose_scheme(credential_->key->kind(), policy_.signature, agreed(peer_hashes_));
  if (!scheme) return fail(ErrorCode::refused, "auth method");
  TRY_ASSIGN(auto data, sign(*credential_->key, *scheme));
  return wire::AuthPayload{scheme->method, std::move(data)};
}

Result<Bytes> SaImpl::sign(const crypto::PrivateKey& key, const AuthScheme& scheme) const {
  const auto& keys = protection_->keys();
  const auto id = wire::id_body(local_);
  const std::array<ByteView, 1> body{id};
  TRY_ASSIGN(const auto maced_id,
             owner_.crypto().prf(suite_.prf, (initiator_ ? keys.sk_pi : keys.sk_pr).reveal(), body));
  const auto more = int_auth();
  const std::array<ByteView, 4> octets{initiator_ ? init_request_ : init_response_, initiator_ ? nr_ : ni_,
                                       maced_id.reveal(), more};
  TRY_ASSIGN(const auto signature, key.sign(scheme.signature, octets));
  return auth_data(scheme, signature);
}

// --- the peer's

/// Its X.509 certificates, in their order. Error too_large: more, or larger ones, than anybody needs.
Result<std::vector<Bytes>> SaImpl::certificates_of(const Payloads& p) {
  std::vector<Bytes> out;
  for (const auto& payload : p) {
    const auto* cert = std::get_if<wire::CertPayload>(&payload);
    if (!cert || cert->encoding != kX509) continue;
    if (out.size() == limits::kMaxChain || cert->data.size() > limits::kMaxCertificate)
      return fail(ErrorCode::too_large, "CERT");
    out.push_back(cert->data);
  }
  return out;
}

bool SaImpl::peer_signature_fits(const crypto::PublicKey& key, const Identity& peer,
                                 const wire::AuthPayload& auth) const {
  const auto read = read_signature(auth.method, auth.data, key.kind(), agreed(offered_hashes_));
  if (!read) return false;
  const auto& keys = protection_->keys();
  const auto id = wire::id_body(peer);
  const std::array<ByteView, 1> body{id};
  const auto maced_id = owner_.crypto().prf(suite_.prf, (initiator_ ? keys.sk_pr : keys.sk_pi).reveal(), body);
  if (!maced_id) return false;
  const auto more = int_auth();
  return std::ranges::any_of(first_messages(!initiator_), [&](ByteView message) {
    const std::array<ByteView, 4> octets{message, initiator_ ? ni_ : nr_, maced_id->reveal(), more};
    return !message.empty() && std::ranges::any_of(read->schemes, [&](const crypto::SignatureScheme& scheme) {
      return key.verify(scheme, octets, read->signature).has_value();
    });
  });
}

/// Initiator: AUTH of the answer is right, and made in the way that was configured.
bool SaImpl::gateway_proves_itself(const Payloads& p, const Identity& peer, const wire::AuthPayload& auth,
                                   Outbox& out) const {
  const auto refuse = [&](const char* why) {
    out.log(LogId::auth_failed, scope(), {std::string(why)});
    return false;
  };
  if (resumed_ || !peer_signs_) {
    if (is_signature(auth.method)) return refuse("the peer signs, a pre-shared key is configured");
    if (auth.method == wire::AuthMethod::shared_key && peer_auth_fits(psk_.reveal(), peer, auth.data)) return true;
    out.log(LogId::psk_mismatch, scope());
    return false;
  }
  if (!is_signature(auth.method)) return refuse("the peer does not sign, a certificate is wanted");
  const auto certificates = certificates_of(p);
  if (!certificates) return refuse(kTooManyCertificates);
  std::vector<LogEvent> log;
  const auto believed = owner_.believe({.sa = id_, .peer = peer, .certificates = *certificates}, log);
  for (auto& e : log) out.add(Log{std::move(e)});
  if (!believed) return false;
  if (!peer_signature_fits(*(*believed)->key, peer, auth)) return refuse("the signature does not verify");
  return true;
}

/// Responder: there is an AUTH payload of a kind that somebody here may accept.
bool SaImpl::answerable(const wire::AuthPayload* auth, bool certificates_fit, Outbox& out) const {
  const bool known = auth && (auth->method == wire::AuthMethod::shared_key || is_signature(auth->method));
  if (known && certificates_fit) return true;
  out.log(LogId::auth_failed, scope(),
          {std::string(!auth    ? "the peer wants EAP"
                       : !known ? "authentication method not configured"
                                : kTooManyCertificates)});
  return false;
}

}  // namespace dormouse::ike
