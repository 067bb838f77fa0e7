// The configuration as written: sections, entries and attributes with their places, in the order of the text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace dormouse::config {

/// 1-based; 0 = made by a program, not read from a text.
struct Place {
  unsigned line = 0, column = 0;
};
struct Value {
  std::string text;
  Place at;
};
struct Attribute {
  std::string name;
  Place at;
  std::vector<Value> values;
};
struct Section;
/// `edit KEY ... next`. A singleton section has one entry with an empty key.
struct Entry {
  std::string key;
  Place at;
  std::vector<Attribute> attributes;
  std::vector<Section> sections;  ///< nested tables, e.g. `config hosts`
  [[nodiscard]] Attribute* find(std::string_view name);
  [[nodiscard]] const Attribute* find(std::string_view name) const { return const_cast<Entry*>(this)->find(name); }
  [[nodiscard]] Section* section(std::string_view path);
};
/// `config PATH ... end`; the path's words joined by single blanks.
struct Section {
  std::string path;
  Place at;
  std::vector<Entry> entries;
  [[nodiscard]] Entry* find(std::string_view key);
  [[nodiscard]] const Entry* find(std::string_view key) const { return const_cast<Section*>(this)->find(key); }
};
struct Tree {
  std::vector<Section> sections;
  [[nodiscard]] Section* find(std::string_view path);
  [[nodiscard]] const Section* find(std::string_view path) const { return const_cast<Tree*>(this)->find(path); }
  /// The section of that path, made if it is not there.
  Section& section(std::string_view path);
};

/// The tree in FortiOS's form: four blanks a level, every value quoted that needs it.
[[nodiscard]] std::string print(const Tree& tree);
[[nodiscard]] std::string print(const Section& section, unsigned level = 0);
/// `text` in double quotes with \" and \\ escaped.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace dormouse::config
