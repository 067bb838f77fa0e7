#include "config/lang/tree.h"

#include <algorithm>

namespace dormouse::config {
namespace {

bool is_bare(std::string_view text) {
  if (text.empty()) return false;
  static constexpr std::string_view kWords[] = {"config", "edit", "set", "unset", "append", "next", "end", "delete", "purge", "rename", "clone", "move"};
  if (std::ranges::find(kWords, text) != std::end(kWords)) return false;
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '#'; });
}

void print_entry(const Entry& e, unsigned level, std::string& out) {
  const std::string indent(4 * level, ' ');
  for (const auto& a : e.attributes) {
    out += indent + "set " + a.name;
    for (const auto& v : a.values) out += " " + (is_bare(v.text) ? v.text : quoted(v.text));
    out += "\n";
  }
  for (const auto& s : e.sections) out += print(s, level);
}

}  // namespace

Attribute* Entry::find(std::string_view name) {
  const auto it = std::ranges::find(attributes, name, &Attribute::name);
  return it == attributes.end() ? nullptr : &*it;
}

Section* Entry::section(std::string_view path) {
  const auto it = std::ranges::find(sections, path, &Section::path);
  return it == sections.end() ? nullptr : &*it;
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
  return sections.emplace_back(Section{std::string(path), {}, {}});
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string print(const Section& s, unsigned level) {
  const std::string indent(4 * level, ' ');
  std::string out = indent + "config " + s.path + "\n";
  for (const auto& e : s.entries) {
    if (e.key.empty()) {
      print_entry(e, level + 1, out);
      continue;
    }
    const bool number = std::ranges::all_of(e.key, [](char c) { return c >= '0' && c <= '9'; });
    out += indent + "    edit " + (number ? e.key : quoted(e.key)) + "\n";
    print_entry(e, level + 2, out);
    out += indent + "    next\n";
  }
  return out + indent + "end\n";
}

std::string print(const Tree& tree) {
  std::string out;
  for (const auto& s : tree.sections) out += print(s);
  return out;
}

}  // namespace dormouse::config
