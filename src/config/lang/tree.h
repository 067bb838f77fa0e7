// The configuration as written: sections, entries and attributes with their places and comments, in the order of the
// text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace dormouse::config {

/// 1-based, in octets; 0 = made by a program, not read from a text.
struct Place {
  unsigned line = 0, column = 0;
};
using Comments = std::vector<std::string>;  ///< the lines above something, without '#'

struct Value {
  std::string text;
  Place at = {};
};
struct Attribute {
  std::string name;
  Place at = {};
  std::vector<Value> values = {};
  Comments comments = {};
};
struct Section;
/// `edit KEY ... next`. A singleton section has one entry with an empty key.
struct Entry {
  Entry();  // defined where Section is complete
  explicit Entry(std::string name, Place place = {});
  std::string key;
  Place at;
  std::vector<Attribute> attributes;
  std::vector<Section> sections;  ///< nested tables, e.g. `config hosts`
  Comments comments;
  Comments last_comments;  ///< those before its `next` or `end`
  [[nodiscard]] Attribute* find(std::string_view name);
  [[nodiscard]] const Attribute* find(std::string_view name) const { return const_cast<Entry*>(this)->find(name); }
  [[nodiscard]] Section* section(std::string_view path);
  [[nodiscard]] const Section* section(std::string_view path) const { return const_cast<Entry*>(this)->section(path); }
  /// Replaces the values of an attribute, which is added if it is not there.
  void set(std::string_view name, std::vector<std::string> values);
  void unset(std::string_view name);
};
/// `config PATH ... end`; the path's words joined by single blanks.
struct Section {
  std::string path;
  Place at = {};
  std::vector<Entry> entries = {};
  Comments comments = {};
  Comments last_comments = {};
  [[nodiscard]] Entry* find(std::string_view key);
  [[nodiscard]] const Entry* find(std::string_view key) const { return const_cast<Section*>(this)->find(key); }
};
struct Tree {
  std::vector<Section> sections = {};
  Comments last_comments = {};
  [[nodiscard]] Section* find(std::string_view path);
  [[nodiscard]] const Section* find(std::string_view path) const { return const_cast<Tree*>(this)->find(path); }
  /// The section of that path, made if it is not there.
  Section& section(std::string_view path);
};

/// Equal but for places and comments.
[[nodiscard]] bool same(const Entry& a, const Entry& b);
[[nodiscard]] bool same(const Tree& a, const Tree& b);
/// The lowest number from 1 that is no key of `section`, as `edit 0` takes it.
[[nodiscard]] std::string free_number(const Section& section);

/// The tree in FortiOS's form: four blanks a level, every value quoted that needs it. Parsing it gives the same tree
/// again.
[[nodiscard]] std::string print(const Tree& tree);
[[nodiscard]] std::string print(const Section& section, unsigned level = 0);
/// `text` in double quotes with \" and \\ escaped.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// `text` as it is where that reads back as one word, in quotes otherwise.
[[nodiscard]] std::string quoted_if_needed(std::string_view text);
/// Whether the word begins a statement, and so is a value only in quotes.
[[nodiscard]] bool is_statement(std::string_view word);

}  // namespace dormouse::config
