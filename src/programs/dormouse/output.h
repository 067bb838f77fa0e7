// Text to a stream, at once.
#pragma once
#include <cstdio>
#include <string>

namespace dormouse::shell {

inline void print(const std::string& text, FILE* to = stdout) {
  // There is nowhere left to tell of a terminal that is gone.
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), to));
  static_cast<void>(std::fflush(to));
}

}  // namespace dormouse::shell
