// Commands as rows: words, help, what to do. Every keyword may be abbreviated as long as one row's word is meant.
#pragma once
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "programs/dormouse/reply.h"
#include "programs/dormouse/suggestion.h"

namespace dormouse::shell {

using Words = std::vector<std::string>;
/// Given what stands in the row's places for names.
using Run = std::function<Reply(const Words& arguments)>;
/// Names that a place such as TUNNEL may hold at the moment.
using NamesOf = std::function<std::vector<std::string>(const std::string& place)>;

class CommandTable {
 public:
  /// `pattern`: keywords; capitals are places for one word ("TUNNEL"); what is in brackets at the end may be left out,
  /// all of it
  /// ("[name TUNNEL]"); "..." at the end takes any number of words. Example: "diagnose vpn tunnel list [name TUNNEL]".
  void add(std::string_view pattern, std::string help, Run run);
  /// Help for words that lead to several commands: "diagnose vpn".
  void describe(const std::string& words, std::string help) { described_[words] = std::move(help); }

  struct Match {
    const Run* run;
    Words arguments;
  };
  /// Why a line is no command. The first `good` words are, `expected` is what could follow them.
  struct Mistake {
    enum class Kind : unsigned char { unknown, ambiguous, incomplete };
    Kind kind;
    std::size_t good;
    std::vector<std::string> expected;
  };
  [[nodiscard]] std::expected<Match, Mistake> find(const Words& words) const;
  /// What could stand in the place of the last word, which may be empty.
  [[nodiscard]] Suggestions complete(const Words& words, const NamesOf& names) const;
  /// A line per command: its words and its help.
  [[nodiscard]] std::string help() const;

 private:
  struct Row {
    Words words;
    bool rest = false;  // takes any number of words behind them
    std::size_t command;
  };
  struct Command {
    std::string pattern, help;
    Run run;
  };
  using Rows = std::vector<const Row*>;
  [[nodiscard]] std::vector<std::string> next_words(const Rows& rows, std::size_t position) const;
  [[nodiscard]] std::expected<Rows, Mistake> walk(const Words& words, std::size_t count) const;
  [[nodiscard]] std::string help_at(const Rows& rows, std::size_t position, const std::string& word) const;

  std::vector<Command> commands_;
  std::vector<Row> rows_;
  std::map<std::string, std::string> described_;
};

/// The sentence for a mistake, with FortiOS's wording and return code, and what would have been accepted.
[[nodiscard]] Reply explain(const CommandTable::Mistake& mistake, const Words& words);

}  // namespace dormouse::shell
