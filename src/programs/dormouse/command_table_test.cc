#include "programs/dormouse/command_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dormouse::shell {
namespace {

using Kind = CommandTable::Mistake::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Table : public ::testing::Test {
 protected:
  Table() {
    table.describe("diagnose", "look inside");
    for (const auto* pattern : {"diagnose vpn list [name TUNNEL]", "diagnose vpn log display", "diagnose debug enable",
                                "diagnose vpn up PHASE2 [PHASE1]", "diagnose vpn logs", "show ...", "exit", "execute"})
      table.add(pattern, std::string("help of ") + pattern, [this, pattern](const Words& arguments) {
        ran = pattern;
        given = arguments;
        return Reply{};
      });
  }
  std::string run(const Words& words) {
    ran.clear();
    if (const auto found = table.find(words)) static_cast<void>((*found->run)(found->arguments));
    return ran;
  }
  std::vector<std::string> completed(const Words& words, const NamesOf& names = {}) {
    std::vector<std::string> out;
    for (const auto& s : table.complete(words, names)) out.push_back(s.word);
    return out;
  }
  CommandTable table;
  std::string ran;
  Words given;
};

TEST_F(Table, finds_a_command_by_its_words_and_hands_over_the_names) {
  EXPECT_EQ(run({"diagnose", "vpn", "list", "name", "toClient_0"}), "diagnose vpn list [name TUNNEL]");
  EXPECT_THAT(given, ElementsAre("toClient_0"));
  EXPECT_EQ(run({"diagnose", "vpn", "list"}), "diagnose vpn list [name TUNNEL]");
  EXPECT_THAT(given, IsEmpty());
  EXPECT_EQ(run({"diagnose", "vpn", "up", "a", "b"}), "diagnose vpn up PHASE2 [PHASE1]");
  EXPECT_THAT(given, ElementsAre("a", "b"));
}

TEST_F(Table, every_keyword_may_be_abbreviated_but_names_may_not) {
  EXPECT_EQ(run({"d", "v", "li", "n", "nam"}), "diagnose vpn list [name TUNNEL]");
  EXPECT_THAT(given, ElementsAre("nam"));
}

TEST_F(Table, a_whole_word_wins_over_a_longer_one) {
  EXPECT_EQ(run({"diagnose", "vpn", "log", "display"}), "diagnose vpn log display");
  EXPECT_EQ(run({"diagnose", "vpn", "logs"}), "diagnose vpn logs");
}

TEST_F(Table, an_ambiguous_word_says_what_it_could_be) {
  const auto found = table.find({"ex"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Kind::ambiguous);
  EXPECT_THAT(found.error().expected, ElementsAre("exit", "execute"));
  EXPECT_EQ(table.find({"diagnose", "vpn", "l"}).error().good, 2U);
}

TEST_F(Table, an_unknown_word_is_named_with_what_was_expected) {
  const auto found = table.find({"diagnose", "vpn", "x"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Kind::unknown);
  EXPECT_EQ(found.error().good, 2U);
  EXPECT_THAT(found.error().expected, ElementsAre("list", "log", "up", "logs"));
}

TEST_F(Table, a_word_too_many_is_a_mistake_and_one_too_few_too) {
  EXPECT_EQ(table.find({"exit", "now"}).error().kind, Kind::unknown);
  EXPECT_EQ(table.find({"diagnose", "vpn", "list", "name", "a", "b"}).error().good, 5U);
  const auto few = table.find({"diagnose", "vpn", "list", "name"});
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().kind, Kind::incomplete);
  EXPECT_THAT(few.error().expected, ElementsAre("TUNNEL"));
  EXPECT_EQ(table.find({}).error().kind, Kind::incomplete);
}

TEST_F(Table, a_command_with_a_rest_takes_any_number_of_words) {
  EXPECT_EQ(run({"sh"}), "show ...");
  EXPECT_EQ(run({"show", "vpn", "ipsec"}), "show ...");
  EXPECT_THAT(given, ElementsAre("vpn", "ipsec"));
}

TEST_F(Table, completes_the_last_word) {
  EXPECT_THAT(completed({"diag", "v", "l"}), ElementsAre("list", "log", "logs"));
  EXPECT_THAT(completed({"e"}), ElementsAre("exit", "execute"));
  EXPECT_THAT(completed({"nothing", ""}), IsEmpty());
  EXPECT_THAT(completed({"diagnose", "vpn", "list", ""}), ElementsAre("name", "<Enter>"));
}

TEST_F(Table, completes_names_that_exist_and_else_says_what_is_wanted) {
  const NamesOf names = [](const std::string& place) {
    return place == "TUNNEL" ? std::vector<std::string>{"toA", "toB", "x"} : std::vector<std::string>{};
  };
  EXPECT_THAT(completed({"diagnose", "vpn", "list", "name", "to"}, names), ElementsAre("toA", "toB"));
  EXPECT_THAT(completed({"diagnose", "vpn", "up", ""}, names), ElementsAre("<PHASE2>"));
}

TEST_F(Table, helps_with_the_command_or_with_what_the_words_lead_to) {
  const auto all = table.complete({""}, {});
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].help, "look inside");
  const auto up = table.complete({"diagnose", "vpn", "u"}, {});
  ASSERT_EQ(up.size(), 1U);
  EXPECT_EQ(up[0].help, "help of diagnose vpn up PHASE2 [PHASE1]");
}

TEST_F(Table, mistakes_are_told_in_the_words_of_fortios) {
  const Words typed = {"diagnose", "vpn", "lst"};
  const auto unknown = explain(table.find(typed).error(), typed);
  EXPECT_EQ(unknown.text, "command parse error before 'lst'\ndid you mean 'list'?\nCommand fail. Return code -61\n");
  EXPECT_EQ(unknown.ending, Ending::mistake);
  const Words nothing_like = {"frobnicate"};
  EXPECT_EQ(explain(table.find(nothing_like).error(), nothing_like).text,
            "Unknown action 0: 'frobnicate'\nexpected: diagnose, show, exit, execute\nCommand fail. Return code -61\n");
  const Words few = {"diagnose", "vpn", "up"};
  EXPECT_EQ(explain(table.find(few).error(), few).text,
            "incomplete command in the end\nexpected: <PHASE2>\nCommand fail. Return code -160\n");
  const Words ambiguous = {"ex"};
  EXPECT_EQ(explain(table.find(ambiguous).error(), ambiguous).text,
            "ambiguous command before 'ex'\nit could be: exit, execute\nCommand fail. Return code -61\n");
}

}  // namespace
}  // namespace dormouse::shell
