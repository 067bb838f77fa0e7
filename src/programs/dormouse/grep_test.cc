#include "programs/dormouse/grep.h"

#include <gtest/gtest.h>

namespace dormouse::shell {
namespace {

const std::string kText = "name: toClient_0\nstate: asleep\nName: toClient_1\n";

std::string kept(const std::vector<std::string>& words) { return filter(kText, words).text; }

TEST(Grep, keeps_the_lines_that_match) {
  EXPECT_EQ(kept({"grep", "name"}), "name: toClient_0\n");
  EXPECT_EQ(kept({"grep", "^(name|state)"}), "name: toClient_0\nstate: asleep\n");
  EXPECT_EQ(kept({"grep", "nothing"}), "");
}

TEST(Grep, options_stand_alone_or_together) {
  EXPECT_EQ(kept({"grep", "-i", "name"}), "name: toClient_0\nName: toClient_1\n");
  EXPECT_EQ(kept({"grep", "-v", "-i", "name"}), "state: asleep\n");
  EXPECT_EQ(kept({"grep", "-in", "NAME"}), "1:name: toClient_0\n3:Name: toClient_1\n");
  EXPECT_EQ(kept({"grep", "-ivc", "name"}), "1\n");
}

TEST(Grep, the_last_line_counts_without_a_newline) { EXPECT_EQ(filter("a\nb", {"grep", "b"}).text, "b\n"); }

TEST(Grep, a_wrong_filter_is_a_mistake_with_its_usage) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {"sort"}, {"grep"}, {"grep", "-z", "a"}, {"grep", "a", "b"}, {"grep", "(unclosed"}}) {
    const auto reply = filter(kText, words);
    EXPECT_EQ(reply.ending, Ending::mistake);
    EXPECT_NE(reply.text.find("expected: | grep"), std::string::npos) << reply.text;
  }
}

TEST(Pipe, is_the_first_bar_outside_of_quotes) {
  using Parts = std::pair<std::string, std::string>;
  EXPECT_EQ(split_pipe("show | grep a|b"), Parts("show ", " grep a|b"));
  EXPECT_EQ(split_pipe("set comments \"a|b\" | grep x"), Parts("set comments \"a|b\" ", " grep x"));
  EXPECT_EQ(split_pipe("set comments 'a|b'"), Parts("set comments 'a|b'", ""));
  EXPECT_EQ(split_pipe("set psksecret a\\|b"), Parts("set psksecret a\\|b", ""));
  EXPECT_EQ(split_pipe("set comments \"a\\\"|b\""), Parts("set comments \"a\\\"|b\"", ""));
}

}  // namespace
}  // namespace dormouse::shell
