// The operator's commands as a table: words, help, what they do. Unambiguous abbreviations of every word are accepted.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "programs/dormouse/config_mode.h"
#include "programs/dormouse/session.h"

namespace dormouse::shell {

struct Command {
  std::vector<std::string> words;  ///< "NAME" in capitals takes any word, "[NAME]" may be left out
  std::string help;
  std::function<Reply(Session&, const std::vector<std::string>& arguments)> run;
};

class Commands {
 public:
  Commands();
  /// Runs one line, a "| grep" behind it included. Configuration lines go to `config`.
  [[nodiscard]] Reply run(Session& session, ConfigMode& config, const std::string& line) const;
  /// What could stand in the place of the last, incomplete word.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> complete(const ConfigMode& config,
                                                                          const std::vector<std::string>& words) const;
  [[nodiscard]] std::string help() const;

 private:
  [[nodiscard]] Reply dispatch(Session& session, const std::vector<std::string>& words) const;
  std::vector<Command> table_;
};

/// The lines of `text` that `arguments` of grep keep: [-i] [-v] [-n] [-c] PATTERN (a regular expression).
[[nodiscard]] Reply grep(const std::string& text, const std::vector<std::string>& arguments);

}  // namespace dormouse::shell
