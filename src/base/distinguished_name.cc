// RFC 5280: Name ::= SEQUENCE OF (SET OF SEQUENCE { type OID, value ANY }). Definite lengths of up to two octets, which
// is more than kMaxDistinguishedName needs.
#include "base/distinguished_name.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace dormouse {
namespace {

constexpr std::uint8_t kSequence = 0x30, kSet = 0x31, kOid = 0x06;

struct Keyword {
  const char* name;
  std::array<std::uint8_t, 10> oid;
  std::size_t size;
};
constexpr Keyword kKeywords[] = {
    {"CN", {0x55, 0x04, 0x03}, 3},
    {"SN", {0x55, 0x04, 0x04}, 3},
    {"serialNumber", {0x55, 0x04, 0x05}, 3},
    {"C", {0x55, 0x04, 0x06}, 3},
    {"L", {0x55, 0x04, 0x07}, 3},
    {"ST", {0x55, 0x04, 0x08}, 3},
    {"street", {0x55, 0x04, 0x09}, 3},
    {"O", {0x55, 0x04, 0x0a}, 3},
    {"OU", {0x55, 0x04, 0x0b}, 3},
    {"title", {0x55, 0x04, 0x0c}, 3},
    {"GN", {0x55, 0x04, 0x2a}, 3},
    {"emailAddress", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01}, 9},
    {"UID", {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01}, 10},
    {"DC", {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19}, 10},
};

struct Element {
  std::uint8_t tag;
  ByteView value;
};

Result<Element> take(Reader& r) {
  TRY_ASSIGN(const auto tag, r.u8("name"));
  TRY_ASSIGN(const auto first, r.u8("name"));
  std::size_t length = first;
  if (first == 0x81) {
    TRY_ASSIGN(length, r.u8("name"));
  } else if (first == 0x82) {
    TRY_ASSIGN(length, r.u16("name"));
  } else if (first >= 0x80) {
    return fail(ErrorCode::malformed, "name", r.offset());
  }
  TRY_ASSIGN(const auto value, r.take(length, "name"));
  return Element{tag, value};
}

Result<ByteView> take(Reader& r, std::uint8_t tag) {
  TRY_ASSIGN(const auto e, take(r));
  if (e.tag != tag) return fail(ErrorCode::malformed, "name", r.offset());
  return e.value;
}

std::string dotted(ByteView oid) {
  std::string out;
  std::uint64_t arc = 0;
  for (const auto octet : oid) {
    arc = (arc & (UINT64_MAX >> 8)) << 7 | (octet & 0x7f);
    if ((octet & 0x80) != 0) continue;
    if (out.empty()) {
      const auto first = std::min<std::uint64_t>(arc / 40, 2);
      out = std::to_string(first) + "." + std::to_string(arc - first * 40);
    } else {
      out += "." + std::to_string(arc);
    }
    arc = 0;
  }
  return out;
}

std::string keyword_of(ByteView oid) {
  const auto* found =
      std::ranges::find_if(kKeywords, [&](const Keyword& k) { return equal(ByteView(k.oid).first(k.size), oid); });
  return found == std::end(kKeywords) ? dotted(oid) : found->name;
}

std::string value_text(ByteView v) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  if (std::ranges::any_of(v, [](std::uint8_t c) { return c < 0x20 || c > 0x7e; })) {
    out = "#";
    for (const auto c : v) {
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
    return out;
  }
  for (std::size_t i = 0; i < v.size(); ++i) {
    const char c = static_cast<char>(v[i]);
    const bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == v.size() && c == ' ');
    if (edge || std::string_view(",+\"\\<>;=").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

Result<std::string> text_of(ByteView der) {
  Reader all(der);
  TRY_ASSIGN(const auto name, take(all, kSequence));
  TRY(all.finish("name"));
  std::string out;
  Reader parts(name);
  while (!parts.empty()) {
    TRY_ASSIGN(const auto set, take(parts, kSet));
    Reader pairs(set);
    for (bool first = true; !pairs.empty(); first = false) {
      TRY_ASSIGN(const auto pair, take(pairs, kSequence));
      Reader r(pair);
      TRY_ASSIGN(const auto type, take(r, kOid));
      TRY_ASSIGN(const auto value, take(r));
      TRY(r.finish("name"));
      out += (out.empty() ? "" : first ? ", " : " + ") + keyword_of(type) + "=" + value_text(value.value);
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> name_text(ByteView der) {
  if (der.size() > limits::kMaxDistinguishedName) return std::nullopt;
  auto text = text_of(der);
  return text && !text->empty() ? std::optional(std::move(*text)) : std::nullopt;
}

}  // namespace dormouse
