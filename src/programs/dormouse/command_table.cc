#include "programs/dormouse/command_table.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/result.h"
#include "config/lang/spelling.h"
#include "config/schema/schema.h"

namespace dormouse::shell {
namespace {

bool is_place(std::string_view word) { return !word.empty() && word[0] >= 'A' && word[0] <= 'Z'; }

Words words_of(std::string_view text) {
  Words out;
  for (const auto w : config::split(text)) out.emplace_back(w);
  return out;
}

}  // namespace

void CommandTable::add(std::string_view pattern, std::string help, Run run) {
  const auto command = commands_.size();
  commands_.push_back({std::string(pattern), std::move(help), std::move(run)});
  const auto bracket = pattern.find('[');
  auto row = [&](std::string text) {
    const bool rest = text.ends_with("...");
    if (rest) text.resize(text.size() - 3);
    rows_.push_back({words_of(text), rest, command});
  };
  row(std::string(pattern.substr(0, bracket)));
  if (bracket == std::string_view::npos) return;
  std::string whole(pattern);
  std::erase_if(whole, [](char c) { return c == '[' || c == ']'; });
  row(whole);
}

/// The different words that stand at `position`, in the order of the table.
std::vector<std::string> CommandTable::next_words(const Rows& rows, std::size_t position) const {
  std::vector<std::string> out;
  for (const auto* row : rows)
    if (position < row->words.size() && std::ranges::find(out, row->words[position]) == out.end())
      out.push_back(row->words[position]);
  return out;
}

/// The rows whose beginning the first `count` words are.
std::expected<CommandTable::Rows, CommandTable::Mistake> CommandTable::walk(const Words& words,
                                                                            std::size_t count) const {
  Rows rows;
  for (const auto& row : rows_) rows.push_back(&row);
  for (std::size_t i = 0; i < count; ++i) {
    const auto next = next_words(rows, i);
    std::vector<std::string> meant;
    for (const auto& word : next) {
      if (is_place(word)) continue;
      if (word == words[i]) meant = {word};
      if (word == words[i]) break;
      if (word.starts_with(words[i])) meant.push_back(word);
    }
    if (meant.size() > 1) return std::unexpected(Mistake{Mistake::Kind::ambiguous, i, meant});
    Rows kept;
    for (const auto* row : rows) {
      const bool has = i < row->words.size();
      const bool fits = !meant.empty() ? has && row->words[i] == meant[0] : (has ? is_place(row->words[i]) : row->rest);
      if (fits) kept.push_back(row);
    }
    if (kept.empty()) return std::unexpected(Mistake{Mistake::Kind::unknown, i, next});
    rows = std::move(kept);
  }
  return rows;
}

std::expected<CommandTable::Match, CommandTable::Mistake> CommandTable::find(const Words& words) const {
  TRY_ASSIGN(const auto rows, walk(words, words.size()));
  for (const auto* row : rows) {
    if (row->words.size() > words.size() || (row->words.size() < words.size() && !row->rest)) continue;
    Match out{&commands_[row->command].run, {}};
    for (std::size_t i = 0; i < words.size(); ++i)
      if (i >= row->words.size() || is_place(row->words[i])) out.arguments.push_back(words[i]);
    return out;
  }
  return std::unexpected(Mistake{Mistake::Kind::incomplete, words.size(), next_words(rows, words.size())});
}

/// Of the command, where `word` ends one or leads to no other; of the words up to there, where it leads to several.
std::string CommandTable::help_at(const Rows& rows, std::size_t position, const std::string& word) const {
  std::string path;
  std::optional<std::size_t> command;
  bool several = false;
  for (const auto* row : rows) {
    if (position >= row->words.size() || row->words[position] != word) continue;
    if (row->words.size() == position + 1) return commands_[row->command].help;
    several = several || (command && *command != row->command);
    command = row->command;
    if (!path.empty()) continue;
    for (std::size_t i = 0; i <= position; ++i) path += (i == 0 ? "" : " ") + row->words[i];
  }
  if (const auto it = described_.find(path); it != described_.end()) return it->second;
  return command && !several ? commands_[*command].help : "";
}

Suggestions CommandTable::complete(const Words& words, const NamesOf& names) const {
  Suggestions out;
  if (words.empty()) return out;
  const auto at = words.size() - 1;
  const auto rows = walk(words, at);
  if (!rows) return out;
  const auto& typed = words.back();
  for (const auto& word : next_words(*rows, at)) {
    const auto help = help_at(*rows, at, word);
    if (!is_place(word)) {
      if (word.starts_with(typed)) out.push_back({word, help});
      continue;
    }
    const auto known = names ? names(word) : std::vector<std::string>{};
    for (const auto& name : known)
      if (name.starts_with(typed)) out.push_back({name, help});
    if (known.empty()) out.push_back({"<" + word + ">", help, true});
  }
  const bool ends = std::ranges::any_of(*rows, [&](const Row* row) { return row->words.size() == at; });
  if (ends && typed.empty()) out.push_back({"<Enter>", "run the command", true});
  return out;
}

std::string CommandTable::help() const {
  std::string out;
  for (const auto& c : commands_) out += fmt::format("{:<52} {}\n", c.pattern, c.help);
  return out;
}

Reply explain(const CommandTable::Mistake& mistake, const Words& words) {
  using Kind = CommandTable::Mistake::Kind;
  std::string expected;
  for (const auto& word : mistake.expected)
    expected += (expected.empty() ? "" : ", ") + (is_place(word) ? "<" + word + ">" : word);
  if (expected.empty()) expected = "nothing more";
  if (mistake.kind == Kind::incomplete)
    return refuse("incomplete command in the end\nexpected: " + expected, Ending::mistake, kCodeIncomplete);
  const auto& word = words[mistake.good];
  if (mistake.kind == Kind::ambiguous)
    return refuse("ambiguous command before '" + word + "'\nit could be: " + expected, Ending::mistake, kCodeParse);
  const std::vector<std::string_view> candidates(mistake.expected.begin(), mistake.expected.end());
  const auto close = config::nearest(word, candidates);
  const auto hint = close.empty() ? "expected: " + expected : "did you mean '" + close + "'?";
  const auto what =
      mistake.good == 0 ? "Unknown action 0: '" + word + "'" : "command parse error before '" + word + "'";
  return refuse(what + "\n" + hint, Ending::mistake, kCodeParse);
}

}  // namespace dormouse::shell
