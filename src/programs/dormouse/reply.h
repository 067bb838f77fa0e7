// What a command says, and how it ended.
#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace dormouse::shell {

/// How a command ended, in the order of the program's exit codes.
enum class Ending : unsigned char {
  done = 0,
  failed = 1,   ///< the world said no: no daemon, no such tunnel, a configuration that changed meanwhile
  mistake = 2,  ///< the operator's: no such command, a configuration that is not accepted
};

struct Reply {
  std::string text = {};
  Ending ending = Ending::done;
};

// FortiOS's return codes for what people meet.
inline constexpr int kCodeFailed = 1, kCodeParse = -61, kCodeIncomplete = -160;

/// `text` and the line "Command fail. Return code N" below it.
[[nodiscard]] inline Reply refuse(std::string text, Ending ending, int code) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return {std::move(text) + "Command fail. Return code " + std::to_string(code) + "\n", ending};
}
[[nodiscard]] inline Reply failed(std::string text) { return refuse(std::move(text), Ending::failed, kCodeFailed); }

}  // namespace dormouse::shell
