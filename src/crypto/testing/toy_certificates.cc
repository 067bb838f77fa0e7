#include "crypto/testing/toy_certificates.h"

#include <algorithm>
#include <sstream>

#include "crypto/testing/toy_provider.h"

namespace dormouse::crypto::testing {
namespace {

// A toy key is a name; whoever has the name can sign. Public and private differ only in their type.

Bytes digest(std::span<const ByteView> parts, std::size_t size) {
  Bytes out;
  ToyProvider engine;
  for (std::uint8_t round = 0; out.size() < size; ++round) {
    const auto block = engine.prf(PrfId::hmac_sha2_512, ByteView(&round, 1), parts);
    out.insert(out.end(), block->reveal().begin(), block->reveal().end());
  }
  out.resize(size);
  return out;
}

std::size_t half_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::ecdsa_p256: return 32;
    case KeyKind::ecdsa_p384: return 48;
    case KeyKind::ecdsa_p521: return 66;
    case KeyKind::rsa:
    case KeyKind::ed25519: break;
  }
  return 0;
}

void put_integer(Writer& w, ByteView v) {
  while (v.size() > 1 && v[0] == 0) v = v.subspan(1);
  const bool pad = (v[0] & 0x80) != 0;
  w.u8(2);
  w.u8(static_cast<std::uint8_t>(v.size() + (pad ? 1 : 0)));
  if (pad) w.u8(0);
  w.bytes(v);
}

Bytes toy_signature(const std::string& name, const SignatureScheme& scheme, std::span<const ByteView> parts) {
  const std::array<std::uint8_t, 3> how{static_cast<std::uint8_t>(scheme.key), static_cast<std::uint8_t>(scheme.hash),
                                        static_cast<std::uint8_t>(scheme.pss)};
  std::vector<ByteView> all{as_bytes(name), how};
  Bytes joined;
  for (const auto p : parts) joined.insert(joined.end(), p.begin(), p.end());
  all.push_back(joined);
  const auto half = half_of(scheme.key);
  if (half == 0) return digest(all, scheme.key == KeyKind::rsa ? 256 : 64);
  auto raw = digest(all, 2 * half);
  if (half == 66) raw[0] = raw[66] = 1;  // below the order of P-521
  Bytes body, der;
  Writer b(body);
  put_integer(b, ByteView(raw).first(half));
  put_integer(b, ByteView(raw).subspan(half));
  Writer w(der);
  w.u8(0x30);
  if (body.size() >= 0x80) w.u8(0x81);
  w.u8(static_cast<std::uint8_t>(body.size()));
  w.bytes(body);
  return der;
}

bool fits(const SignatureScheme& s, KeyKind kind) {
  if (s.key != kind || (s.pss && kind != KeyKind::rsa)) return false;
  return (kind == KeyKind::ed25519) == (s.hash == HashId::identity);
}

class ToyPrivateKey final : public PrivateKey {
 public:
  ToyPrivateKey(std::string name, KeyKind kind) : name_(std::move(name)), kind_(kind) {}
  KeyKind kind() const override { return kind_; }
  Result<Bytes> sign(const SignatureScheme& scheme, std::span<const ByteView> parts) const override {
    if (!fits(scheme, kind_)) return fail(ErrorCode::crypto, "scheme");
    return toy_signature(name_, scheme, parts);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  KeyKind kind_;
};

class ToyPublicKey final : public PublicKey {
 public:
  ToyPublicKey(std::string name, KeyKind kind) : name_(std::move(name)), kind_(kind) {}
  KeyKind kind() const override { return kind_; }
  Result<void> verify(const SignatureScheme& scheme, std::span<const ByteView> parts,
                      ByteView signature) const override {
    if (!fits(scheme, kind_) || !equal(toy_signature(name_, scheme, parts), signature))
      return fail(ErrorCode::auth_failed, "signature");
    return {};
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  KeyKind kind_;
};

class ToyRevocations final : public RevocationList {
 public:
  ToyRevocations(Bytes issuer, WallTime next, std::vector<Bytes> serials)
      : issuer_(std::move(issuer)), next_(next), serials_(std::move(serials)) {}
  ByteView issuer() const override { return issuer_; }
  WallTime next_update() const override { return next_; }
  [[nodiscard]] bool lists(const Bytes& serial) const { return std::ranges::find(serials_, serial) != serials_.end(); }

 private:
  Bytes issuer_;
  WallTime next_;
  std::vector<Bytes> serials_;
};

// --- the octets of a certificate: counted strings, and a signature of the issuer's name at the end

void put(Writer& w, ByteView v) {
  w.u16(static_cast<std::uint16_t>(v.size()));
  w.bytes(v);
}
Result<Bytes> take(Reader& r) {
  TRY_ASSIGN(const auto size, r.u16("toy"));
  TRY_ASSIGN(const auto v, r.take(size, "toy"));
  return to_bytes(v);
}
std::string text_of(const Bytes& b) { return {b.begin(), b.end()}; }

constexpr SignatureScheme kIssuing{KeyKind::rsa, HashId::sha2_256, false};

Bytes unsigned_part(const Certificate& c, const std::string& key, KeyKind kind) {
  Bytes out;
  Writer w(out);
  put(w, as_bytes(c.common_name));
  put(w, c.issuer);
  put(w, c.serial);
  w.u64(static_cast<std::uint64_t>(c.not_before.seconds));
  w.u64(static_cast<std::uint64_t>(c.not_after.seconds));
  w.u8(c.is_authority ? 1 : 0);
  w.u8(static_cast<std::uint8_t>(kind));
  put(w, as_bytes(key));
  w.u8(static_cast<std::uint8_t>(c.alt_names.size()));
  for (const auto& n : c.alt_names) {
    w.u8(static_cast<std::uint8_t>(n.type));
    put(w, n.data);
  }
  return out;
}

SharedCertificate make(Certificate c, const std::string& key, KeyKind kind, const std::string& issuer_key) {
  c.subject = toy_name(c.common_name);
  c.subject_text = "CN=" + c.common_name;
  const auto body = unsigned_part(c, key, kind);
  const std::array<ByteView, 1> parts{body};
  Writer w(c.der);
  put(w, body);
  put(w, toy_signature(issuer_key, kIssuing, parts));
  const std::array<ByteView, 1> name{as_bytes(key)};
  c.key_id = ToyProvider().sha1(name);
  c.key = std::make_shared<ToyPublicKey>(key, kind);
  return std::make_shared<const Certificate>(std::move(c));
}

Result<SharedCertificate> parse(ByteView der) {
  Reader outer(der);
  TRY_ASSIGN(const auto body, take(outer));
  TRY_ASSIGN(const auto signature, take(outer));
  TRY(outer.finish("toy"));
  Reader r(body);
  Certificate c;
  TRY_ASSIGN(const auto name, take(r));
  TRY_ASSIGN(c.issuer, take(r));
  TRY_ASSIGN(c.serial, take(r));
  TRY_ASSIGN(const auto from, r.u64("toy"));
  TRY_ASSIGN(const auto to, r.u64("toy"));
  TRY_ASSIGN(const auto authority, r.u8("toy"));
  TRY_ASSIGN(const auto kind, r.u8("toy"));
  TRY_ASSIGN(const auto key, take(r));
  TRY_ASSIGN(const auto names, r.u8("toy"));
  for (unsigned i = 0; i < names; ++i) {
    TRY_ASSIGN(const auto type, r.u8("toy"));
    TRY_ASSIGN(auto data, take(r));
    c.alt_names.push_back({static_cast<IdType>(type), std::move(data)});
  }
  TRY(r.finish("toy"));
  c.common_name = text_of(name);
  c.not_before = {static_cast<std::int64_t>(from)};
  c.not_after = {static_cast<std::int64_t>(to)};
  c.is_authority = authority != 0;
  c.der = to_bytes(der);
  c.subject = toy_name(c.common_name);
  c.subject_text = "CN=" + c.common_name;
  const std::array<ByteView, 1> key_name{key};
  c.key_id = ToyProvider().sha1(key_name);
  c.key = std::make_shared<ToyPublicKey>(text_of(key), static_cast<KeyKind>(kind));
  return std::make_shared<const Certificate>(std::move(c));
}

bool signed_by(const Certificate& c, const Certificate& issuer) {
  Reader outer(c.der);
  const auto body = take(outer);
  const auto signature = take(outer);
  const auto* key = dynamic_cast<const ToyPublicKey*>(issuer.key.get());
  if (!body || !signature || !key) return false;
  const std::array<ByteView, 1> parts{*body};
  return issuer.is_authority && toy_signature(key->name(), kIssuing, parts) == *signature;
}

std::string hex(ByteView v) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const auto b : v) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}
Bytes unhex(const std::string& s) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < s.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoul(s.substr(i, 2), nullptr, 16)));
  return out;
}

}  // namespace

Bytes toy_name(const std::string& common_name) {
  Bytes out;
  Writer w(out);
  const auto size = common_name.size();
  const auto begin = [&](std::uint8_t tag, std::size_t length) {
    w.u8(tag);
    w.u8(static_cast<std::uint8_t>(length));
  };
  begin(0x30, size + 11);
  begin(0x31, size + 9);
  begin(0x30, size + 7);
  w.bytes(std::array<std::uint8_t, 5>{0x06, 0x03, 0x55, 0x04, 0x03});
  begin(0x0c, size);
  w.bytes(as_bytes(common_name));
  return out;
}

ToyAuthority::ToyAuthority(const std::string& common_name, const ToyAuthority* above) : above_(above) {
  Certificate c;
  c.common_name = common_name;
  c.issuer = above ? above->own_->subject : toy_name(common_name);
  c.serial = {0x7f, static_cast<std::uint8_t>(common_name.size())};
  c.not_after = {4'000'000'000};
  c.is_authority = true;
  own_ = make(std::move(c), "authority " + common_name, KeyKind::rsa,
              "authority " + (above ? above->own_->common_name : common_name));
}

ToyIdentity ToyAuthority::issue(const ToyTerms& terms) {
  Certificate c;
  c.common_name = terms.common_name;
  c.issuer = own_->subject;
  c.serial = {0x10, static_cast<std::uint8_t>(++issued_)};
  c.not_before = terms.not_before;
  c.not_after = terms.not_after;
  c.alt_names = terms.alt_names;
  const auto key = terms.common_name + "#" + std::to_string(issued_) + " of " + own_->common_name;
  ToyIdentity out;
  auto credential = std::make_shared<Credential>();
  credential->name = terms.common_name;
  credential->key = std::make_shared<ToyPrivateKey>(key, terms.kind);
  credential->chain.push_back(make(std::move(c), key, terms.kind, "authority " + own_->common_name));
  for (const auto* a = this; a->above_; a = a->above_) credential->chain.push_back(a->own_);
  for (const auto& cert : credential->chain) out.certificate_text += "toy-certificate " + hex(cert->der) + "\n";
  out.key_text = "toy-key " + std::to_string(static_cast<unsigned>(terms.kind)) + " " + key;
  out.credential = std::move(credential);
  return out;
}

std::string ToyAuthority::text() const { return "toy-certificate " + hex(own_->der) + "\n"; }

std::string ToyAuthority::revoke(const std::vector<SharedCertificate>& revoked, WallTime next_update) const {
  std::string out = "toy-crl " + hex(own_->subject) + " " + std::to_string(next_update.seconds);
  for (const auto& c : revoked) out += " " + hex(c->serial);
  return out + "\n";
}

Outcome<std::shared_ptr<const PrivateKey>> ToyCertificates::private_key(const SecretBytes& pem, const SecretBytes&) {
  const std::string text(pem.reveal().begin(), pem.reveal().end());
  if (!text.starts_with("toy-key ") || text.size() < 11) return failure("not a toy key");
  return std::make_shared<ToyPrivateKey>(text.substr(10), static_cast<KeyKind>(text[8] - '0'));
}

Outcome<std::vector<SharedCertificate>> ToyCertificates::certificates(std::string_view pem) {
  std::vector<SharedCertificate> out;
  std::istringstream lines{std::string(pem)};
  for (std::string word, octets; lines >> word >> octets;) {
    auto c = parse(unhex(octets));
    if (word != "toy-certificate" || !c) return failure("not a toy certificate");
    out.push_back(std::move(*c));
  }
  if (out.empty()) return failure("no toy certificate");
  return out;
}

Outcome<std::shared_ptr<const RevocationList>> ToyCertificates::revocation_list(std::string_view pem) {
  std::istringstream words{std::string(pem)};
  std::string kind, issuer;
  WallTime next;
  if (!(words >> kind >> issuer >> next.seconds) || kind != "toy-crl") return failure("not a toy revocation list");
  std::vector<Bytes> serials;
  for (std::string serial; words >> serial;) serials.push_back(unhex(serial));
  return std::make_shared<const ToyRevocations>(unhex(issuer), next, std::move(serials));
}

bool ToyCertificates::matches(const PrivateKey& key, const Certificate& certificate) {
  const auto* mine = dynamic_cast<const ToyPrivateKey*>(&key);
  const auto* its = dynamic_cast<const ToyPublicKey*>(certificate.key.get());
  return mine && its && mine->name() == its->name();
}

std::expected<TrustedCertificate, CertificateFault> ToyCertificates::verify(std::span<const Bytes> chain,
                                                                            const Trust& trust, WallTime now) {
  std::vector<SharedCertificate> all;
  for (const auto& der : chain) {
    auto c = parse(der);
    if (!c) return std::unexpected(CertificateFault::malformed);
    all.push_back(std::move(*c));
  }
  if (all.empty()) return std::unexpected(CertificateFault::malformed);
  TrustedCertificate out{.certificate = all.front(), .authority = {}};
  auto at = all.front();
  for (std::size_t steps = 0; steps <= all.size(); ++steps) {
    if (const auto good = still_good(*at, trust, now); !good) return std::unexpected(good.error());
    for (const auto& [name, root] : trust.authorities) {
      if (!equal(root->subject, at->issuer)) continue;
      if (!signed_by(*at, *root)) return std::unexpected(CertificateFault::bad_chain);
      out.authority = name;
      out.authorities = {name};
      return out;
    }
    const auto above = std::ranges::find_if(all, [&](const auto& c) { return c->subject == at->issuer && c != at; });
    if (above == all.end()) break;
    if (!signed_by(*at, **above)) return std::unexpected(CertificateFault::bad_chain);
    at = *above;
    out.between.push_back(at);
  }
  return std::unexpected(CertificateFault::unknown_authority);
}

std::expected<void, CertificateFault> ToyCertificates::still_good(const Certificate& c, const Trust& trust,
                                                                  WallTime now) {
  if (now < c.not_before) return std::unexpected(CertificateFault::not_yet_valid);
  if (c.not_after < now) return std::unexpected(CertificateFault::expired);
  for (const auto& list : trust.revocations) {
    if (!equal(list->issuer(), c.issuer)) continue;
    if (list->next_update() < now) return std::unexpected(CertificateFault::stale_crl);
    const auto* toy = dynamic_cast<const ToyRevocations*>(list.get());
    if (toy && toy->lists(c.serial)) return std::unexpected(CertificateFault::revoked);
  }
  return {};
}

}  // namespace dormouse::crypto::testing
