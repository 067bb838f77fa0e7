// Words with their places. Quotes "..." and '...' may span lines; a backslash takes the next character as it is, except
// inside
// '...'; # begins a comment where a word could begin.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/tree.h"

namespace dormouse::config {

struct Word {
  std::string text;
  Place at;
  bool quoted = false;  ///< some of it was, so it is no keyword
  bool first_on_line = false;
  std::vector<std::string> comments =
      {};  ///< the comments above it or, for the first on a line, behind its line; without '#'
};
struct Lexed {
  std::vector<Word> words;
  Place unterminated;                           ///< of a quote without end; line 0 = none
  std::vector<std::string> last_comments = {};  ///< below the last word
};
/// Never fails: what is wrong is in `unterminated`.
[[nodiscard]] Lexed lex(std::string_view text);

}  // namespace dormouse::config
