// The pure decisions: sleep, liveness, route overlap and the table of states.
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "tunnel/dpd.h"
#include "tunnel/machine.h"
#include "tunnel/routes.h"
#include "tunnel/sleep.h"

namespace dormouse::tunnel {
namespace {

Instant at(std::int64_t seconds) { return Instant::from_ns(0) + std::chrono::seconds(seconds); }

TEST(sleep, only_a_dialup_peer_with_client_resume_sleeps) {
  config::Phase1 p;
  p.type = config::Phase1Type::dynamic;
  EXPECT_EQ(on_silence(p), Silence::flush);
  p.client_resume = true;
  EXPECT_EQ(on_silence(p), Silence::sleep);
  p.type = config::Phase1Type::static_peer;
  EXPECT_EQ(on_silence(p), Silence::reconnect);
}

TEST(sleep, the_window_ends_at_the_earlier_of_interval_and_reauthentication) {
  config::Phase1 p;
  p.client_resume_interval = 120s;
  EXPECT_EQ(sleep_end(p, at(1000), std::nullopt), at(1120));
  EXPECT_EQ(sleep_end(p, at(1000), at(1050)), at(1050));
  EXPECT_EQ(sleep_end(p, at(1000), at(2000)), at(1120));
}

TEST(sleep, a_changed_configuration_only_shortens_a_running_sleep) {
  config::Phase1 p;
  p.client_resume = true;
  p.client_resume_interval = 300s;
  EXPECT_EQ(sleep_end_after_change(p, at(1000), at(1120), at(1010)), at(1120));
  p.client_resume_interval = 60s;
  EXPECT_EQ(sleep_end_after_change(p, at(1000), at(1120), at(1010)), at(1060));
  p.client_resume = false;
  EXPECT_EQ(sleep_end_after_change(p, at(1000), at(1120), at(1010)), at(1010));
}

TEST(dpd, on_idle_probes_after_silence_and_again_each_interval) {
  const auto mode = config::DpdMode::on_idle;
  const auto early = dpd_check(mode, 60s, {at(100), at(0)}, at(90), at(159));
  EXPECT_FALSE(early.probe);
  EXPECT_EQ(early.look_again, at(160));
  EXPECT_TRUE(dpd_check(mode, 60s, {at(100), at(0)}, at(90), at(160)).probe);
  EXPECT_FALSE(dpd_check(mode, 60s, {at(100), at(0)}, at(160), at(200)).probe);
  EXPECT_TRUE(dpd_check(mode, 60s, {at(100), at(0)}, at(160), at(220)).probe);
}

TEST(dpd, on_demand_probes_only_if_something_was_sent_that_nothing_answered) {
  const auto mode = config::DpdMode::on_demand;
  EXPECT_FALSE(dpd_check(mode, 20s, {at(100), at(90)}, at(90), at(130)).probe);
  EXPECT_TRUE(dpd_check(mode, 20s, {at(100), at(105)}, at(90), at(130)).probe);
}

TEST(dpd, disabled_never_looks) {
  EXPECT_FALSE(dpd_check(config::DpdMode::disable, 20s, {at(0), at(5)}, at(0), at(500)).look_again);
}

Route route(std::uint32_t device, const char* dst = "0.0.0.0/0") {
  return {*Prefix::parse(dst), DeviceId(device), "toClient_" + std::to_string(device), 15, 1};
}
std::vector<std::string> text(const std::vector<Action>& actions) {
  std::vector<std::string> out;
  for (const auto& a : actions) {
    if (const auto* add = std::get_if<AddRoute>(&a)) out.push_back("+" + add->route.device_name);
    if (const auto* del = std::get_if<DelRoute>(&a)) out.push_back("-" + del->route.device_name);
  }
  return out;
}
using Lines = std::vector<std::string>;

TEST(routes, the_newest_claim_holds_a_prefix_and_the_next_in_line_inherits_it) {
  RouteTable table;
  const auto overlap = config::RouteOverlap::use_new;
  EXPECT_EQ(text(table.want(TunnelId(1), route(0), overlap)), (Lines{"+toClient_0"}));
  EXPECT_EQ(text(table.want(TunnelId(2), route(1), overlap)), (Lines{"-toClient_0", "+toClient_1"}));
  EXPECT_EQ(text(table.want(TunnelId(2), route(1), overlap)), Lines{});
  EXPECT_EQ(text(table.release(TunnelId(2), route(1).dst)), (Lines{"-toClient_1", "+toClient_0"}));
  EXPECT_EQ(text(table.release(TunnelId(1), route(0).dst)), (Lines{"-toClient_0"}));
  EXPECT_TRUE(table.installed().empty());
}

TEST(routes, use_old_keeps_the_first_claim) {
  RouteTable table;
  const auto overlap = config::RouteOverlap::use_old;
  (void)table.want(TunnelId(1), route(0), overlap);
  EXPECT_EQ(text(table.want(TunnelId(2), route(1), overlap)), Lines{});
  EXPECT_TRUE(table.holds(TunnelId(1), route(0).dst));
  EXPECT_EQ(text(table.release(TunnelId(1), route(0).dst)), (Lines{"-toClient_0", "+toClient_1"}));
}

TEST(machine, every_cell_of_the_table_is_what_the_rules_say) {
  for (unsigned s = 0; s < static_cast<unsigned>(State::count_); ++s)
    for (unsigned e = 0; e < static_cast<unsigned>(Event::count_); ++e) {
      const auto state = static_cast<State>(s);
      const auto event = static_cast<Event>(e);
      const auto* t = find_transition(state, event);
      if (state == State::gone) {
        EXPECT_EQ(t, nullptr);
      }
      if (event == Event::peer_silent && state != State::up) {
        EXPECT_EQ(t, nullptr) << "only a tunnel that is up falls asleep";
      }
      if (event == Event::window_over && state != State::asleep) {
        EXPECT_EQ(t, nullptr);
      }
      if (t && t->to == State::asleep) {
        EXPECT_TRUE(state == State::asleep || event == Event::peer_silent || event == Event::restored);
      }
    }
}

TEST(machine, the_drawing_in_docs_is_the_table) {
  std::ifstream file(std::string(DORMOUSE_SOURCE_DIR) + "/docs/tunnel-states.dot");
  std::stringstream text_of_file;
  text_of_file << file.rdbuf();
  EXPECT_EQ(text_of_file.str(), states_as_dot()) << "write the new drawing to docs/tunnel-states.dot";
}

}  // namespace
}  // namespace dormouse::tunnel
