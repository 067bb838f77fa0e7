#include "config/schema/schema.h"

#include <algorithm>

namespace dormouse::config {
namespace {

std::string joined(std::string_view words) {
  std::string out;
  for (const auto word : split(words)) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

/// One "ip-version=4,6" of a row's `visible`.
struct Condition {
  std::string_view name;
  std::vector<std::string_view> wanted;
};
Condition condition_of(std::string_view part) {
  const auto equals = part.find('=');
  return {part.substr(0, equals), split(part.substr(equals + 1), ',')};
}

/// The first of the tables that can be configured.
std::string first_table(std::string_view paths) {
  for (const auto path : split(paths, ','))
    if (find_table(path)) return std::string(path);
  return std::string(paths);
}

constexpr std::string_view kHashes[] = {"sha1", "sha256", "sha384", "sha512"};
constexpr std::string_view kCbc[] = {"aes128", "aes192", "aes256"};
constexpr std::string_view kAead[] = {"aes128gcm", "aes256gcm", "chacha20poly1305"};

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (end != 0) out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

const TableSpec* find_table(std::string_view path, std::string_view parent) {
  const auto it =
      std::ranges::find_if(tables(), [&](const TableSpec& t) { return t.path == path && t.parent == parent; });
  return it == tables().end() ? nullptr : &*it;
}

const AttributeSpec* find_attribute(const TableSpec& table, std::string_view name) {
  const auto it = std::ranges::find(table.attributes, name, &AttributeSpec::name);
  return it == table.attributes.end() ? nullptr : &*it;
}

Shape shape() {
  Shape s;
  s.kind = [](const std::string& path, const std::string& parent) {
    if (const auto* t = find_table(path, parent))
      return t->singleton ? Shape::Kind::singleton : t->highest_key != 0 ? Shape::Kind::numbered : Shape::Kind::table;
    return is_foreign_section(path, parent) ? Shape::Kind::foreign : Shape::Kind::unknown;
  };
  s.suggest = [](const std::string& path, const std::string& parent) -> std::string {
    std::vector<std::string_view> known;
    std::string all;
    for (const auto& t : tables()) {
      if (t.parent != parent) continue;
      known.push_back(t.path);
      all += (all.empty() ? "" : ", ") + std::string(t.path);
    }
    if (all.empty()) return "no section in here";
    const auto close = nearest(path, known);
    return close.empty() ? "one of " + all : "did you mean '" + close + "'?";
  };
  s.defaults = [](const std::string& path, const std::string& parent, const std::string& attribute) {
    const auto* t = find_table(path, parent);
    const auto* a = t ? find_attribute(*t, attribute) : nullptr;
    return a && is_list(a->kind) ? values_of(*a, Entry{}) : std::vector<std::string>{};
  };
  return s;
}

bool is_list(Kind kind) {
  switch (kind) {
    case Kind::options:
    case Kind::integers:
    case Kind::references:
    case Kind::proposal1:
    case Kind::proposal2:
    case Kind::ports: return true;
    default: return false;
  }
}

bool is_reference(Kind kind) { return kind == Kind::reference || kind == Kind::references; }

std::vector<std::string> values_of(const AttributeSpec& spec, const Entry& entry) {
  std::vector<std::string> out;
  if (const auto* a = entry.find(spec.name)) {
    for (const auto& v : a->values) out.push_back(v.text);
  } else {
    for (const auto word : split(spec.default_value)) out.emplace_back(word);
  }
  return out;
}

bool is_visible(const TableSpec& table, const AttributeSpec& spec, const Entry& entry) {
  const auto holds = [&](std::string_view part) {
    const auto [name, wanted] = condition_of(part);
    const auto* controlling = find_attribute(table, name);
    const auto is = controlling ? values_of(*controlling, entry) : std::vector<std::string>{};
    return !is.empty() && std::ranges::find(wanted, is.front()) != wanted.end();
  };
  return std::ranges::all_of(split(spec.visible, '&'),
                             [&](std::string_view all) { return std::ranges::any_of(split(all, '|'), holds); });
}

std::string visibility_text(const AttributeSpec& spec) {
  std::string out;
  for (const auto all : split(spec.visible, '&')) {
    std::string any;
    for (const auto part : split(all, '|')) {
      const auto [name, wanted] = condition_of(part);
      any += (any.empty() ? "" : " or ") + std::string(name) + " is ";
      for (std::size_t i = 0; i < wanted.size(); ++i) any += (i == 0 ? "" : " or ") + std::string(wanted[i]);
    }
    out += (out.empty() ? "" : " and ") + any;
  }
  return out;
}

std::string accepted_by(const AttributeSpec& a) {
  const auto range = std::to_string(a.low) + " to " + std::to_string(a.high);
  switch (a.kind) {
    case Kind::option: return a.choices.contains(' ') ? "one of " + joined(a.choices) : std::string(a.choices);
    case Kind::options: return "one or more of " + joined(a.choices);
    case Kind::integer: return "a number from " + range;
    case Kind::integers: return "up to 16 numbers from " + range;
    case Kind::string: return "text of at most " + std::to_string(a.high) + " characters, in quotes if it has blanks";
    case Kind::ipv4: return "an IPv4 address, e.g. 192.0.2.1";
    case Kind::ipv6: return "an IPv6 address, e.g. 2001:db8::1";
    case Kind::address: return "an IP address, e.g. 192.0.2.1 or 2001:db8::1";
    case Kind::subnet:
    case Kind::subnet4: return "address and mask, e.g. 10.1.100.0 255.255.255.0 or 10.1.100.0/24";
    case Kind::subnet6: return "an IPv6 prefix, e.g. 2001:db8:1::/48";
    case Kind::reference: return "the name of an entry of 'config " + first_table(a.choices) + "'";
    case Kind::references: return "names of entries of 'config " + first_table(a.choices) + "'";
    case Kind::secret:
      return "at least " + std::to_string(a.low) +
             " characters (in quotes if it has blanks), 0x and hex digits, or ENC and a value of this host";
    case Kind::proposal1:
      return "CIPHER-HASH of aes128, aes192, aes256 and sha1, sha256, sha384, sha512; or aes128gcm, aes256gcm, "
             "chacha20poly1305 "
             "with -prfsha1, -prfsha256, -prfsha384, -prfsha512";
    case Kind::proposal2:
      return "CIPHER-HASH of aes128, aes192, aes256 and sha1, sha256, sha384, sha512; or aes128gcm, aes256gcm, "
             "chacha20poly1305";
    case Kind::ports: return "ports such as 80, 1-1023 or 53:1024-65535";
  }
  return "";
}

std::optional<ProposalToken> parse_proposal(std::string_view token, bool phase1) {
  const auto dash = token.find('-');
  ProposalToken out{token.substr(0, dash),
                    dash == std::string_view::npos ? std::string_view{} : token.substr(dash + 1)};
  const auto is_one_of = [](std::span<const std::string_view> set, std::string_view w) {
    return std::ranges::find(set, w) != set.end();
  };
  if (is_one_of(kAead, out.cipher)) {
    if (!phase1) return dash == std::string_view::npos ? std::optional(out) : std::nullopt;
    if (!out.hash.starts_with("prf")) return std::nullopt;
    out.hash.remove_prefix(3);
    return is_one_of(kHashes, out.hash) ? std::optional(out) : std::nullopt;
  }
  return is_one_of(kCbc, out.cipher) && is_one_of(kHashes, out.hash) ? std::optional(out) : std::nullopt;
}

std::vector<std::string> all_proposals(bool phase1) {
  std::vector<std::string> out;
  for (const auto cipher : kCbc)
    for (const auto hash : kHashes) out.push_back(std::string(cipher) + "-" + std::string(hash));
  for (const auto cipher : kAead) {
    if (!phase1)
      out.emplace_back(cipher);
    else
      for (const auto hash : kHashes) out.push_back(std::string(cipher) + "-prf" + std::string(hash));
  }
  return out;
}

}  // namespace dormouse::config
