#include "config/lang/lexer.h"

#include <utility>

namespace dormouse::config {
namespace {

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Lexed run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        line_start_ = true;
        advance();
      } else if (c == ' ' || c == '\t' || c == '\r') {
        advance();
      } else if (c == '#') {
        comment();
      } else {
        word();
      }
    }
    out_.last_comments = std::move(pending_);
    return std::move(out_);
  }

 private:
  void advance() {
    if (text_[at_++] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else {
      ++place_.column;
    }
  }

  void comment() {
    advance();
    const auto begin = at_;
    while (at_ < text_.size() && text_[at_] != '\n') advance();
    auto text = text_.substr(begin, at_ - begin);
    while (text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
    auto& home = line_start_ ? pending_ : out_.words[first_of_line_].comments;
    home.emplace_back(text);
  }

  void quote(Word& w) {
    const char mark = text_[at_];
    const Place opened = place_;
    w.quoted = true;
    advance();
    while (at_ < text_.size() && text_[at_] != mark) {
      if (mark == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) advance();
      w.text += text_[at_];
      advance();
    }
    if (at_ == text_.size()) {
      out_.unterminated = opened;
    } else {
      advance();
    }
  }

  void word() {
    Word w;
    w.at = place_;
    w.first_on_line = std::exchange(line_start_, false);
    w.comments = std::exchange(pending_, {});
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') break;
      if (c == '"' || c == '\'') {
        quote(w);
        continue;
      }
      if (c == '\\' && at_ + 1 < text_.size()) {
        advance();
        w.quoted = true;
      }
      w.text += text_[at_];
      advance();
    }
    if (w.first_on_line) first_of_line_ = out_.words.size();
    out_.words.push_back(std::move(w));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Place place_{1, 1};
  bool line_start_ = true;
  std::size_t first_of_line_ = 0;
  std::vector<std::string> pending_;  // comments that wait for the word below them
  Lexed out_;
};

}  // namespace

Lexed lex(std::string_view text) { return Lexer(text).run(); }

}  // namespace dormouse::config
