#include "ike/credential_choice.h"

#include <algorithm>

namespace dormouse::ike {
namespace {

std::uint8_t lower(std::uint8_t c) { return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c - 'A' + 'a') : c; }

bool equal_text(ByteView a, ByteView b) {
  return std::ranges::equal(a, b, [](std::uint8_t x, std::uint8_t y) { return lower(x) == lower(y); });
}

/// The part before the @ has a case, the domain behind it has none (RFC 5280 7.5).
bool same_mail(ByteView a, ByteView b) {
  const auto at_a = std::ranges::find(a, '@'), at_b = std::ranges::find(b, '@');
  const auto local = static_cast<std::size_t>(at_a - a.begin());
  return at_a != a.end() && at_b != b.end() && local == static_cast<std::size_t>(at_b - b.begin()) &&
         equal(a.first(local), b.first(local)) && equal_text(a.subspan(local), b.subspan(local));
}

bool same_name(const Identity& name, const Identity& id) {
  if (name.type != id.type) return false;
  switch (id.type) {
    case IdType::fqdn: return equal_text(name.data, id.data);
    case IdType::rfc822: return same_mail(name.data, id.data);
    case IdType::ipv4:
    case IdType::ipv6: return name.data == id.data;
    case IdType::der_asn1_dn:
    case IdType::der_asn1_gn:
    case IdType::key_id: break;
  }
  return false;
}

bool is_wanted(const LocalCredential& c, std::span<const AuthorityKeyId> wanted) {
  return std::ranges::any_of(c.authorities,
                             [&](const AuthorityKeyId& id) { return std::ranges::find(wanted, id) != wanted.end(); });
}

}  // namespace

crypto::SharedCredential choose_credential(std::span<const LocalCredential> all, const SignaturePolicy& policy,
                                           const CredentialWish& wish) {
  const LocalCredential* best = nullptr;
  int best_merit = -1;
  for (const auto& c : all) {
    if (!c.credential || !c.credential->key || c.credential->chain.empty()) continue;
    if (!choose_scheme(c.credential->key->kind(), policy, wish.hashes)) continue;
    const bool named = wish.identity && certifies(*c.credential->chain.front(), *wish.identity);
    const int merit = (named ? 2 : 0) + (is_wanted(c, wish.authorities) ? 1 : 0);
    if (merit <= best_merit) continue;
    best = &c;
    best_merit = merit;
  }
  return best ? best->credential : nullptr;
}

bool certifies(const crypto::Certificate& certificate, const Identity& id) {
  if (id.data.empty()) return false;
  if (id.type == IdType::der_asn1_dn) return equal(certificate.subject, id.data);
  return std::ranges::any_of(certificate.alt_names, [&](const Identity& name) { return same_name(name, id); });
}

}  // namespace dormouse::ike
