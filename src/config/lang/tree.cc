#include "config/lang/tree.h"

#include <algorithm>
#include <set>

namespace dormouse::config {
namespace {

bool same(const Section& a, const Section& b) {
  return a.path == b.path &&
         std::ranges::equal(a.entries, b.entries, [](const Entry& x, const Entry& y) { return config::same(x, y); });
}

bool same(const Attribute& a, const Attribute& b) {
  return a.name == b.name && std::ranges::equal(a.values, b.values, {}, &Value::text, &Value::text);
}

void print_comments(const Comments& comments, const std::string& indent, std::string& out) {
  for (const auto& c : comments) out += indent + "#" + c + "\n";
}

void print_entry(const Entry& e, unsigned level, std::string& out) {
  const std::string indent(4 * level, ' ');
  for (const auto& a : e.attributes) {
    print_comments(a.comments, indent, out);
    out += indent + "set " + a.name;
    for (const auto& v : a.values) out += " " + quoted_if_needed(v.text);
    out += "\n";
  }
  for (const auto& s : e.sections) out += print(s, level);
  print_comments(e.last_comments, indent, out);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_statement(std::string_view word) {
  static constexpr std::string_view kWords[] = {"config", "edit",   "set",   "unset",  "append", "next",
                                                "end",    "delete", "purge", "rename", "clone",  "move"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

Entry::Entry() = default;

Entry::Entry(std::string name, Place place) : key(std::move(name)), at(place) {}

Attribute* Entry::find(std::string_view name) {
  const auto it = std::ranges::find(attributes, name, &Attribute::name);
  return it == attributes.end() ? nullptr : &*it;
}

Section* Entry::section(std::string_view path) {
  const auto it = std::ranges::find(sections, path, &Section::path);
  return it == sections.end() ? nullptr : &*it;
}

void Entry::set(std::string_view name, std::vector<std::string> values) {
  Attribute* a = find(name);
  if (!a) a = &attributes.emplace_back(Attribute{.name = std::string(name)});
  a->values.clear();
  for (auto& v : values) a->values.push_back({.text = std::move(v)});
}

void Entry::unset(std::string_view name) {
  std::erase_if(attributes, [&](const Attribute& a) { return a.name == name; });
}

Entry* Section::find(std::string_view key) {
  const auto it = std::ranges::find(entries, key, &Entry::key);
  return it == entries.end() ? nullptr : &*it;
}

Section* Tree::find(std::string_view path) {
  const auto it = std::ranges::find(sections, path, &Section::path);
  return it == sections.end() ? nullptr : &*it;
}

Section& Tree::section(std::string_view path) {
  if (Section* s = find(path)) return *s;
  return sections.emplace_back(Section{.path = std::string(path)});
}

bool same(const Entry& a, const Entry& b) {
  return a.key == b.key &&
         std::ranges::equal(a.attributes, b.attributes,
                            [](const Attribute& x, const Attribute& y) { return same(x, y); }) &&
         std::ranges::equal(a.sections, b.sections, [](const Section& x, const Section& y) { return same(x, y); });
}

bool same(const Tree& a, const Tree& b) {
  return std::ranges::equal(a.sections, b.sections, [](const Section& x, const Section& y) { return same(x, y); });
}

std::string free_number(const Section& section) {
  std::set<std::string_view> taken;
  for (const auto& e : section.entries) taken.insert(e.key);
  std::size_t n = 1;
  while (taken.contains(std::to_string(n))) ++n;
  return std::to_string(n);
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string quoted_if_needed(std::string_view text) {
  const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '#'; };
  const bool bare = !text.empty() && !is_statement(text) && std::ranges::all_of(text, plain);
  return bare ? std::string(text) : in_quotes(text);
}

std::string print(const Section& s, unsigned level) {
  const std::string indent(4 * level, ' '), inner = indent + "    ";
  std::string out;
  print_comments(s.comments, indent, out);
  out += indent + "config " + s.path + "\n";
  for (const auto& e : s.entries) {
    if (e.key.empty()) {
      print_entry(e, level + 1, out);
      continue;
    }
    print_comments(e.comments, inner, out);
    out += inner + "edit " + (is_number(e.key) ? e.key : in_quotes(e.key)) + "\n";
    print_entry(e, level + 2, out);
    out += inner + "next\n";
  }
  print_comments(s.last_comments, inner, out);
  return out + indent + "end\n";
}

std::string print(const Tree& tree) {
  std::string out;
  for (const auto& s : tree.sections) out += print(s);
  print_comments(tree.last_comments, "", out);
  return out;
}

}  // namespace dormouse::config
