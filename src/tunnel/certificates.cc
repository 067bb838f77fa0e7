#include "tunnel/certificates.h"

#include <algorithm>

#include "base/limits.h"

namespace dormouse::tunnel {
namespace {

constexpr std::size_t kLongestSerial = 20;

/// Facts without a serial number that could be looked up stand for nothing.
bool can_be_kept(const CertificateFacts& f) {
  return !f.steps.empty() && f.steps.size() <= limits::kCertificateSteps &&
         std::ranges::all_of(f.steps, [](const auto& s) { return s.serial.size() <= kLongestSerial; });
}

ShortHash first_of(ByteView hash) {
  ShortHash out{};
  std::ranges::copy(hash.first(out.size()), out.begin());
  return out;
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// `cn` of `config user peer`: as text it is the common name itself; as another kind, a subjectAltName or that.
bool name_fits(const config::CertificatePeer& peer, const crypto::Certificate& c) {
  if (peer.cn.empty()) return true;
  const auto alt = [&](IdType type) {
    return std::ranges::any_of(c.alt_names,
                               [&](const Identity& n) { return n.type == type && lower(n.text()) == lower(peer.cn); });
  };
  switch (peer.cn_type) {
    case config::CnType::string: return c.common_name == peer.cn;
    case config::CnType::email: return alt(IdType::rfc822) || lower(c.common_name) == lower(peer.cn);
    case config::CnType::fqdn: return alt(IdType::fqdn) || lower(c.common_name) == lower(peer.cn);
    case config::CnType::ipv4: return alt(IdType::ipv4) || c.common_name == peer.cn;
    case config::CnType::ipv6: return alt(IdType::ipv6) || c.common_name == peer.cn;
  }
  return false;
}

/// One of the authorities in its chain has to be the one that is named. Named and not installed, it can have vouched
/// for nobody, unless the administrator said that this does not matter: any installed one will do then.
bool authority_fits(const config::CertificatePeer& peer, const std::vector<std::string>& chain,
                    const config::Model& model) {
  if (peer.ca.empty() || std::ranges::find(chain, peer.ca) != chain.end()) return true;
  const bool installed = std::ranges::any_of(model.authorities, [&](const auto& a) { return a.name == peer.ca; });
  return !installed && !peer.mandatory_ca_verify;
}

}  // namespace

std::vector<std::string> Certificates::configure(const config::Model& model) {
  std::vector<std::string> problems;
  credentials_.clear();
  trust_ = {};
  const bool any = !model.certificates.empty() || !model.authorities.empty() || !model.revocations.empty();
  if (!engine_) {
    if (any) problems.emplace_back("certificates are not supported by this build");
    return problems;
  }
  for (const auto& a : model.authorities) {
    auto made = engine_->certificates(a.pem);
    if (!made) problems.push_back("certificate authority '" + a.name + "': " + made.error().text);
    if (made)
      for (auto& c : *made) trust_.authorities.emplace_back(a.name, std::move(c));
  }
  for (const auto& r : model.revocations) {
    auto made = engine_->revocation_list(r.pem);
    if (!made) problems.push_back("revocation list '" + r.name + "': " + made.error().text);
    if (made) trust_.revocations.push_back(std::move(*made));
  }
  for (const auto& local : model.certificates) load_credential(local, problems);
  return problems;
}

void Certificates::load_credential(const config::LocalCertificate& local, std::vector<std::string>& problems) {
  const SecretBytes none;
  auto chain = engine_->certificates(local.certificate);
  auto key =
      engine_->private_key(local.private_key ? *local.private_key : none, local.password ? *local.password : none);
  const auto complain = [&](const std::string& why) { problems.push_back("certificate '" + local.name + "': " + why); };
  if (!chain) return complain(chain.error().text);
  if (!key) return complain(key.error().text);
  if (chain->empty() || !engine_->matches(**key, *chain->front()))
    return complain("its private key belongs to another");
  auto made = std::make_shared<crypto::Credential>();
  made->name = local.name;
  made->key = std::move(*key);
  made->chain = std::move(*chain);
  credentials_[local.name] = std::move(made);
}

std::vector<ike::AuthorityKeyId> Certificates::above(const crypto::Credential& credential) const {
  std::vector<ike::AuthorityKeyId> out;
  for (const auto& c : credential.chain) {
    if (c != credential.chain.front()) out.push_back(c->key_id);
    for (const auto& [name, authority] : trust_.authorities)
      if (authority->subject == c->issuer) out.push_back(authority->key_id);
  }
  return out;
}

std::vector<ike::LocalCredential> Certificates::credentials_of(const config::Phase1& phase1, WallTime now) const {
  std::vector<ike::LocalCredential> out;
  for (const auto& name : phase1.certificates)
    if (const auto found = credentials_.find(name); found != credentials_.end())
      out.push_back({found->second, above(*found->second)});
  std::ranges::stable_partition(out, [&](const ike::LocalCredential& c) {
    const auto& own = *c.credential->chain.front();
    return own.not_before <= now && now <= own.not_after;
  });
  return out;
}

std::vector<ike::AuthorityKeyId> Certificates::authority_ids() const {
  std::vector<ike::AuthorityKeyId> out;
  for (const auto& [name, c] : trust_.authorities)
    if (std::ranges::find(out, c->key_id) == out.end()) out.push_back(c->key_id);
  return out;
}

// --- peers

std::expected<Certificates::Believed, const char*> Certificates::verify(std::span<const Bytes> chain,
                                                                        WallTime now) const {
  if (!engine_) return std::unexpected("certificates are not supported by this build");
  if (chain.empty()) return std::unexpected("no certificate was shown");
  auto held = engine_->verify(chain, trust_, now);
  if (!held) return std::unexpected(name_of(held.error()));
  Believed out{.certificate = held->certificate,
               .authority = held->authority,
               .authorities = held->authorities,
               .remembered = {}};
  auto kept = std::make_shared<PeerCertificate>();
  kept->subject = held->certificate->subject_text;
  kept->authority = held->authority;
  auto& facts = kept->facts;
  facts.not_after = held->certificate->not_after;
  const auto remember = [&](const crypto::Certificate& c) {
    facts.steps.push_back({short_hash(c.issuer), c.serial});
    facts.not_after = std::min(facts.not_after, c.not_after);
  };
  remember(*held->certificate);
  for (const auto& c : held->between) remember(*c);
  for (const auto& [name, c] : trust_.authorities) {
    const auto& last = held->between.empty() ? held->certificate : held->between.back();
    if (name != held->authority || c->subject != last->issuer) continue;
    facts.authority = first_of(c->key_id);
    facts.not_after = std::min(facts.not_after, c->not_after);
  }
  if (!can_be_kept(facts)) facts = {};
  out.remembered = std::move(kept);
  return out;
}

const char* Certificates::fault(const CertificateFacts& facts, WallTime now) const {
  if (!can_be_kept(facts)) return "its certificate cannot be checked again";
  if (!has_authority(facts.authority)) return name_of(crypto::CertificateFault::unknown_authority);
  if (const auto good = look_up(facts, now); !good) return name_of(good.error());
  return nullptr;
}

const char* Certificates::withdrawn(const CertificateFacts& facts, WallTime now) const {
  if (!can_be_kept(facts)) return nullptr;
  if (!has_authority(facts.authority)) return name_of(crypto::CertificateFault::unknown_authority);
  const auto good = look_up(facts, std::min(now, facts.not_after));
  return !good && good.error() == crypto::CertificateFault::revoked ? name_of(good.error()) : nullptr;
}

bool Certificates::has_authority(const ShortHash& key_id) const {
  return std::ranges::any_of(trust_.authorities, [&](const auto& a) { return first_of(a.second->key_id) == key_id; });
}

ShortHash Certificates::short_hash(ByteView octets) const {
  const std::array<ByteView, 1> parts{octets};
  return first_of(crypto_.sha1(parts));
}

/// The issuer's name is kept as a hash, so it is looked for among those that have a revocation list: another issuer has
/// nothing that could be held against the certificate but its date.
std::expected<void, crypto::CertificateFault> Certificates::look_up(const CertificateFacts& facts, WallTime now) const {
  if (!engine_) return std::unexpected(crypto::CertificateFault::unknown_authority);
  crypto::Certificate asked;
  asked.not_before = {};
  asked.not_after = facts.not_after;
  std::expected<void, crypto::CertificateFault> result{};
  const auto ask = [&] {
    const auto good = engine_->still_good(asked, trust_, now);
    // Revoked counts more than out of date: it ends tunnels too.
    if (!good && (result || good.error() == crypto::CertificateFault::revoked)) result = good;
  };
  ask();
  for (const auto& step : facts.steps)
    for (const auto& list : trust_.revocations) {
      if (short_hash(list->issuer()) != step.issuer) continue;
      asked.issuer = to_bytes(list->issuer());
      asked.serial = step.serial;
      ask();
    }
  return result;
}

const char* certificate_obstacle(const config::Phase1& phase1, const Identity& peer, const Certificates::Believed& held,
                                 const config::Model& model) {
  const auto& c = *held.certificate;
  if (phase1.cert_id_validation && !ike::certifies(c, peer)) return "its identity is not in its certificate";
  if (phase1.peertype != config::PeerType::peer) return nullptr;
  for (const auto& p : phase1.peers) {
    if (!authority_fits(p, held.authorities, model)) continue;
    if (c.subject_text.find(p.subject) == std::string::npos) continue;
    if (name_fits(p, c)) return nullptr;
  }
  return "no user peer fits its certificate";
}

}  // namespace dormouse::tunnel
