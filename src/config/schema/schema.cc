#include "config/schema/schema.h"

#include <algorithm>
#include <charconv>

#include "base/ip.h"

namespace dormouse::config {
namespace {

std::optional<long long> number(std::string_view text) {
  long long n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

std::string joined(std::string_view blanks) {
  std::string out;
  for (const auto word : split(blanks)) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

bool exists(const Tree& tree, std::string_view tables, std::string_view name) {
  for (const auto table : split(tables, ',')) {
    if (is_predefined(table, name)) return true;
    const Section* s = tree.find(table);
    if (s && s->find(name)) return true;
  }
  return false;
}

std::string existing(const Tree& tree, std::string_view tables) {
  std::string out;
  for (const auto table : split(tables, ','))
    if (const Section* s = tree.find(table))
      for (const auto& e : s->entries) out += (out.empty() ? "" : ", ") + quoted(e.key);
  for (const auto table : split(tables, ','))
    for (const auto known : {"all", "always", "ALL", "any"})
      if (is_predefined(table, known)) out += (out.empty() ? "" : ", ") + quoted(known);
  return out.empty() ? "the name of an entry of 'config " + std::string(split(tables, ',')[0]) + "' (there is none yet)" : "one of " + out;
}

bool is_mask(const IpAddress& a) {
  const auto v = a.v4_value();
  return a.is_v4() && (~v & (~v + 1)) == 0;
}

bool is_port_range(std::string_view text) {
  for (const auto half : split(text, ':'))
    for (const auto bound : split(half, '-')) {
      const auto n = number(bound);
      if (!n || *n < 0 || *n > 65535) return false;
    }
  return !text.empty();
}

/// The first value that is wrong, or null.
const Value* wrong_value(const AttributeSpec& spec, const Attribute& a, const Tree* tree) {
  const auto choices = split(spec.choices);
  const auto bad = [&](auto good) -> const Value* {
    for (const auto& v : a.values)
      if (!good(v.text)) return &v;
    return nullptr;
  };
  switch (spec.kind) {
    case Kind::option:
    case Kind::options: return bad([&](const auto& v) { return std::ranges::find(choices, v) != choices.end(); });
    case Kind::integer:
    case Kind::integers:
      return bad([&](const auto& v) {
        const auto n = number(v);
        return n && *n >= spec.low && *n <= spec.high;
      });
    case Kind::string: return bad([&](const auto& v) { return static_cast<long long>(v.size()) <= spec.high; });
    case Kind::ipv4: return bad([](const auto& v) { return IpAddress::parse(v) && IpAddress::parse(v)->is_v4(); });
    case Kind::ipv6: return bad([](const auto& v) { return IpAddress::parse(v) && !IpAddress::parse(v)->is_v4(); });
    case Kind::address: return bad([](const auto& v) { return IpAddress::parse(v).has_value(); });
    case Kind::subnet: {
      if (a.values.size() == 1) return Prefix::parse(a.values[0].text) ? nullptr : &a.values[0];
      const auto address = IpAddress::parse(a.values[0].text);
      const auto mask = IpAddress::parse(a.values[1].text);
      if (!address || !address->is_v4()) return &a.values[0];
      return mask && is_mask(*mask) ? nullptr : &a.values[1];
    }
    case Kind::reference:
    case Kind::references: return tree ? bad([&](const auto& v) { return exists(*tree, spec.choices, v); }) : nullptr;
    case Kind::secret:
      if (a.values.size() == 2) return a.values[0].text == "ENC" ? nullptr : &a.values[1];
      return static_cast<long long>(a.values[0].text.size()) >= spec.low ? nullptr : &a.values[0];
    case Kind::proposal1: return bad([](const auto& v) { return parse_proposal(v, true).has_value(); });
    case Kind::proposal2: return bad([](const auto& v) { return parse_proposal(v, false).has_value(); });
    case Kind::ports: return bad([](const auto& v) { return is_port_range(v); });
  }
  return nullptr;
}

std::size_t most_values(Kind kind) {
  switch (kind) {
    case Kind::options:
    case Kind::integers:
    case Kind::references:
    case Kind::proposal1:
    case Kind::proposal2:
    case Kind::ports: return 64;
    case Kind::subnet:
    case Kind::secret: return 2;
    default: return 1;
  }
}

std::string message_for(const AttributeSpec& spec, const Value& v) {
  if (spec.kind == Kind::reference || spec.kind == Kind::references) return "no such object " + quoted(v.text);
  if (spec.kind == Kind::secret) return "the secret is too short or malformed";
  if (spec.name == "ike-version") return "IKE version '" + v.text + "' is not supported";
  return "'" + v.text + "' is not accepted";
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1] ? 1 : 0)});
      corner = above;
    }
  }
  return row[b.size()];
}

void check_section(const Section& s, std::string_view parent, const std::string& where, const Tree& tree, std::vector<Diagnostic>& out) {
  const auto* table = find_table(s.path, parent);
  if (!table) return;
  for (const auto& e : s.entries) {
    const std::string path = where + s.path + (e.key.empty() ? "" : " " + quoted(e.key));
    if (table->number_key && !number(e.key)) out.push_back({false, e.at, path, "", "the key is not a number", "a number, or 0 for the next free one"});
    if (!table->number_key && !table->singleton && e.key.size() > table->key_length)
      out.push_back({false, e.at, path, "", "the name is too long", "at most " + std::to_string(table->key_length) + " characters"});
    for (const auto& a : e.attributes)
      if (auto d = check_attribute(*table, a, &tree)) {
        d->path = path;
        out.push_back(std::move(*d));
      }
    for (const auto& nested : e.sections) check_section(nested, s.path, path + " ", tree, out);
  }
}

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
  for (const auto& t : tables())
    if (t.path == path && t.parent == parent) return &t;
  return nullptr;
}

const AttributeSpec* find_attribute(const TableSpec& table, std::string_view name) {
  for (const auto& a : table.attributes)
    if (a.name == name) return &a;
  return nullptr;
}

Shape shape() {
  Shape s;
  s.kind = [](const std::string& path, const std::string& parent) {
    const auto* t = find_table(path, parent);
    return !t ? Shape::Kind::unknown : t->singleton ? Shape::Kind::singleton : Shape::Kind::table;
  };
  s.suggest = [](const std::string& path) {
    std::vector<std::string_view> known;
    std::string all;
    for (const auto& t : tables())
      if (t.parent.empty()) {
        known.push_back(t.path);
        all += (all.empty() ? "" : ", ") + std::string(t.path);
      }
    const auto close = nearest(path, known);
    return close.empty() ? "one of " + all : "did you mean '" + close + "'?";
  };
  return s;
}

std::string nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 4) + 1;
  for (const auto c : candidates)
    if (const auto d = distance(word, c); d < best_distance) {
      best_distance = d;
      best = c;
    }
  return best;
}

std::string accepted_by(const AttributeSpec& a) {
  const auto range = std::to_string(a.low) + " to " + std::to_string(a.high);
  switch (a.kind) {
    case Kind::option: return "one of " + joined(a.choices);
    case Kind::options: return "one or more of " + joined(a.choices);
    case Kind::integer: return "a number from " + range;
    case Kind::integers: return "numbers from " + range;
    case Kind::string: return "text of at most " + std::to_string(a.high) + " characters";
    case Kind::ipv4: return "an IPv4 address, e.g. 192.0.2.1";
    case Kind::ipv6: return "an IPv6 address, e.g. 2001:db8::1";
    case Kind::address: return "an IP address";
    case Kind::subnet: return "address and mask, e.g. 10.1.100.0 255.255.255.0 or 10.1.100.0/24";
    case Kind::reference:
    case Kind::references: return "the name of an entry of 'config " + std::string(split(a.choices, ',')[0]) + "'";
    case Kind::secret: return "at least " + std::to_string(a.low) + " characters, 0x and hex digits, or ENC and a value of this host";
    case Kind::proposal1: return "CIPHER-HASH with aes128, aes192, aes256 and sha1, sha256, sha384, sha512; or aes128gcm, aes256gcm, chacha20poly1305 with -prfsha1, -prfsha256, -prfsha384, -prfsha512";
    case Kind::proposal2: return "CIPHER-HASH with aes128, aes192, aes256 and sha1, sha256, sha384, sha512; or aes128gcm, aes256gcm, chacha20poly1305";
    case Kind::ports: return "ports such as 80, 1-1023 or 53:1024-65535";
  }
  return "";
}

std::optional<ProposalToken> parse_proposal(std::string_view token, bool phase1) {
  const auto dash = token.find('-');
  ProposalToken out{token.substr(0, dash), dash == std::string_view::npos ? std::string_view{} : token.substr(dash + 1)};
  const auto is_hash = [](std::string_view h) { return h == "sha1" || h == "sha256" || h == "sha384" || h == "sha512"; };
  const bool aead = out.cipher == "aes128gcm" || out.cipher == "aes256gcm" || out.cipher == "chacha20poly1305";
  if (aead) {
    if (!phase1) return dash == std::string_view::npos ? std::optional(out) : std::nullopt;
    if (!out.hash.starts_with("prf")) return std::nullopt;
    out.hash.remove_prefix(3);
    return is_hash(out.hash) ? std::optional(out) : std::nullopt;
  }
  const bool cbc = out.cipher == "aes128" || out.cipher == "aes192" || out.cipher == "aes256";
  return cbc && is_hash(out.hash) ? std::optional(out) : std::nullopt;
}

std::optional<Diagnostic> check_attribute(const TableSpec& table, const Attribute& a, const Tree* tree) {
  const auto* spec = find_attribute(table, a.name);
  if (!spec) {
    const auto missing = split(table.unsupported);
    if (std::ranges::find(missing, a.name) != missing.end())
      return Diagnostic{false, a.at, "", a.name, "FortiOS has this attribute, Dormouse does not", "leave it out"};
    std::vector<std::string_view> names;
    std::string all;
    for (const auto& known : table.attributes) {
      names.push_back(known.name);
      all += (all.empty() ? "" : ", ") + std::string(known.name);
    }
    const auto close = nearest(a.name, names);
    return Diagnostic{false, a.at, "", a.name, "unknown attribute", close.empty() ? "one of " + all : "did you mean '" + close + "'?"};
  }
  if (a.values.empty()) return Diagnostic{false, a.at, "", a.name, "no value", accepted_by(*spec)};
  if (a.values.size() > most_values(spec->kind))
    return Diagnostic{false, a.values[most_values(spec->kind)].at, "", a.name, "one value too many", accepted_by(*spec)};
  const Value* bad = wrong_value(*spec, a, tree);
  if (!bad) return std::nullopt;
  const bool reference = spec->kind == Kind::reference || spec->kind == Kind::references;
  auto accepted = reference && tree ? existing(*tree, spec->choices) : accepted_by(*spec);
  const auto close = nearest(bad->text, split(spec->choices));
  if (spec->kind == Kind::option && !close.empty()) accepted += " (did you mean '" + close + "'?)";
  return Diagnostic{false, bad->at, "", a.name, message_for(*spec, *bad), std::move(accepted)};
}

std::vector<Diagnostic> check_tree(const Tree& tree) {
  std::vector<Diagnostic> out;
  for (const auto& s : tree.sections) check_section(s, "", "", tree, out);
  return out;
}

}  // namespace dormouse::config
