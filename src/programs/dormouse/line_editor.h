// Reading lines from a person, by libedit: history, Tab, '?' for help, and other descriptors served while the person
// thinks.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "programs/dormouse/suggestion.h"

namespace dormouse::shell {

class LineEditor {
 public:
  struct Hooks {
    std::function<std::string()> prompt;
    /// For the line up to the cursor.
    std::function<Suggestions(const std::string& text)> complete;
    /// A descriptor to watch beside the keyboard, -1 for none, and what to do when it is readable. What that prints
    /// goes through above().
    std::function<int()> watched;
    std::function<void()> ready;
  };
  /// Uses standard input and output. Lines are remembered in `history_file` (empty: nowhere), secrets are not.
  LineEditor(Hooks hooks, std::string history_file);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class Event : unsigned char { line, abandoned, end };
  struct Read {
    Event event;
    std::string line = {};
  };
  /// The next line; `abandoned` after Ctrl+C; `end` at the end of input, by SIGTERM or SIGHUP.
  [[nodiscard]] Read read();
  /// Prints a line above the one being edited.
  void above(const std::string& line);

  class Impl;  ///< public for libedit's callbacks alone

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse::shell
