#include "config/lang/parser.h"

#include <algorithm>

#include "config/lang/lexer.h"

namespace dormouse::config {
namespace {

constexpr std::string_view kKeywords[] = {"config", "edit", "set", "unset", "append", "next", "end", "delete", "purge", "rename", "clone", "move"};

bool is_keyword(const Word& w) { return !w.quoted && std::ranges::find(kKeywords, w.text) != std::end(kKeywords); }

/// One `config` we are inside of, and the entry being edited there.
struct Level {
  std::vector<Section>* home;   // where the section lives: the tree's or an entry's
  std::string path;
  Shape::Kind kind;
  std::string key;              // of the entry being edited
  bool in_entry = false;
};

class Parser {
 public:
  Parser(std::string_view text, const Shape& shape, Tree& tree) : lexed_(lex(text)), shape_(shape), tree_(tree) {}

  std::vector<Diagnostic> run() {
    while (at_ < lexed_.words.size()) statement();
    if (lexed_.unterminated.line != 0) report(lexed_.unterminated, "", "this quote is never closed", "a closing quote");
    else if (!levels_.empty()) report(last(), "", "the text ends inside 'config " + levels_.back().path + "'", levels_.back().in_entry ? "next or end" : "end");
    return std::move(errors_);
  }

 private:
  [[nodiscard]] Place last() const { return lexed_.words.empty() ? Place{1, 1} : lexed_.words.back().at; }
  [[nodiscard]] std::string where() const {
    std::string out;
    for (const auto& l : levels_) {
      out += (out.empty() ? "" : " ") + l.path;
      if (l.in_entry && !l.key.empty()) out += " " + quoted(l.key);
    }
    return out;
  }
  void report(Place at, std::string attribute, std::string message, std::string accepted) {
    errors_.push_back({false, at, where(), std::move(attribute), std::move(message), std::move(accepted)});
  }
  [[nodiscard]] Section& section() {
    auto& l = levels_.back();
    return *std::ranges::find(*l.home, l.path, &Section::path);
  }
  [[nodiscard]] Entry& entry() { return *section().find(levels_.back().key); }

  /// The words up to the next statement: the end of the line, or a bare keyword (flattened text).
  std::vector<Word> arguments() {
    std::vector<Word> out;
    while (at_ < lexed_.words.size() && !lexed_.words[at_].first_on_line && !is_keyword(lexed_.words[at_])) out.push_back(lexed_.words[at_++]);
    return out;
  }

  void statement() {
    const Word verb = lexed_.words[at_++];
    const bool config = !verb.quoted && verb.text == "config";
    const auto args = arguments();
    if (!is_keyword(verb)) {
      const bool inside = !levels_.empty();
      return report(verb.at, "", "unknown word '" + verb.text + "'",
                    !inside ? "config" : levels_.back().in_entry ? "set, unset, append, config, next or end" : "edit, delete, purge, rename, clone, move or end");
    }
    if (config) return begin_section(verb, args);
    if (levels_.empty()) return report(verb.at, "", "'" + verb.text + "' outside of any section", "config");
    if (verb.text == "end") return end();
    if (verb.text == "next") return next(verb);
    if (verb.text == "edit") return edit(verb, args);
    if (verb.text == "set" || verb.text == "append" || verb.text == "unset") return change(verb, args);
    rearrange(verb, args);
  }

  void begin_section(const Word& verb, const std::vector<Word>& args) {
    std::string path;
    for (const auto& a : args) path += (path.empty() ? "" : " ") + a.text;
    const bool nested = !levels_.empty();
    if (nested && !levels_.back().in_entry) {
      report(verb.at, "", "'config' before any 'edit'", "edit or end");
    }
    const auto kind = shape_.kind(path, nested ? levels_.back().path : "");
    if (kind == Shape::Kind::unknown) {
      report(args.empty() ? verb.at : args.front().at, "", args.empty() ? "'config' names nothing" : "unknown section '" + path + "'", shape_.suggest(path));
    }
    auto& home = nested && levels_.back().in_entry ? entry().sections : tree_.sections;
    if (std::ranges::find(home, path, &Section::path) == home.end()) home.push_back({path, verb.at, {}});
    levels_.push_back({&home, path, kind, "", kind == Shape::Kind::singleton});
    if (kind == Shape::Kind::singleton && !section().find("")) section().entries.push_back({"", verb.at, {}, {}});
  }

  void end() { levels_.pop_back(); }

  void next(const Word& verb) {
    auto& l = levels_.back();
    if (!l.in_entry || l.kind == Shape::Kind::singleton) return report(verb.at, "", "'next' without 'edit'", l.in_entry ? "set, unset or end" : "edit or end");
    l.in_entry = false;
  }

  void edit(const Word& verb, const std::vector<Word>& args) {
    auto& l = levels_.back();
    if (l.kind == Shape::Kind::singleton) return report(verb.at, "", "'" + l.path + "' has no entries to edit", "set, unset or end");
    if (l.in_entry) return report(verb.at, "", "'edit' inside an entry", "next, end, set or unset");
    if (args.size() != 1) return report(args.size() < 2 ? verb.at : args[1].at, "", "'edit' takes one name", "edit \"NAME\"");
    l.key = args[0].text;
    if (l.key == "0" || l.key.empty()) l.key = free_number();
    l.in_entry = true;
    if (!section().find(l.key)) section().entries.push_back({l.key, args[0].at, {}, {}});
  }

  [[nodiscard]] std::string free_number() {
    unsigned n = 1;
    while (section().find(std::to_string(n))) ++n;
    return std::to_string(n);
  }

  void change(const Word& verb, const std::vector<Word>& args) {
    if (!levels_.back().in_entry) return report(verb.at, "", "'" + verb.text + "' before any 'edit'", "edit or end");
    if (args.empty()) return report(verb.at, "", "'" + verb.text + "' names no attribute", verb.text + " ATTRIBUTE" + (verb.text == "unset" ? "" : " VALUE"));
    Entry& e = entry();
    Attribute* a = e.find(args[0].text);
    if (verb.text == "unset") {
      if (a) e.attributes.erase(e.attributes.begin() + (a - e.attributes.data()));
      return;
    }
    if (args.size() < 2) return report(args[0].at, args[0].text, "no value", "set " + args[0].text + " VALUE");
    if (!a) a = &e.attributes.emplace_back(Attribute{args[0].text, args[0].at, {}});
    a->at = args[0].at;
    if (verb.text == "set") a->values.clear();
    for (std::size_t i = 1; i < args.size(); ++i) a->values.push_back({args[i].text, args[i].at});
  }

  void rearrange(const Word& verb, const std::vector<Word>& args) {
    auto& l = levels_.back();
    if (l.in_entry) return report(verb.at, "", "'" + verb.text + "' inside an entry", "next or end first");
    auto& entries = section().entries;
    if (verb.text == "purge") return entries.clear();
    const std::size_t wanted = verb.text == "delete" ? 1 : 3;
    if (args.size() != wanted)
      return report(verb.at, "", "'" + verb.text + "' is incomplete", verb.text == "delete" ? "delete NAME" : verb.text == "move" ? "move NAME before|after OTHER" : verb.text + " NAME to NEW");
    const Entry* found = section().find(args[0].text);
    if (!found) return report(args[0].at, "", "no entry '" + args[0].text + "'", "an existing name");
    const auto from = entries.begin() + (found - entries.data());
    if (verb.text == "delete") {
      entries.erase(from);
      return;
    }
    if (verb.text == "move") return move(from, args);
    if (args[1].text != "to") return report(args[1].at, "", "unexpected '" + args[1].text + "'", "to");
    if (section().find(args[2].text)) return report(args[2].at, "", "an entry '" + args[2].text + "' exists", "a new name");
    if (verb.text == "rename") {
      from->key = args[2].text;
    } else {
      Entry copy = *from;
      copy.key = args[2].text;
      entries.push_back(std::move(copy));
    }
  }

  void move(std::vector<Entry>::iterator from, const std::vector<Word>& args) {
    auto& entries = section().entries;
    const bool before = args[1].text == "before";
    if (!before && args[1].text != "after") return report(args[1].at, "", "unexpected '" + args[1].text + "'", "before or after");
    if (!section().find(args[2].text)) return report(args[2].at, "", "no entry '" + args[2].text + "'", "an existing name");
    if (args[2].text == args[0].text) return;
    Entry e = std::move(*from);
    entries.erase(from);
    auto to = std::ranges::find(entries, args[2].text, &Entry::key);
    entries.insert(before ? to : to + 1, std::move(e));
  }

  Lexed lexed_;
  const Shape& shape_;
  Tree& tree_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
  std::vector<Diagnostic> errors_;
};

std::string_view line_of(std::string_view text, unsigned line) {
  for (unsigned n = 1; n < line; ++n) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::vector<Diagnostic> apply(std::string_view text, const Shape& shape, Tree& tree) { return Parser(text, shape, tree).run(); }

std::string render(const Diagnostic& d, std::string_view file, std::string_view source) {
  std::string out = std::string(file) + ":" + std::to_string(d.at.line) + ":" + std::to_string(d.at.column) + ": " + (d.warning ? "warning" : "error") + ": ";
  if (!d.path.empty()) out += d.path + ": ";
  if (!d.attribute.empty()) out += d.attribute + ": ";
  out += d.message;
  if (!d.accepted.empty()) out += "; expected: " + d.accepted;
  out += "\n";
  auto line = line_of(source, d.at.line);
  if (line.empty() || d.at.column == 0 || d.at.column > line.size() + 1) return out;
  // A flattened page is one long line: show the part round the place.
  std::size_t from = d.at.column > 60 ? d.at.column - 60 : 0;
  line = line.substr(from, 110);
  return out + "    " + std::string(line) + "\n    " + std::string(d.at.column - 1 - from, ' ') + "^\n";
}

}  // namespace dormouse::config
