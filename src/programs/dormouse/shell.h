// The shell without its terminal: lines in, replies out; completion; the prompt.
#pragma once
#include <string>

#include "programs/dormouse/commands.h"
#include "programs/dormouse/config_mode.h"

namespace dormouse::shell {

class Shell {
 public:
  /// `daemon` must outlive it. With `json`, lists are printed as JSON.
  Shell(Daemon& daemon, bool json);
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  /// Runs one line. Of a line that ends inside quotes nothing happens until the line that closes them.
  [[nodiscard]] Reply run(const std::string& line);
  /// Forgets a line begun inside quotes.
  void abandon_line() { begun_.clear(); }
  /// What could stand at the end of `text`, the line up to the cursor.
  [[nodiscard]] Suggestions complete(const std::string& text);
  /// "HOST # ", "HOST (phase1-interface) # ", "> " inside quotes.
  [[nodiscard]] std::string prompt() const;
  /// Asks the daemon for the host name of the prompt. Failure: the daemon is not there.
  [[nodiscard]] Outcome<void> greet();
  /// `exit` or `quit` was typed.
  [[nodiscard]] bool finished() const { return finished_; }
  /// A configuration block or a quote is open, and would be lost.
  [[nodiscard]] bool unfinished() const { return config_.inside() || !begun_.empty(); }
  /// What the debug commands set.
  [[nodiscard]] const DebugWish& debug() const { return debug_; }
  /// The trail ended by itself.
  void debug_ended() { debug_.enabled = false; }

 private:
  [[nodiscard]] Reply dispatch(const Words& words);
  [[nodiscard]] Reply help() const;
  Daemon& daemon_;
  DebugWish debug_;
  Desk desk_;
  ConfigMode config_;
  CommandTable table_;
  std::string host_ = "dormouse";
  std::string begun_;
  bool finished_ = false;
};

/// The words of a line, quotes taken off; the last one is what stands at the end, empty behind a blank.
[[nodiscard]] Words words_at_cursor(const std::string& text);

}  // namespace dormouse::shell
