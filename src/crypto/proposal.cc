#include "crypto/proposal.h"

#include <algorithm>

#include "base/bytes.h"

namespace dormouse::crypto {
namespace {

bool has_type(const Proposal& p, TransformType type) {
  return std::ranges::find(p.transforms, type, &Transform::type) != p.transforms.end();
}

bool offers(const Proposal& p, TransformType type, std::uint16_t id) {
  return std::ranges::any_of(p.transforms,
                             [&](const Transform& t) { return t.type == type && t.id == id && !t.unknown_attribute; });
}

/// The offered cipher transform that is `s`'s, or null. FortiOS puts a Key Length on ChaCha20-Poly1305, RFC 7634 none.
const Transform* find_cipher(const Proposal& p, const Suite& s) {
  for (const auto& t : p.transforms) {
    if (t.type != TransformType::encr || t.id != static_cast<std::uint16_t>(s.encr) || t.unknown_attribute) continue;
    if (t.key_bits == s.key_bits || (s.encr == EncrId::chacha20_poly1305 && t.key_bits == 0)) return &t;
  }
  return nullptr;
}

template <class Id>
bool offers(const Proposal& p, TransformType type, Id id) {
  return offers(p, type, static_cast<std::uint16_t>(id));
}

bool integrity_fits(const Proposal& p, const Suite& s) {
  if (is_aead(s.encr)) return !has_type(p, TransformType::integ) || offers(p, TransformType::integ, IntegId::none);
  return offers(p, TransformType::integ, s.integ);
}

bool exchange_fits(const Proposal& p, const Suite& s, Protocol protocol, bool want_ke) {
  if (protocol == Protocol::esp && !want_ke) return true;
  if (protocol == Protocol::esp && s.ke == KeId::none)
    return !has_type(p, TransformType::ke) || offers(p, TransformType::ke, KeId::none);
  return offers(p, TransformType::ke, s.ke);
}

/// Each kind that `s` has is offered, and NONE of the others; a kind that is not offered counts as NONE (RFC
/// 9370 2.2.1).
bool additional_fits(const Proposal& p, const Suite& s, Protocol protocol, bool want_ke) {
  if (protocol == Protocol::esp && !want_ke) return true;
  for (std::size_t i = 0; i < s.addke.size(); ++i) {
    const auto type = additional_ke(i);
    if (!offers(p, type, s.addke[i]) && (s.addke[i] != KeId::none || has_type(p, type))) return false;
  }
  return true;
}

/// A transform type that we do not know must be offered with NONE as a choice, or the proposal is not for us (RFC
/// 7296 3.3.6).
bool unknown_types_optional(const Proposal& p) {
  return std::ranges::all_of(p.transforms, [&](const Transform& t) {
    return (t.type >= TransformType::encr && t.type <= TransformType::esn) || additional_ke_index(t.type) ||
           offers(p, t.type, std::uint16_t{0});
  });
}

bool fits(const Proposal& p, const Suite& s, Protocol protocol, bool want_ke) {
  if (!find_cipher(p, s) || !integrity_fits(p, s) || !exchange_fits(p, s, protocol, want_ke) ||
      !additional_fits(p, s, protocol, want_ke) || !unknown_types_optional(p))
    return false;
  if (protocol == Protocol::ike) return offers(p, TransformType::prf, s.prf) && !has_type(p, TransformType::esn);
  return has_type(p, TransformType::esn) ? offers(p, TransformType::esn, s.esn) : s.esn == EsnId::no;
}

bool same_cipher_token(const Suite& a, const Suite& b) {
  return a.encr == b.encr && a.key_bits == b.key_bits && a.prf == b.prf && a.integ == b.integ &&
         a.has_additional() == b.has_additional();
}

void add_once(Proposal& p, Transform t) {
  if (std::ranges::find(p.transforms, t) == p.transforms.end()) p.transforms.push_back(t);
}

template <class Id>
Transform transform(TransformType type, Id id, std::uint16_t key_bits = 0) {
  return {type, static_cast<std::uint16_t>(id), key_bits};
}

void add_suite(Proposal& p, const Suite& s, Protocol protocol, bool with_ke, bool chacha_key_len) {
  const auto bits = s.encr == EncrId::chacha20_poly1305 && !chacha_key_len ? std::uint16_t{0} : s.key_bits;
  add_once(p, transform(TransformType::encr, s.encr, bits));
  if (protocol == Protocol::ike) add_once(p, transform(TransformType::prf, s.prf));
  if (!is_aead(s.encr)) add_once(p, transform(TransformType::integ, s.integ));
  if (with_ke && s.ke != KeId::none) add_once(p, transform(TransformType::ke, s.ke));
  if (protocol == Protocol::esp) add_once(p, transform(TransformType::esn, s.esn));
}

/// The Additional Key Exchanges of all of `suites`; of a kind that only some have, the others mean NONE.
void add_additional(Proposal& p, std::span<const Suite* const> suites) {
  for (std::size_t i = 0; i < kAdditionalExchanges; ++i) {
    const bool any = std::ranges::any_of(suites, [&](const Suite* s) { return s->addke[i] != KeId::none; });
    if (!any) continue;
    for (const auto* s : suites) add_once(p, transform(additional_ke(i), s->addke[i]));
  }
}

/// Without key exchanges a suite with further ones is the same as one without.
std::vector<Proposal> without_doubles(std::vector<Proposal> proposals) {
  std::vector<Proposal> out;
  for (auto& p : proposals) {
    if (std::ranges::find(out, p.transforms, &Proposal::transforms) != out.end()) continue;
    p.number = static_cast<std::uint8_t>(out.size() + 1);
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace

Result<Choice> choose(std::span<const Proposal> offered, std::span<const Suite> allowed, Protocol protocol,
                      bool want_ke) {
  for (const auto& p : offered) {
    if (p.protocol != protocol) continue;
    for (std::size_t i = 0; i < allowed.size(); ++i) {
      if (!fits(p, allowed[i], protocol, want_ke)) continue;
      Choice c{.suite = allowed[i], .number = p.number, .spi = p.spi, .allowed_index = i};
      c.chacha_key_len = allowed[i].encr == EncrId::chacha20_poly1305 && find_cipher(p, allowed[i])->key_bits != 0;
      for (std::size_t k = 0; k < kAdditionalExchanges; ++k)
        if (allowed[i].addke[k] == KeId::none && has_type(p, additional_ke(k)))
          c.skipped = static_cast<std::uint8_t>(c.skipped | 1U << k);
      return c;
    }
  }
  return fail(ErrorCode::no_proposal, "SA");
}

std::vector<Proposal> offer(std::span<const Suite> suites, Protocol protocol, ByteView spi, bool with_ke) {
  std::vector<Proposal> out;
  std::vector<std::vector<const Suite*>> groups;
  for (const auto& s : suites) {
    const auto known = std::ranges::find_if(groups, [&](const auto& g) { return same_cipher_token(*g.front(), s); });
    if (known == groups.end()) {
      groups.push_back({&s});
      out.push_back({.number = static_cast<std::uint8_t>(out.size() + 1),
                     .protocol = protocol,
                     .spi = to_bytes(spi),
                     .transforms = {}});
      add_suite(out.back(), s, protocol, with_ke, false);
    } else {
      known->push_back(&s);
      add_suite(out[static_cast<std::size_t>(known - groups.begin())], s, protocol, with_ke, false);
    }
  }
  if (!with_ke) return without_doubles(std::move(out));
  for (std::size_t i = 0; i < out.size(); ++i) add_additional(out[i], groups[i]);
  return out;
}

std::vector<Proposal> without_additional(std::span<const Proposal> offered) {
  std::vector<Proposal> out;
  for (const auto& p : offered)
    if (std::ranges::none_of(p.transforms, [](const Transform& t) { return additional_ke_index(t.type).has_value(); }))
      out.push_back(p);
  return out;
}

Proposal answer(const Choice& choice, Protocol protocol, ByteView spi, bool with_ke) {
  Proposal p{.number = choice.number, .protocol = protocol, .spi = to_bytes(spi), .transforms = {}};
  add_suite(p, choice.suite, protocol, with_ke, choice.chacha_key_len);
  for (std::size_t i = 0; with_ke && i < kAdditionalExchanges; ++i)
    if (choice.suite.addke[i] != KeId::none || (choice.skipped >> i & 1U) != 0)
      add_once(p, transform(additional_ke(i), choice.suite.addke[i]));
  return p;
}

Result<Choice> verify_answer(std::span<const Proposal> answer, std::span<const Suite> sent, Protocol protocol,
                             bool with_ke) {
  if (answer.size() != 1) return fail(ErrorCode::no_proposal, "SA");
  for (const auto& t : answer[0].transforms)
    if (std::ranges::count(answer[0].transforms, t.type, &Transform::type) != 1)
      return fail(ErrorCode::no_proposal, "SA");
  // The number says which of our proposals it answers (RFC 7296 3.3.1): transforms of another do not count.
  const auto ours = offer(sent, protocol, {}, with_ke);
  const auto meant = std::ranges::find(ours, answer[0].number, &Proposal::number);
  if (meant == ours.end()) return fail(ErrorCode::no_proposal, "SA");
  for (const auto& t : answer[0].transforms) {
    const bool offered = std::ranges::any_of(meant->transforms, [&](const Transform& o) {
      const bool chacha =
          t.type == TransformType::encr && t.id == static_cast<std::uint16_t>(EncrId::chacha20_poly1305);
      return o.type == t.type && o.id == t.id && (o.key_bits == t.key_bits || chacha);
    });
    if (!offered) return fail(ErrorCode::no_proposal, "SA");
  }
  return choose(answer, sent, protocol, with_ke);
}

}  // namespace dormouse::crypto
