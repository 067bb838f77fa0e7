#include "config/schema/show.h"

#include <algorithm>

#include "base/ip.h"

namespace dormouse::config {
namespace {

bool is_quoted(Kind kind) { return kind == Kind::string || is_reference(kind); }

/// "10.1.0.0/16" as FortiOS writes it, address and mask; IPv6 stays as it is.
std::string subnet_text(const std::vector<std::string>& values) {
  if (values.size() == 2) return values[0] + " " + values[1];
  const auto prefix = Prefix::parse(values[0]);
  if (!prefix || !prefix->address.is_v4()) return values[0];
  return values[0].substr(0, values[0].find('/')) + " " + v4_mask(prefix->length).text();
}

std::string values_text(const AttributeSpec& spec, const std::vector<std::string>& values) {
  if (spec.kind == Kind::secret && values.size() == 1) return "ENC *";
  if (spec.kind == Kind::subnet || spec.kind == Kind::subnet4) return subnet_text(values);
  std::string out;
  for (const auto& v : values)
    out += (out.empty() ? "" : " ") + (is_quoted(spec.kind) ? in_quotes(v) : quoted_if_needed(v));
  return out;
}

bool is_default(const AttributeSpec& spec, const Entry& entry) {
  if (!entry.find(spec.name)) return true;
  const auto values = values_of(spec, entry), defaults = values_of(spec, Entry{});
  if (defaults.empty()) return values.empty() || (values.size() == 1 && values[0].empty());
  return !values.empty() && values_text(spec, values) == values_text(spec, defaults);
}

std::string show_section(const Section& s, const TableSpec& table, std::string_view key, Detail detail,
                         unsigned level) {
  const std::string indent(4 * level, ' ');
  std::string inside;
  for (const auto& e : s.entries) {
    if (!key.empty() && e.key != key) continue;
    if (table.singleton) {
      inside += show_inside(table, e, detail, level + 1);
      continue;
    }
    inside += indent + "    edit " + (table.highest_key != 0 ? e.key : in_quotes(e.key)) + "\n";
    inside += show_inside(table, e, detail, level + 2) + indent + "    next\n";
  }
  return inside.empty() ? "" : indent + "config " + std::string(table.path) + "\n" + inside + indent + "end\n";
}

std::string padded(std::string_view name) {
  constexpr std::size_t kColumn = 20;
  return std::string(name) + std::string(name.size() < kColumn ? kColumn - name.size() : 0, ' ');
}

std::string get_value(const AttributeSpec& spec, const Entry& entry) {
  const auto values = values_of(spec, entry);
  if (spec.kind == Kind::secret) return values.empty() ? "" : "*";
  if (spec.kind == Kind::string) return values.empty() ? "" : values[0];
  if (values.empty()) return "";
  return values_text(spec, values);
}

}  // namespace

std::string show_line(const AttributeSpec& spec, const Entry& entry) {
  const auto values = values_of(spec, entry);
  const std::string name(spec.name);
  const bool none = values.empty() || (values.size() == 1 && values[0].empty());
  if (none) return spec.kind == Kind::string ? "set " + name + " ''" : "unset " + name;
  return "set " + name + " " + values_text(spec, values);
}

std::string show_inside(const TableSpec& table, const Entry& entry, Detail detail, unsigned level) {
  const std::string indent(4 * level, ' ');
  std::string out;
  for (const auto& spec : table.attributes) {
    if (!is_visible(table, spec, entry)) continue;
    const bool worth = detail == Detail::full || spec.always_shown || !is_default(spec, entry);
    if (worth) out += indent + show_line(spec, entry) + "\n";
  }
  for (const auto& nested : entry.sections)
    if (const auto* t = find_table(nested.path, table.path)) out += show_section(nested, *t, "", detail, level);
  return out;
}

std::string show(const Tree& tree, const TableSpec& table, std::string_view key, Detail detail) {
  if (const auto* s = tree.find(table.path)) return show_section(*s, table, key, detail, 0);
  if (!table.singleton) return "";
  return show_section(Section{.path = std::string(table.path), .entries = {Entry{}}}, table, "", detail, 0);
}

std::string show(const Tree& tree, Detail detail) {
  std::string out;
  for (const auto& t : tables())
    if (t.parent.empty()) out += show(tree, t, "", detail);
  return out;
}

std::string get_entry(const TableSpec& table, const Entry& entry) {
  std::string out;
  if (!table.singleton) out += padded(table.highest_key != 0 ? "id" : "name") + ": " + entry.key + "\n";
  for (const auto& spec : table.attributes)
    if (is_visible(table, spec, entry)) out += padded(spec.name) + ": " + get_value(spec, entry) + "\n";
  for (const auto& nested : entry.sections)
    if (const auto* t = find_table(nested.path, table.path)) out += padded(nested.path) + ":\n" + get_table(nested, *t);
  return out;
}

std::string get_table(const Section& section, const TableSpec& table) {
  std::string out;
  for (const auto& e : section.entries) {
    out += "== [ " + e.key + " ]\n" + (table.highest_key != 0 ? "id: " : "name: ") + e.key;
    for (const auto& a : e.attributes)
      if (const auto* spec = find_attribute(table, a.name)) out += "   " + a.name + ": " + get_value(*spec, e);
    out += "\n";
  }
  return out;
}

}  // namespace dormouse::config
