#include "config/lang/lexer.h"

#include <gtest/gtest.h>

namespace dormouse::config {
namespace {

std::vector<std::string> texts(const Lexed& l) {
  std::vector<std::string> out;
  for (const auto& w : l.words) out.push_back(w.text);
  return out;
}
using Texts = std::vector<std::string>;

TEST(Lexer, splits_at_blanks_and_counts_lines_and_columns_from_one) {
  const auto l = lex("set  dpd\ton-idle\n  next");
  ASSERT_EQ(texts(l), (Texts{"set", "dpd", "on-idle", "next"}));
  EXPECT_EQ(l.words[1].at.line, 1u);
  EXPECT_EQ(l.words[1].at.column, 6u);
  EXPECT_EQ(l.words[3].at.line, 2u);
  EXPECT_EQ(l.words[3].at.column, 3u);
  EXPECT_TRUE(l.words[0].first_on_line);
  EXPECT_FALSE(l.words[1].first_on_line);
  EXPECT_TRUE(l.words[3].first_on_line);
}

TEST(Lexer, takes_carriage_returns_for_blanks) {
  EXPECT_EQ(texts(lex("set a b\r\nnext\r\n")), (Texts{"set", "a", "b", "next"}));
}

TEST(Lexer, unescapes_inside_double_quotes_but_not_inside_single_ones) {
  EXPECT_EQ(texts(lex(R"("a \"b\" \\c")")), (Texts{R"(a "b" \c)"}));
  EXPECT_EQ(texts(lex(R"('a \"b\"')")), (Texts{R"(a \"b\")"}));
  EXPECT_EQ(texts(lex(R"(a\ b)")), (Texts{"a b"}));
}

TEST(Lexer, joins_quoted_and_bare_parts_of_one_word) {
  EXPECT_EQ(texts(lex(R"(ab"c d"'e f'g)")), (Texts{"abc de fg"}));
}

TEST(Lexer, keeps_an_empty_quoted_word) {
  const auto l = lex("set comments ''");
  ASSERT_EQ(l.words.size(), 3u);
  EXPECT_EQ(l.words[2].text, "");
  EXPECT_TRUE(l.words[2].quoted);
}

TEST(Lexer, lets_a_quoted_string_span_lines) {
  const auto l = lex("set comments \"one\ntwo\" x\nnext");
  EXPECT_EQ(texts(l), (Texts{"set", "comments", "one\ntwo", "x", "next"}));
  EXPECT_FALSE(l.words[3].first_on_line);
  EXPECT_EQ(l.words[3].at.line, 2u);
  EXPECT_EQ(l.words[4].at.line, 3u);
}

TEST(Lexer, names_the_place_of_a_quote_that_is_never_closed) {
  const auto l = lex("set a \"b\nset c d");
  EXPECT_EQ(l.unterminated.line, 1u);
  EXPECT_EQ(l.unterminated.column, 7u);
  EXPECT_EQ(lex("set a b").unterminated.line, 0u);
}

TEST(Lexer, gives_comments_to_the_word_below_or_to_the_line_they_end) {
  const auto l = lex("# head\nedit 1 # beside\nset a b#c\n#tail\n");
  ASSERT_EQ(texts(l), (Texts{"edit", "1", "set", "a", "b#c"}));
  EXPECT_EQ(l.words[0].comments, (Texts{" head", " beside"}));
  EXPECT_TRUE(l.words[2].comments.empty());
  EXPECT_EQ(l.last_comments, (Texts{"tail"}));
}

TEST(Lexer, ends_at_a_backslash_that_is_the_last_character) { EXPECT_EQ(texts(lex("a\\")), (Texts{"a\\"})); }

}  // namespace
}  // namespace dormouse::config
