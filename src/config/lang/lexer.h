// Words with their places. Quotes "..." and '...' may span lines; a backslash takes the next character as it is; # begins a comment
// where a word could begin.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/lang/tree.h"

namespace dormouse::config {

struct Word {
  std::string text;
  Place at;
  bool quoted = false;
  bool first_on_line = false;
};
struct Lexed {
  std::vector<Word> words;
  Place unterminated;  ///< of a quote without end; line 0 = none
};
[[nodiscard]] Lexed lex(std::string_view text);

}  // namespace dormouse::config
