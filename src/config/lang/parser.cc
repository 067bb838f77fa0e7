#include "config/lang/parser.h"

#include <algorithm>

#include "config/lang/lexer.h"
#include "config/lang/spelling.h"

namespace dormouse::config {
namespace {

bool is_keyword(const Word& w) { return !w.quoted && is_statement(w.text); }

/// One `config` we are inside of, and the entry being edited there. Places in vectors are kept as numbers: vectors
/// move.
struct Level {
  std::string path;
  Shape::Kind kind = Shape::Kind::unknown;
  std::size_t section = 0;  // in the tree, or in the entry of the level above
  std::size_t entry = 0;    // being edited there
  bool in_entry = false;
  bool skipped = false;  // an unknown section, or an entry whose `edit` was wrong: reported once, then passed over
};

class Parser {
 public:
  Parser(std::string_view text, const Shape& shape, Tree& tree) : lexed_(lex(text)), shape_(shape), tree_(tree) {}

  std::vector<Diagnostic> run() {
    while (at_ < lexed_.words.size() && errors_.size() < kMaxErrors) statement();
    if (errors_.size() >= kMaxErrors) {
      report(place_, "", "too many errors, the rest is not read", "");
    } else if (lexed_.unterminated.line != 0) {
      // Whatever follows the quote was read as part of it, so other errors behind it would only mislead.
      const auto opened = lexed_.unterminated;
      std::erase_if(errors_, [&](const Diagnostic& d) { return d.at.line >= opened.line; });
      report(opened, "", "this quote is never closed", "a closing quote");
    } else if (!levels_.empty()) {
      report(last(), "", "the text ends inside 'config " + levels_.back().path + "'",
             levels_.back().in_entry ? "next and end" : "end");
    }
    append(tree_.last_comments, lexed_.last_comments);
    return std::move(errors_);
  }

 private:
  [[nodiscard]] Place last() const { return lexed_.words.empty() ? Place{1, 1} : lexed_.words.back().at; }
  [[nodiscard]] bool skipping() const { return !levels_.empty() && levels_.back().skipped; }
  [[nodiscard]] bool in_entry() const { return !levels_.empty() && levels_.back().in_entry; }

  [[nodiscard]] std::string where() {
    std::string out;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      out += (i == 0 ? "" : " ") + levels_[i].path;
      if (levels_[i].in_entry && !levels_[i].skipped && !entry(i).key.empty()) out += " " + in_quotes(entry(i).key);
    }
    return out;
  }
  void report(Place at, std::string attribute, std::string message, std::string accepted) {
    errors_.push_back({false, at, where(), std::move(attribute), std::move(message), std::move(accepted)});
  }

  std::vector<Section>& home(std::size_t level) { return level == 0 ? tree_.sections : entry(level - 1).sections; }
  Section& section(std::size_t level) { return home(level)[levels_[level].section]; }
  Entry& entry(std::size_t level) { return section(level).entries[levels_[level].entry]; }
  Section& section() { return section(levels_.size() - 1); }
  Entry& entry() { return entry(levels_.size() - 1); }

  static void append(Comments& to, const Comments& from) { to.insert(to.end(), from.begin(), from.end()); }

  /// The words up to the next statement: the end of the line, or a bare keyword (flattened text).
  std::vector<Word> arguments() {
    std::vector<Word> out;
    while (at_ < lexed_.words.size() && !lexed_.words[at_].first_on_line && !is_keyword(lexed_.words[at_]))
      out.push_back(lexed_.words[at_++]);
    return out;
  }

  void statement() {
    const Word verb = lexed_.words[at_++];
    place_ = verb.at;
    if (!is_keyword(verb)) return unknown(verb, arguments());
    obey(verb.text, verb, arguments());
  }

  void obey(std::string_view verb, const Word& word, const std::vector<Word>& args) {
    if (verb == "config") return begin_section(word, args);
    if (levels_.empty()) return report(word.at, "", "'" + word.text + "' outside of any section", "config");
    const bool bare = verb == "end" || verb == "next" || verb == "purge";
    if (bare && !args.empty() && !skipping())
      report(args[0].at, "", "unexpected '" + args[0].text + "' after '" + std::string(verb) + "'", "nothing");
    if (verb == "end") return end(word);
    if (verb == "next") return next(word);
    if (skipping() && (levels_.back().kind == Shape::Kind::unknown || verb != "edit")) return;
    if (verb == "edit") return edit(word, args);
    if (verb == "set" || verb == "append" || verb == "unset") return change(word, args);
    rearrange(word, args);
  }

  /// A mistyped word is reported, and taken for what was meant where that keeps the rest readable.
  void unknown(const Word& verb, const std::vector<Word>& args) {
    if (skipping()) return;
    std::vector<std::string_view> words{"config"};
    if (in_entry() && levels_.back().kind == Shape::Kind::singleton)
      words = {"set", "unset", "append", "end"};
    else if (in_entry())
      words = {"set", "unset", "append", "config", "next", "end"};
    else if (!levels_.empty())
      words = {"edit", "delete", "purge", "rename", "clone", "move", "end"};
    std::string all;
    for (const auto w : words) all += (all.empty() ? "" : ", ") + std::string(w);
    const auto meant = nearest(verb.text, words);
    report(verb.at, "", "unknown word '" + verb.text + "'" + (meant.empty() ? "" : ", did you mean '" + meant + "'?"),
           all);
    if (meant == "config" || meant == "edit" || meant == "next" || meant == "end") obey(meant, verb, args);
  }

  void begin_section(const Word& verb, const std::vector<Word>& args) {
    std::string path;
    for (const auto& a : args) path += (path.empty() ? "" : " ") + a.text;
    if (skipping()) return levels_.push_back({.path = path, .in_entry = true, .skipped = true});
    if (!levels_.empty()) leave_if_at_top(verb, path);
    const std::string parent = levels_.empty() ? "" : levels_.back().path;
    const auto kind = levels_.empty() || in_entry() ? shape_.kind(path, parent) : Shape::Kind::unknown;
    if (kind == Shape::Kind::unknown || kind == Shape::Kind::foreign)
      return refuse_section(verb, args, path, parent, kind);
    auto& sections = levels_.empty() ? tree_.sections : entry().sections;
    auto found = std::ranges::find(sections, path, &Section::path);
    if (found == sections.end()) found = sections.insert(found, Section{.path = path, .at = verb.at});
    append(found->comments, verb.comments);
    const bool singleton = kind == Shape::Kind::singleton;
    if (singleton && found->entries.empty()) found->entries.emplace_back("", verb.at);
    levels_.push_back({path, kind, static_cast<std::size_t>(found - sections.begin()), 0, singleton, false});
  }

  /// `config` of a section of the top while another is open: its `end` was forgotten.
  void leave_if_at_top(const Word& verb, const std::string& path) {
    const bool nested = in_entry() && shape_.kind(path, levels_.back().path) != Shape::Kind::unknown;
    if (nested || shape_.kind(path, "") == Shape::Kind::unknown) return;
    const bool entry_open = in_entry() && levels_.back().kind != Shape::Kind::singleton;
    report(verb.at, "", "'config " + path + "' inside 'config " + levels_.front().path + "'",
           entry_open ? "next and end before it" : "end before it");
    levels_.clear();
  }

  void refuse_section(const Word& verb, const std::vector<Word>& args, const std::string& path,
                      const std::string& parent, Shape::Kind kind) {
    const Place at = args.empty() ? verb.at : args.front().at;
    if (args.empty())
      report(verb.at, "", "'config' names nothing", shape_.suggest("", parent));
    else if (!levels_.empty() && !in_entry())
      report(verb.at, "", "'config' before any 'edit'", "edit or end");
    else if (kind == Shape::Kind::foreign)
      report(at, "", "FortiOS has 'config " + path + "', Dormouse does not support it", "leave it out");
    else
      report(at, "", "unknown section '" + path + "'", shape_.suggest(path, parent));
    levels_.push_back({.path = path, .in_entry = true, .skipped = true});
  }

  void end(const Word& verb) {
    if (!skipping()) append(in_entry() ? entry().last_comments : section().last_comments, verb.comments);
    levels_.pop_back();
  }

  void next(const Word& verb) {
    auto& l = levels_.back();
    if (l.skipped && l.kind == Shape::Kind::unknown) return;
    if (!l.in_entry || l.kind == Shape::Kind::singleton)
      return report(verb.at, "", "'next' without 'edit'", l.in_entry ? "set, unset or end" : "edit or end");
    if (!l.skipped) append(entry().last_comments, verb.comments);
    l.in_entry = l.skipped = false;
  }

  void edit(const Word& verb, const std::vector<Word>& args) {
    auto& l = levels_.back();
    if (l.kind == Shape::Kind::singleton)
      return report(verb.at, "", "'" + l.path + "' has no entries to edit", "set, unset or end");
    if (l.in_entry) report(verb.at, "", "'edit' inside an entry", "next before it");
    l.in_entry = true;
    l.skipped = args.size() != 1 || args[0].text.empty();
    if (l.skipped)
      return report(args.size() < 2 ? verb.at : args[1].at, "", "'edit' takes one name",
                    "edit \"NAME\"; a name with blanks in quotes");
    auto& entries = section().entries;
    std::string key = args[0].text;
    if (key == "0" && l.kind == Shape::Kind::numbered) key = free_number(section());
    auto found = std::ranges::find(entries, key, &Entry::key);
    if (found == entries.end()) found = entries.insert(found, Entry(key, args[0].at));
    append(found->comments, verb.comments);
    l.entry = static_cast<std::size_t>(found - entries.begin());
  }

  void change(const Word& verb, const std::vector<Word>& args) {
    const auto& l = levels_.back();
    if (!l.in_entry) return report(verb.at, "", "'" + verb.text + "' before any 'edit'", "edit or end");
    const bool unset = verb.text == "unset";
    if (args.empty())
      return report(verb.at, "", "'" + verb.text + "' names no attribute",
                    verb.text + " ATTRIBUTE" + (unset ? "" : " VALUE"));
    const std::string& name = args[0].text;
    if (unset) return entry().unset(name);
    if (args.size() < 2) return report(args[0].at, name, "no value", verb.text + " " + name + " VALUE");
    Attribute* a = entry().find(name);
    if (!a) {
      a = &entry().attributes.emplace_back(Attribute{.name = name});
      if (verb.text == "append") add_defaults(*a, args[0].at);
    }
    a->at = args[0].at;
    append(a->comments, verb.comments);
    if (verb.text == "set") a->values.clear();
    for (std::size_t i = 1; i < args.size(); ++i) a->values.push_back({args[i].text, args[i].at});
  }

  void add_defaults(Attribute& a, Place at) {
    if (!shape_.defaults) return;
    const std::string parent = levels_.size() < 2 ? "" : levels_[levels_.size() - 2].path;
    for (auto& v : shape_.defaults(levels_.back().path, parent, a.name)) a.values.push_back({std::move(v), at});
  }

  void rearrange(const Word& verb, const std::vector<Word>& args) {
    if (in_entry()) return report(verb.at, "", "'" + verb.text + "' inside an entry", "next or end first");
    auto& entries = section().entries;
    if (verb.text == "purge") return entries.clear();
    const std::string form = verb.text == "delete" ? "delete NAME"
                             : verb.text == "move" ? "move NAME before|after OTHER"
                                                   : verb.text + " NAME to NEW";
    if (args.size() != (verb.text == "delete" ? 1U : 3U))
      return report(verb.at, "", "'" + verb.text + "' is incomplete", form);
    const auto from = std::ranges::find(entries, args[0].text, &Entry::key);
    if (from == entries.end()) return report(args[0].at, "", "no entry '" + args[0].text + "'", "an existing name");
    if (verb.text == "delete") {
      entries.erase(from);
    } else if (verb.text == "move") {
      move(from, args);
    } else {
      rename(verb, from, args);
    }
  }

  void rename(const Word& verb, std::vector<Entry>::iterator from, const std::vector<Word>& args) {
    if (args[1].text != "to") return report(args[1].at, "", "unexpected '" + args[1].text + "'", "to");
    if (section().find(args[2].text))
      return report(args[2].at, "", "an entry '" + args[2].text + "' exists", "a new name");
    if (args[2].text.empty()) return report(args[2].at, "", "an empty name", "a new name");
    if (verb.text == "rename") {
      from->key = args[2].text;
      return;
    }
    Entry copy = *from;
    copy.key = args[2].text;
    section().entries.push_back(std::move(copy));
  }

  void move(std::vector<Entry>::iterator from, const std::vector<Word>& args) {
    auto& entries = section().entries;
    const bool before = args[1].text == "before";
    if (!before && args[1].text != "after")
      return report(args[1].at, "", "unexpected '" + args[1].text + "'", "before or after");
    if (!section().find(args[2].text))
      return report(args[2].at, "", "no entry '" + args[2].text + "'", "an existing name");
    if (args[2].text == args[0].text) return;
    Entry e = std::move(*from);
    entries.erase(from);
    const auto to = std::ranges::find(entries, args[2].text, &Entry::key);
    entries.insert(before ? to : to + 1, std::move(e));
  }

  Lexed lexed_;
  const Shape& shape_;
  Tree& tree_;
  std::size_t at_ = 0;
  Place place_{1, 1};
  std::vector<Level> levels_;
  std::vector<Diagnostic> errors_;
};

}  // namespace

std::vector<Diagnostic> apply(std::string_view text, const Shape& shape, Tree& tree) {
  return Parser(text, shape, tree).run();
}

}  // namespace dormouse::config
