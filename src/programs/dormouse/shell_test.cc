#include "programs/dormouse/shell.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "programs/dormouse/fake_daemon.h"

namespace dormouse::shell {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const char* kConfig = R"(config system global
    set hostname "gw1"
end
config system interface
    edit "port8"
        set ip 173.1.1.1 255.255.255.0
    next
end
config vpn ipsec phase1-interface
    edit "toClient"
        set type dynamic
        set interface "port8"
        set ike-version 2
        set peertype any
        set psksecret ENC c2VjcmV0
    next
end
)";

class ShellTest : public ::testing::Test {
 protected:
  ShellTest() {
    daemon.answers["config.get"] = {{"ok", true}, {"text", kConfig}, {"revision", 3}};
    daemon.answers["status"] = {
        {"ok", true},
        {"status",
         Json::parse(
             R"({"now":1,"phase1":[{"name":"toClient","phase2":["p2"]}],"tunnels":[{"name":"toClient_0","phase1":"toClient","state":"up"}]})")}};
    daemon.answers["version"] = {{"ok", true}, {"version", "0.1.0"}, {"hostname", "gw1"}};
  }
  std::vector<std::string> completed(const std::string& text) {
    std::vector<std::string> out;
    for (const auto& s : shell.complete(text)) out.push_back(s.word);
    return out;
  }
  std::vector<Json> commits() {
    std::vector<Json> out;
    for (const auto& q : daemon.asked)
      if (q["op"] == "config.commit") out.push_back(q);
    return out;
  }
  FakeDaemon daemon;
  Shell shell{daemon, false};
};

TEST_F(ShellTest, does_nothing_for_blank_lines_and_comments) {
  for (const auto* line : {"", "   ", "# a remark"}) {
    const auto reply = shell.run(line);
    EXPECT_EQ(reply.text, "");
    EXPECT_EQ(reply.ending, Ending::done);
  }
  EXPECT_THAT(daemon.asked, IsEmpty());
}

TEST_F(ShellTest, a_request_names_what_was_left_out_as_null) {
  EXPECT_EQ(shell.run("diagnose vpn tunnel up p2").ending, Ending::done);
  EXPECT_EQ(daemon.asked.back(), Json::parse(R"({"op":"tunnel.up","phase2":"p2","phase1":null})"));
}

TEST_F(ShellTest, a_daemon_that_is_not_there_is_a_failure_that_names_the_socket) {
  daemon.there = false;
  for (const auto* line : {"get vpn ipsec tunnel summary", "show", "config system global", "execute reload",
                           "get system status", "execute log display"}) {
    const auto reply = shell.run(line);
    EXPECT_EQ(reply.ending, Ending::failed) << line;
    EXPECT_THAT(reply.text, HasSubstr("/x/control.sock")) << line;
  }
}

TEST_F(ShellTest, an_answer_of_another_shape_is_no_crash) {
  for (const Json& odd :
       {Json{{"ok", "yes"}}, Json{{"ok", true}, {"status", 7}, {"text", 1}, {"lines", "x"}}, Json::object()})
    for (const auto* op : {"status", "version", "config.get", "events", "config.commit"}) daemon.answers[op] = odd;
  for (const auto* line : {"get system status", "diagnose vpn ike gateway list", "show", "execute log display",
                           "config system global", "set hostname x", "end"})
    EXPECT_NO_THROW(static_cast<void>(shell.run(line))) << line;
  EXPECT_NO_THROW(static_cast<void>(shell.complete("diagnose vpn tunnel list name ")));
}

TEST_F(ShellTest, debug_commands_set_the_wish) {
  for (const auto* line : {"diagnose debug application ike -1", "diagnose debug console timestamp enable",
                           "diagnose vpn ike log filter name toClient", "diagnose debug enable"})
    EXPECT_EQ(shell.run(line).ending, Ending::done) << line;
  EXPECT_EQ(shell.debug(), (DebugWish{-1, true, true, "toClient"}));
  EXPECT_TRUE(shell.debug().streams());
  EXPECT_THAT(shell.run("diagnose debug info").text, HasSubstr("ike debug level:        -1\n"));
  EXPECT_THAT(shell.run("diagnose vpn ike log filter list").text, HasSubstr("toClient"));
  EXPECT_THAT(shell.run("diagnose debug application ike").text, HasSubstr("-1"));
  EXPECT_EQ(shell.run("diagnose vpn ike log-filter clear").ending, Ending::done);
  EXPECT_EQ(shell.debug().filter, "");
  EXPECT_EQ(shell.run("diagnose debug reset").ending, Ending::done);
  EXPECT_EQ(shell.debug(), DebugWish{});
}

TEST_F(ShellTest, a_debug_level_that_is_no_number_is_refused) {
  for (const auto* level : {"all", "-2", "7x", "99999999999"}) {
    EXPECT_EQ(shell.run(std::string("diagnose debug application ike ") + level).ending, Ending::mistake) << level;
    EXPECT_EQ(shell.debug().level, 0);
  }
}

TEST_F(ShellTest, completes_names_of_tunnels_and_phases) {
  EXPECT_THAT(completed("diagnose vpn ike gateway list name "), ElementsAre("toClient", "toClient_0"));
  EXPECT_THAT(completed("diagnose vpn tunnel up "), ElementsAre("p2"));
  EXPECT_THAT(completed("diagnose vpn tunnel up p2 t"), ElementsAre("toClient"));
}

TEST_F(ShellTest, every_command_and_every_word_on_the_way_has_help) {
  std::vector<std::string> open = {""};
  std::size_t commands = 0;
  while (!open.empty()) {
    const auto text = open.back();
    open.pop_back();
    for (const auto& s : shell.complete(text)) {
      if (s.word == "<Enter>") ++commands;
      if (text.empty() || text.starts_with("diagnose") || text.starts_with("execute") ||
          text.starts_with("get vpn i")) {
        EXPECT_NE(s.help, "") << text << s.word;
      }
      if (s.placeholder || text.starts_with("show") || text.starts_with("config") || std::ranges::count(text, ' ') > 6)
        continue;
      if (text.starts_with("get ") && !(text + s.word).starts_with("get vpn i")) continue;  // configured objects
      open.push_back(text + s.word + " ");
    }
  }
  EXPECT_GT(commands, 30U);
}

TEST_F(ShellTest, the_prompt_follows_the_place_and_the_host_name) {
  EXPECT_EQ(shell.prompt(), "dormouse # ");
  ASSERT_TRUE(shell.greet());
  EXPECT_EQ(shell.prompt(), "gw1 # ");
  static_cast<void>(shell.run("config vpn ipsec phase1-interface"));
  EXPECT_EQ(shell.prompt(), "gw1 (phase1-interface) # ");
  static_cast<void>(shell.run("edit toClient"));
  EXPECT_EQ(shell.prompt(), "gw1 (toClient) # ");
  static_cast<void>(shell.run("set comments \"two"));
  EXPECT_EQ(shell.prompt(), "> ");
  shell.abandon_line();
  EXPECT_EQ(shell.prompt(), "gw1 (toClient) # ");
}

TEST_F(ShellTest, completes_sections_and_attributes_from_the_schema) {
  EXPECT_THAT(completed("config vpn ipsec ph"), ElementsAre("phase1-interface", "phase2-interface"));
  static_cast<void>(shell.run("conf vpn ipsec phase1"));
  EXPECT_THAT(completed("edit to"), Contains("toClient"));
  static_cast<void>(shell.run("edit toClient"));
  EXPECT_THAT(completed("set dpd "), Contains("on-idle"));
  EXPECT_THAT(completed("diag"), IsEmpty());
}

TEST_F(ShellTest, a_commit_carries_the_whole_configuration_and_its_revision) {
  for (const auto* line : {"config vpn ipsec phase1-interface", "edit toClient", "set client-resume enable", "next"})
    EXPECT_EQ(shell.run(line).ending, Ending::done) << line;
  ASSERT_THAT(commits(), SizeIs(1));
  EXPECT_EQ(commits()[0]["revision"], 3);
  const auto text = commits()[0]["text"].get<std::string>();
  EXPECT_THAT(text, HasSubstr("set client-resume enable"));
  EXPECT_THAT(text, HasSubstr("ENC c2VjcmV0"));
  EXPECT_THAT(text, HasSubstr("port8"));
  EXPECT_EQ(shell.prompt(), "dormouse (phase1-interface) # ");
}

TEST_F(ShellTest, the_revision_after_a_commit_is_read_again) {
  static_cast<void>(shell.run("config system global"));
  static_cast<void>(shell.run("set hostname gw2"));
  daemon.answers["config.get"]["revision"] = 4;
  EXPECT_EQ(shell.run("end").ending, Ending::done);
  static_cast<void>(shell.run("config system global"));
  static_cast<void>(shell.run("set hostname gw3"));
  static_cast<void>(shell.run("end"));
  ASSERT_THAT(commits(), SizeIs(2));
  EXPECT_EQ(commits()[1]["revision"], 4);
}

TEST_F(ShellTest, show_can_be_filtered_inside_of_a_section_and_set_keeps_its_bar) {
  static_cast<void>(shell.run("config vpn ipsec phase1-interface"));
  const auto shown = shell.run("show | grep psk").text;
  EXPECT_THAT(shown, HasSubstr("psksecret"));
  EXPECT_THAT(shown, Not(HasSubstr("edit")));
  static_cast<void>(shell.run("edit toClient"));
  EXPECT_EQ(shell.run("set comments a|b").ending, Ending::done);
  static_cast<void>(shell.run("next"));
  ASSERT_THAT(commits(), SizeIs(1));
  EXPECT_THAT(commits()[0]["text"].get<std::string>(), HasSubstr("a|b"));
}

TEST_F(ShellTest, a_configuration_of_another_version_is_refused_before_anything_is_edited) {
  daemon.answers["config.get"]["text"] = "config system warp-drive\nend\n";
  const auto reply = shell.run("config system global");
  EXPECT_EQ(reply.ending, Ending::failed);
  EXPECT_FALSE(shell.unfinished());
}

TEST_F(ShellTest, exit_and_quit_finish) {
  EXPECT_EQ(shell.run("ex").ending, Ending::mistake);  // execute or exit
  EXPECT_FALSE(shell.finished());
  static_cast<void>(shell.run("quit"));
  EXPECT_TRUE(shell.finished());
}

TEST(WordsAtCursor, end_with_the_word_being_typed) {
  EXPECT_THAT(words_at_cursor(""), ElementsAre(""));
  EXPECT_THAT(words_at_cursor("get"), ElementsAre("get"));
  EXPECT_THAT(words_at_cursor("get "), ElementsAre("get", ""));
  EXPECT_THAT(words_at_cursor("edit \"a b"), ElementsAre("edit", "a b"));
  EXPECT_THAT(words_at_cursor("edit \"a b\" "), ElementsAre("edit", "a b", ""));
}

}  // namespace
}  // namespace dormouse::shell
