#include "config/schema/check.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/ip.h"

namespace dormouse::config {
namespace {

using Verdict = std::optional<Finding>;

std::optional<long long> number(std::string_view text) {
  long long n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

bool has_word(std::string_view words, std::string_view word) {
  const auto all = split(words);
  return std::ranges::find(all, word) != all.end();
}

template <class Names>
std::string meant(std::string_view word, const Names& names) {
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto close = nearest(word, known);
  return close.empty() ? "" : ", did you mean '" + close + "'?";
}

// --- one value each: nothing, or what is wrong with it (its index is filled in by the caller)

Verdict check_choice(const AttributeSpec& spec, const std::string& v) {
  if (has_word(spec.choices, v)) return std::nullopt;
  if (has_word(spec.foreign, v))
    return Finding{Fault::foreign_choice, 0, "FortiOS's '" + v + "' is not supported by Dormouse", accepted_by(spec)};
  return Finding{Fault::choice, 0, "'" + v + "' is not a choice" + meant(v, split(spec.choices)), accepted_by(spec)};
}

Verdict check_number(const AttributeSpec& spec, const std::string& v) {
  const bool digits = !v.empty() && std::ranges::all_of(v, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return Finding{Fault::number, 0, "'" + v + "' is not a number", accepted_by(spec)};
  const auto n = number(v);
  if (!n || *n < spec.low || *n > spec.high) return Finding{Fault::range, 0, v + " is out of range", accepted_by(spec)};
  return std::nullopt;
}

Verdict check_address(const AttributeSpec& spec, const std::string& v) {
  const auto a = IpAddress::parse(v);
  const bool wrong_family = a && ((spec.kind == Kind::ipv4 && !a->is_v4()) || (spec.kind == Kind::ipv6 && a->is_v4()));
  if (a && !wrong_family) return std::nullopt;
  return Finding{Fault::address, 0, "'" + v + "' is not an address" + (wrong_family ? " of the right family" : ""),
                 accepted_by(spec)};
}

Verdict check_proposal(const AttributeSpec& spec, const std::string& v) {
  const bool phase1 = spec.kind == Kind::proposal1;
  if (parse_proposal(v, phase1)) return std::nullopt;
  const auto cipher = std::string_view(v).substr(0, v.find('-'));
  for (const auto old : {"des", "3des", "aria128", "aria192", "aria256", "seed", "null"})
    if (cipher == old)
      return Finding{Fault::foreign_choice, 0, "'" + v + "' is not supported by Dormouse: no modern peer needs it",
                     accepted_by(spec)};
  if (v.ends_with("-md5") || v.ends_with("-null"))
    return Finding{Fault::foreign_choice, 0, "'" + v + "' is not supported by Dormouse: no modern peer needs it",
                   accepted_by(spec)};
  if (parse_proposal(v, !phase1))
    return Finding{Fault::choice, 0, "'" + v + "' is a proposal of phase " + (phase1 ? "2" : "1"), accepted_by(spec)};
  return Finding{Fault::choice, 0, "'" + v + "' is not a proposal" + meant(v, all_proposals(phase1)),
                 accepted_by(spec)};
}

/// "80", "1-1023": two numbers of 0..65535, the first not above the second.
bool is_port_span(std::string_view text) {
  const auto dash = text.find('-');
  const auto low = number(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : number(text.substr(dash + 1));
  return low && high && *low >= 0 && *low <= *high && *high <= 65535;
}

Verdict check_ports(const AttributeSpec& spec, const std::string& v) {
  const auto colon = v.find(':');
  const std::string_view all = v;
  if (is_port_span(all.substr(0, colon)) && (colon == std::string::npos || is_port_span(all.substr(colon + 1))))
    return std::nullopt;
  return Finding{Fault::range, 0, "'" + v + "' is not a range of ports", accepted_by(spec)};
}

bool exists(const Tree& tree, std::string_view tables, std::string_view name) {
  return std::ranges::any_of(split(tables, ','), [&](std::string_view table) {
    const Section* s = tree.find(table);
    return is_predefined(table, name) || (s && s->find(name));
  });
}

Verdict check_reference(const AttributeSpec& spec, const std::string& v, const Tree* tree) {
  if (!tree || exists(*tree, spec.choices, v)) return std::nullopt;
  const auto names = candidates(spec, *tree);
  constexpr std::size_t kShown = 12;
  std::string all;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
    all += (i == 0 ? "one of " : ", ") + in_quotes(names[i]);
  if (names.size() > kShown) all += " and " + std::to_string(names.size() - kShown) + " more";
  if (names.empty()) all = accepted_by(spec) + " (there is none yet)";
  return Finding{Fault::reference, 0, "there is no " + in_quotes(v) + meant(v, names), all};
}

Verdict check_value(const AttributeSpec& spec, const std::string& v, const Tree* tree) {
  switch (spec.kind) {
    case Kind::option:
    case Kind::options: return check_choice(spec, v);
    case Kind::integer:
    case Kind::integers: return check_number(spec, v);
    case Kind::ipv4:
    case Kind::ipv6:
    case Kind::address: return check_address(spec, v);
    case Kind::proposal1:
    case Kind::proposal2: return check_proposal(spec, v);
    case Kind::ports: return check_ports(spec, v);
    case Kind::reference:
    case Kind::references: return check_reference(spec, v, tree);
    case Kind::string:
      if (static_cast<long long>(v.size()) <= spec.high) return std::nullopt;
      return Finding{Fault::too_long, 0, "this text has " + std::to_string(v.size()) + " characters",
                     accepted_by(spec)};
    default: return std::nullopt;  // of several values together: see check_values
  }
}

// --- several values together

bool is_mask(const IpAddress& a) {
  const auto zeros = ~a.v4_value();
  return a.is_v4() && (zeros & (zeros + 1)) == 0;
}

Verdict check_subnet(const AttributeSpec& spec, std::span<const Value> values) {
  const auto wrong = [&](std::size_t i, std::string what) {
    return Finding{Fault::address, i, "'" + values[i].text + "' " + what, accepted_by(spec)};
  };
  std::optional<IpAddress> address;
  if (values.size() == 1) {
    const auto slash = values[0].text.find('/');
    address = IpAddress::parse(std::string_view(values[0].text).substr(0, slash));
    if (address && slash == std::string::npos) return wrong(0, "has no mask");
    if (!address || !Prefix::parse(values[0].text)) return wrong(0, "is not a subnet");
  } else {
    address = IpAddress::parse(values[0].text);
    if (!address || !address->is_v4()) return wrong(0, "is not an IPv4 address");
    const auto mask = IpAddress::parse(values[1].text);
    if (!mask || !is_mask(*mask)) return wrong(1, "is not a mask");
  }
  const bool wrong_family =
      (spec.kind == Kind::subnet4 && !address->is_v4()) || (spec.kind == Kind::subnet6 && address->is_v4());
  if (wrong_family) return wrong(0, "is of the other family");
  return std::nullopt;
}

Verdict check_secret(const AttributeSpec& spec, std::span<const Value> values) {
  if (values.size() == 2) {
    if (values[0].text == "ENC") return std::nullopt;
    return Finding{Fault::secret, 1, "a secret with blanks needs quotes", accepted_by(spec)};
  }
  const std::string& v = values[0].text;
  if (static_cast<long long>(v.size()) < spec.low)
    return Finding{Fault::secret, 0, "the secret is too short", accepted_by(spec)};
  if (static_cast<long long>(v.size()) > spec.high)
    return Finding{Fault::too_long, 0, "the secret is longer than " + std::to_string(spec.high) + " characters",
                   accepted_by(spec)};
  const bool hex = std::ranges::all_of(v.substr(std::min<std::size_t>(2, v.size())), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (v.starts_with("0x") && (!hex || v.size() % 2 != 0))
    return Finding{Fault::secret, 0, "not an even number of hex digits after 0x", accepted_by(spec)};
  return std::nullopt;
}

std::size_t most_values(Kind kind) {
  if (kind == Kind::integers) return 16;
  if (is_list(kind)) return 256;
  const bool pair = kind == Kind::subnet || kind == Kind::subnet4 || kind == Kind::secret;
  return pair ? 2 : 1;
}

// --- a tree

class TreeCheck {
 public:
  TreeCheck(const Tree& tree, bool names) : tree_(tree), names_(names ? &tree : nullptr) {}

  std::vector<Diagnostic> run() {
    for (const auto& s : tree_.sections) section(s, "", "");
    sort_by_place(out_);
    return std::move(out_);
  }

 private:
  void section(const Section& s, std::string_view parent, const std::string& where) {
    const auto* table = find_table(s.path, parent);
    if (!table) return;
    for (const auto& e : s.entries) {
      const std::string path = where + s.path + (e.key.empty() ? "" : " " + in_quotes(e.key));
      if (!table->singleton) report(check_key(*table, e.key), e.at, path, "");
      for (const auto& a : e.attributes) attribute(*table, e, a, path);
      for (const auto& nested : e.sections) section(nested, s.path, path + " ");
    }
  }

  void attribute(const TableSpec& table, const Entry& e, const Attribute& a, const std::string& path) {
    const auto* spec = find_attribute(table, a.name);
    if (!spec) return report(check_unknown(table, a.name), a.at, path, a.name);
    const auto finding = check_values(*spec, a.values, names_);
    if (finding)
      return report(finding, finding->value < a.values.size() ? a.values[finding->value].at : a.at, path, a.name);
    if (!is_visible(table, *spec, e))
      out_.push_back({true, a.at, path, a.name, "has no effect unless " + visibility_text(*spec), ""});
  }

  void report(const Verdict& v, Place at, const std::string& path, const std::string& attribute) {
    if (v) out_.push_back({false, at, path, attribute, v->message, v->accepted});
  }

  const Tree& tree_;
  const Tree* names_;
  std::vector<Diagnostic> out_;
};

/// Calls `each` with every value of a reference that may name entries of `table`.
template <class Entries, class F>
void each_reference(Entries& entries, const TableSpec& holder, const TableSpec& table, F each) {
  for (auto& e : entries)
    for (auto& a : e.attributes) {
      const auto* spec = find_attribute(holder, a.name);
      if (!spec || !is_reference(spec->kind)) continue;
      const auto homes = split(spec->choices, ',');
      if (std::ranges::find(homes, table.path) == homes.end()) continue;
      for (auto& v : a.values) each(v);
    }
}

}  // namespace

Verdict check_values(const AttributeSpec& spec, std::span<const Value> values, const Tree* tree) {
  if (values.empty()) return Finding{Fault::no_value, 0, "no value", accepted_by(spec)};
  const auto most = most_values(spec.kind);
  if (values.size() > most) return Finding{Fault::too_many, most, "one value too many", accepted_by(spec)};
  if (spec.kind == Kind::subnet || spec.kind == Kind::subnet4 || spec.kind == Kind::subnet6)
    return check_subnet(spec, values);
  if (spec.kind == Kind::secret) return check_secret(spec, values);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (auto finding = check_value(spec, values[i].text, tree)) {
      finding->value = i;
      return finding;
    }
  return std::nullopt;
}

Finding check_unknown(const TableSpec& table, std::string_view name) {
  if (is_fortios_attribute(table, name))
    return {Fault::foreign_attribute, 0, "FortiOS attribute '" + std::string(name) + "' is not supported by Dormouse",
            "leave it out"};
  std::vector<std::string_view> names;
  std::string all;
  for (const auto& known : table.attributes) {
    names.push_back(known.name);
    all += (all.empty() ? "one of " : ", ") + std::string(known.name);
  }
  return {Fault::unknown, 0, "unknown attribute" + meant(name, names), all};
}

Verdict check_key(const TableSpec& table, std::string_view key) {
  if (table.highest_key != 0) {
    const auto n = number(key);
    if (n && *n >= 1 && *n <= table.highest_key && std::to_string(*n) == key) return std::nullopt;
    return Finding{n ? Fault::range : Fault::number, 0, "'" + std::string(key) + "' is not a number that can be a key",
                   "a number from 1 to " + std::to_string(table.highest_key) + ", or 0 for the next free one"};
  }
  const auto longest = std::to_string(table.key_length);
  if (key.size() > table.key_length)
    return Finding{Fault::too_long, 0, "this name has " + std::to_string(key.size()) + " characters",
                   "at most " + longest};
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (key.empty() || std::ranges::any_of(key, control))
    return Finding{Fault::choice, 0, "this name is empty or has control characters",
                   "a name of at most " + longest + " characters"};
  if (!table.interface_key) return std::nullopt;
  const bool barred = std::ranges::any_of(key, [](unsigned char c) {
    return c == '/' || c == ':' || c == '%' || c == ' ' || c == '"' || c == '\\' || c > 0x7e;
  });
  if (barred || key == "." || key == ".." || key == "any" || key == "all" || key == "default")
    return Finding{Fault::choice, 0, "no interface can have this name",
                   "letters, digits and . _ - and at most " + longest + " characters"};
  return std::nullopt;
}

std::vector<Diagnostic> check_tree(const Tree& tree, bool names) { return TreeCheck(tree, names).run(); }

std::vector<const AttributeSpec*> missing(const TableSpec& table, const Entry& entry) {
  std::vector<const AttributeSpec*> out;
  for (const auto& spec : table.attributes) {
    if (!spec.mandatory || !is_visible(table, spec, entry)) continue;
    const auto* a = entry.find(spec.name);
    const bool set = a && !a->values.empty() && !a->values[0].text.empty();
    const bool zeros =
        set && a->values[0].text == spec.default_value && (spec.kind == Kind::ipv4 || spec.kind == Kind::ipv6);
    if (!set || zeros) out.push_back(&spec);
  }
  return out;
}

Finding check_missing(const AttributeSpec& spec) {
  const bool barred =
      spec.kind == Kind::option;  // an option has a default; where it must be set all the same, it is one we refuse
  const auto what = barred ? "must be set, since FortiOS's default '" + std::string(spec.default_value) +
                                 (has_word(spec.choices, spec.default_value) ? "' is taken only where it is written"
                                                                             : "' is not supported")
                           : "is missing: " + std::string(spec.help);
  return {Fault::missing, 0, what, "set " + std::string(spec.name) + ", " + accepted_by(spec)};
}

std::vector<std::string> candidates(const AttributeSpec& spec, const Tree& tree) {
  std::vector<std::string> out;
  for (const auto table : split(spec.choices, ','))
    if (const Section* s = tree.find(table))
      for (const auto& e : s->entries) out.push_back(e.key);
  for (const auto table : split(spec.choices, ','))
    for (const auto name : split(predefined(table))) out.emplace_back(name);
  // A phase 1 may have a section of its own among the interfaces, and predefined objects may be written out.
  std::set<std::string> seen;
  std::erase_if(out, [&](const std::string& name) { return !seen.insert(name).second; });
  return out;
}

std::size_t count_references(const Tree& tree, const TableSpec& table, std::string_view key) {
  std::size_t n = 0;
  for (const auto& s : tree.sections)
    if (const auto* holder = find_table(s.path))
      each_reference(s.entries, *holder, table, [&](const Value& v) { n += v.text == key ? 1 : 0; });
  return n;
}

void rename_references(Tree& tree, const TableSpec& table, std::string_view from, std::string_view to) {
  for (auto& s : tree.sections)
    if (const auto* holder = find_table(s.path))
      each_reference(s.entries, *holder, table, [&](Value& v) {
        if (v.text == from) v.text = to;
      });
}

}  // namespace dormouse::config
