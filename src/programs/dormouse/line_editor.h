// Reading lines from a person: history, completion with Tab, help with '?', by libedit.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dormouse::shell {

using Completions = std::vector<std::pair<std::string, std::string>>;

class LineEditor {
 public:
  LineEditor(std::function<std::string()> prompt, std::function<Completions(const std::vector<std::string>&)> complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  /// The next line; none at the end of input.
  [[nodiscard]] std::optional<std::string> read();
  struct Impl;  ///< public for libedit's callbacks only

 private:
  Impl* impl_;
};

}  // namespace dormouse::shell
