// What the firewall asks of nft, and when; nft itself is played.
#include "adapters/nft/firewall.h"

#include <gtest/gtest.h>

#include "adapters/nft/program.h"
#include "adapters/nft/test_policies.h"
#include "adapters/nft/transaction.h"

namespace dormouse::nft {
namespace {

class FirewallTest : public ::testing::Test {
 protected:
  Firewall firewall_{[this](const std::string& json) -> Outcome<void> {
    sent_.push_back(json);
    if (refuse_) return failure("nft says no");
    return {};
  }};
  std::vector<std::string> sent_;
  bool refuse_ = false;

  void begin() {
    firewall_.set_policies({make_policy(1, true, {"toClient"}, {"any"})}, {"toClient"});
    ASSERT_TRUE(firewall_.commit());
    sent_.clear();
  }
};

TEST_F(FirewallTest, sends_the_whole_table_first_and_then_nothing) {
  firewall_.set_policies({}, {"toClient"});
  ASSERT_TRUE(firewall_.commit());
  ASSERT_TRUE(firewall_.commit());
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0], replace_table(firewall_.desired()));
}

TEST_F(FirewallTest, gathers_instances_into_one_small_transaction) {
  begin();
  firewall_.add_member("toClient", "toClient_0");
  firewall_.add_member("toClient", "toClient_1");
  firewall_.add_member("toClient", "toClient_1");
  ASSERT_TRUE(firewall_.commit());
  const MemberChange two[] = {{"toClient", "toClient_0", true}, {"toClient", "toClient_1", true}};
  EXPECT_EQ(sent_, std::vector<std::string>{change_members(two)});
}

TEST_F(FirewallTest, says_nothing_of_an_instance_that_came_and_went) {
  begin();
  firewall_.add_member("toClient", "toClient_0");
  firewall_.delete_member("toClient", "toClient_0");
  firewall_.delete_member("toClient", "never_there");
  ASSERT_TRUE(firewall_.commit());
  EXPECT_TRUE(sent_.empty());
}

TEST_F(FirewallTest, keeps_the_members_of_a_phase_1_that_stays_over_a_reload) {
  begin();
  firewall_.add_member("toClient", "toClient_0");
  ASSERT_TRUE(firewall_.commit());
  firewall_.set_policies({}, {"toClient", "other"});
  ASSERT_TRUE(firewall_.commit());
  EXPECT_EQ(firewall_.desired().members, (Members{{"other", {}}, {"toClient", {"toClient_0"}}}));
  EXPECT_EQ(sent_.back(), replace_table(firewall_.desired()));
}

TEST_F(FirewallTest, keeps_the_interfaces_of_a_phase_1_that_is_gone_closed_until_they_are_gone_too) {
  begin();
  firewall_.add_member("toClient", "toClient_0");
  firewall_.set_policies({}, {"other"});
  EXPECT_EQ(firewall_.desired().members, (Members{{"other", {}}, {"toClient", {"toClient_0"}}}));
  firewall_.delete_member("toClient", "toClient_0");
  EXPECT_EQ(firewall_.desired().members, (Members{{"other", {}}}));
  ASSERT_TRUE(firewall_.commit());
  EXPECT_EQ(sent_.back(), replace_table(firewall_.desired()));
}

TEST_F(FirewallTest, replaces_the_table_for_a_phase_1_it_has_no_set_of) {
  begin();
  firewall_.add_member("fresh", "fresh");
  ASSERT_TRUE(firewall_.commit());
  EXPECT_EQ(sent_, std::vector<std::string>{replace_table(firewall_.desired())});
}

TEST_F(FirewallTest, replaces_the_table_after_a_failure) {
  begin();
  firewall_.add_member("toClient", "toClient_0");
  refuse_ = true;
  const auto r = firewall_.commit();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text, "nft says no");
  refuse_ = false;
  ASSERT_TRUE(firewall_.commit());
  EXPECT_EQ(sent_.back(), replace_table(firewall_.desired()));
  ASSERT_TRUE(firewall_.commit());
  EXPECT_EQ(sent_.size(), 2U);
}

TEST_F(FirewallTest, makes_the_table_anew_after_removal) {
  begin();
  ASSERT_TRUE(firewall_.remove_all());
  ASSERT_TRUE(firewall_.commit());
  EXPECT_EQ(sent_, (std::vector<std::string>{remove_table(), replace_table(firewall_.desired())}));
}

TEST(RunProgram, gives_the_input_and_is_content_with_exit_code_0) {
  EXPECT_TRUE(run_program({"/bin/sh", "-c", "test \"$(cat)\" = hello"}, "hello", 10s));
}

TEST(RunProgram, tells_what_a_failing_program_wrote) {
  const auto r = run_program({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, "", 10s);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text, "out\nerr");
}

TEST(RunProgram, kills_a_program_that_does_not_end) {
  const auto r = run_program({"/bin/sleep", "100"}, "", 50ms);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text, "/bin/sleep did not end within 0 s and was killed");
}

TEST(RunProgram, is_not_held_by_a_grandchild_that_keeps_the_output_open) {
  EXPECT_TRUE(run_program({"/bin/sh", "-c", "sleep 1 & exit 0"}, "", 500ms));
}

TEST(RunProgram, keeps_four_kilobytes_of_a_flood_and_does_not_get_stuck) {
  const auto r = run_program({"/bin/sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; exit 1"}, "", 10s);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text, std::string(4096, 'x'));
}

TEST(RunProgram, takes_more_input_than_a_pipe_holds) {
  EXPECT_TRUE(run_program({"/bin/sh", "-c", "test $(wc -c) = 3000000"}, std::string(3'000'000, 'i'), 10s));
}

TEST(RunProgram, names_a_program_that_is_not_there) {
  EXPECT_EQ(run_program({"/nonexistent/nft"}, "", 1s).error().text,
            "start /nonexistent/nft: No such file or directory");
}

}  // namespace
}  // namespace dormouse::nft
