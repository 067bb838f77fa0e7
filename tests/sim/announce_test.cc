// Going to sleep announced, between two daemons: what the gateway does at once, what the client leaves, and what
// neither a lost message nor one that was on its way may spoil.
#include <algorithm>
#include <gtest/gtest.h>

#include "sim/host.h"
#include "sim/models.h"
#include "wire/message.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1");
const IpAddress kClient = *IpAddress::parse("11.101.1.1");
const IpAddress kInside = *IpAddress::parse("192.168.5.44");
const IpAddress kAtClient = *IpAddress::parse("10.1.100.11");
constexpr Duration kRoundTrip = 40ms;

class Announce : public ::testing::Test {
 protected:
  void begin(const config::Model& at_server) {
    server.start(share(at_server));
    client.start(share(client_model(kServer)));
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
    world.run_for(1s);
    client.clear_log();
    server.clear_log();
    world.on_ike = [this](const Host& from, const Bytes& m) {
      if (&from == &client) ++sent_by_client;
      return lose && lose(from, m);
    };
  }
  void begin() { begin(server_model()); }
  std::size_t go_to_sleep() {
    return client.command([&](tunnel::Manager& m) { return m.go_to_sleep("", world.now()); });
  }
  void wake_told() {
    client.command([&](tunnel::Manager& m) { return m.stay_awake("", world.now()); });
  }
  /// The machine stands still for so long. `timers_first`: they are seen before anybody compares the clocks.
  void sleep(Duration d, bool timers_first = false) {
    client.freeze(true);
    world.run_for(d);
    client.freeze(false);
    if (timers_first) client.tick();
    client.command([&](tunnel::Manager& m) { return m.machine_woke(d, world.now()), 0; });
  }
  std::optional<tunnel::State> state() {
    const auto t = server.tunnel("toClient_0");
    return t ? std::optional(t->state) : std::nullopt;
  }
  tunnel::State at_client() { return client.tunnel("toServer")->state; }
  bool arrives(std::uint64_t payload) {
    client.send_inside("toServer", kInside, payload);
    world.run_for(kRoundTrip);
    return std::ranges::find(server.data().delivered, payload) != server.data().delivered.end();
  }
  void TearDown() override {
    if (!HasFailure()) return;
    for (Host* h : {&server, &client})
      for (const auto& line : h->log()) std::fprintf(stderr, "%s: %.160s\n", h->name().c_str(), line.c_str());
  }

  World world{23};
  Host& server = world.add_host("server", kServer);
  Host& client = world.add_host("client", kClient);
  std::function<bool(const Host&, const Bytes&)> lose;
  std::size_t sent_by_client = 0;
};

TEST_F(Announce, the_gateway_sleeps_within_a_round_trip_and_writes_what_it_always_writes) {
  begin();
  const auto start = world.now();
  EXPECT_EQ(go_to_sleep(), 1U);
  EXPECT_TRUE(client.ready_for_sleep.empty());
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, kRoundTrip));
  world.run_for(kRoundTrip);
  ASSERT_EQ(client.ready_for_sleep.size(), 1U);
  EXPECT_LE(client.ready_for_sleep[0] - start, kRoundTrip);
  EXPECT_TRUE(server.logged("received notify type CLIENT_GOES_TO_SLEEP"));
  EXPECT_TRUE(server.logged("ike V=root:0:toClient_0: starting client-resume sleep period 120 sec (1)"));
  EXPECT_EQ(server.traps.size(), 1U) << "no DOWN trap";
  EXPECT_EQ(server.routes().size(), 1U);
  EXPECT_TRUE(client.logged("tunnel silent before sleep: toServer, gateway 173.1.1.1:4500 answered"));
}

TEST_F(Announce, wakes_by_address_with_what_was_parked) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  for (std::uint64_t i = 1; i <= 3; ++i) server.send_inside("toClient_0", kAtClient, i);
  EXPECT_EQ(server.tunnel("toClient_0")->counters.parked, 3U);
  sleep(100s);
  const auto back = world.now();
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 1s));
  EXPECT_LE(world.now() - back, kRoundTrip / 2 + 1ms);
  ASSERT_TRUE(world.run_while_not([&] { return at_client() == tunnel::State::up; }, 1s));
  EXPECT_LE(world.now() - back, kRoundTrip + 1ms);
  world.run_for(kRoundTrip);
  EXPECT_EQ(client.data().delivered, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(client.tunnel("toServer")->last_wake, tunnel::WakeWay::address);
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::address);
  EXPECT_EQ(server.tunnel("toClient_0")->ike.size(), 1U);
  EXPECT_TRUE(client.logged("tunnel resumed: toServer by address after 101 s"));
  EXPECT_TRUE(arrives(77));
}

TEST_F(Announce, traffic_alone_wakes_it_too) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  ASSERT_EQ(state(), tunnel::State::asleep);
  lose = [](const Host&, const Bytes&) { return true; };
  wake_told();
  EXPECT_TRUE(arrives(5));
  EXPECT_EQ(state(), tunnel::State::up);
}

TEST_F(Announce, nothing_leaves_the_client_until_it_wakes) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  sent_by_client = 0;
  client.send_inside("toServer", kInside, 9);
  client.configure(share(client_model(kServer)));
  world.readdress(client, *IpAddress::parse("11.101.1.99"));
  world.readdress(client, kClient);
  world.run_for(20s);
  EXPECT_EQ(sent_by_client, 0U);
  EXPECT_EQ(state(), tunnel::State::asleep);
  EXPECT_TRUE(server.data().delivered.empty());
  wake_told();
  world.run_for(1s);
  EXPECT_EQ(server.data().delivered, std::vector<std::uint64_t>{9}) << "what its programs sent meanwhile";
  EXPECT_EQ(state(), tunnel::State::up);
}

TEST_F(Announce, a_machine_that_does_not_sleep_after_all_comes_back_by_itself) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  ASSERT_EQ(state(), tunnel::State::asleep);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 35s));
  world.run_for(1s);
  EXPECT_EQ(at_client(), tunnel::State::up);
}

TEST_F(Announce, packets_that_were_on_their_way_do_not_wake_it) {
  begin();
  world.weather("client").jitter = 300ms;  // the announcement overtakes
  for (std::uint64_t i = 1; i <= 40; ++i) client.send_inside("toServer", kInside, i);
  world.weather("client").jitter = 0ms;
  go_to_sleep();
  world.run_for(1s);
  EXPECT_EQ(server.data().delivered.size(), 40U) << "late, but good";
  EXPECT_EQ(state(), tunnel::State::asleep);
  EXPECT_FALSE(server.logged("client has resumed"));
  wake_told();
  EXPECT_TRUE(arrives(99));
  EXPECT_EQ(state(), tunnel::State::up);
}

TEST_F(Announce, an_answer_that_was_on_its_way_does_not_wake_it) {
  begin();
  bool held = false;
  lose = [&](const Host& from, const Bytes& m) {
    const auto h = wire::parse_header(m);
    if (&from != &client || !h || !h->response || held) return false;
    held = true;  // the answer to the gateway's probe takes a detour
    world.at(world.now() + 200ms, [this, m] { server.receive_ike({kServer, 500}, {kClient, 500}, m); });
    return true;
  };
  ASSERT_TRUE(world.run_while_not([&] { return held; }, 70s)) << "the gateway probes";
  go_to_sleep();
  world.run_for(1s);
  EXPECT_EQ(state(), tunnel::State::asleep);
  EXPECT_FALSE(server.logged("client has resumed"));
}

TEST_F(Announce, a_lost_announcement_is_repeated) {
  begin();
  unsigned lost = 0;
  lose = [&](const Host& from, const Bytes&) { return &from == &client && ++lost <= 2; };
  go_to_sleep();
  world.run_for(600ms);
  EXPECT_EQ(state(), tunnel::State::asleep);
  EXPECT_EQ(client.ready_for_sleep.size(), 1U);
}

TEST_F(Announce, without_an_answer_the_machine_may_go_after_a_second_and_a_half) {
  begin();
  lose = [](const Host&, const Bytes&) { return true; };
  const auto start = world.now();
  go_to_sleep();
  ASSERT_TRUE(world.run_while_not([&] { return !client.ready_for_sleep.empty(); }, 5s));
  EXPECT_EQ(client.ready_for_sleep[0] - start, 1500ms);
  EXPECT_TRUE(client.logged("tunnel silent before sleep: toServer, gateway 173.1.1.1:4500 did not answer"));
  sent_by_client = 0;
  world.run_for(10s);
  EXPECT_EQ(sent_by_client, 0U);
  lose = {};
  EXPECT_EQ(state(), tunnel::State::up) << "it never heard of it";
  sleep(60s);
  ASSERT_TRUE(world.run_while_not([&] { return at_client() == tunnel::State::up; }, 1s));
  EXPECT_FALSE(server.logged("starting client-resume sleep period")) << "and does not learn it from a client awake";
  EXPECT_TRUE(arrives(6));
}

TEST_F(Announce, after_a_lost_answer_it_is_back_in_one_round_trip) {
  begin();
  lose = [&](const Host& from, const Bytes&) { return &from == &server; };
  go_to_sleep();
  world.run_for(3s);
  ASSERT_EQ(state(), tunnel::State::asleep);
  lose = {};
  sleep(60s);
  const auto back = world.now();
  ASSERT_TRUE(world.run_while_not([&] { return at_client() == tunnel::State::up; }, 1s));
  EXPECT_LE(world.now() - back, kRoundTrip + 1ms);
  EXPECT_EQ(state(), tunnel::State::up);
  world.run_for(200s);
  EXPECT_EQ(state(), tunnel::State::up) << "the message numbers agree";
  EXPECT_EQ(server.status().phase1[0].logins, 1U);
}

TEST_F(Announce, told_again_while_asleep_it_stays_asleep) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  const auto until = server.tunnel("toClient_0")->asleep_until;
  world.run_for(5s);
  // Called off, used again, and off again before any of it arrived.
  world.weather("client").cut = true;
  wake_told();
  client.send_inside("toServer", kInside, 3);
  world.run_for(100ms);
  go_to_sleep();  // it does not know whether it is heard: no second announcement
  world.weather("client").cut = false;
  server.clear_log();
  EXPECT_EQ(state(), tunnel::State::asleep);
  EXPECT_EQ(server.tunnel("toClient_0")->asleep_until, until);
  ASSERT_TRUE(world.run_while_not([&] { return at_client() == tunnel::State::up; }, 5s));
  go_to_sleep();
  world.run_for(1s);
  EXPECT_EQ(state(), tunnel::State::asleep);
  EXPECT_EQ(go_to_sleep(), 0U) << "it is silent already";
  EXPECT_EQ(client.ready_for_sleep.size(), 4U);
  EXPECT_EQ(server.tunnel("toClient_0")->sleeps, 2U);
}

TEST_F(Announce, a_gateway_that_keeps_no_sleepers_answers_and_does_nothing) {
  auto m = server_model();
  m.phase1[0].client_resume = false;
  begin(m);
  go_to_sleep();
  world.run_for(1s);
  EXPECT_EQ(state(), tunnel::State::up);
  EXPECT_TRUE(client.logged("gateway 173.1.1.1:4500 answered"));
  sleep(30s);
  ASSERT_TRUE(world.run_while_not([&] { return at_client() == tunnel::State::up; }, 1s));
  EXPECT_TRUE(arrives(6)) << "it was not missed yet";
}

TEST_F(Announce, without_a_gateway_to_tell_the_machine_may_go_at_once) {
  begin();
  client.command([&](tunnel::Manager& m) { return m.flush("toServer", world.now()); });
  sent_by_client = 0;
  EXPECT_EQ(go_to_sleep(), 0U);
  EXPECT_EQ(client.ready_for_sleep.size(), 1U) << "at once";
  EXPECT_EQ(sent_by_client, 0U);
}

TEST_F(Announce, its_sleep_ends_like_any_other) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  client.kill();
  world.run_for(122s);
  EXPECT_EQ(state(), std::nullopt);
  EXPECT_TRUE(server.logged("client-resume sleep period has expired (1)"));
  EXPECT_TRUE(server.routes().empty());
}

TEST_F(Announce, a_login_wakes_it_as_it_does_any_other) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  client.kill();
  client.start(share(client_model(kServer)));
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 5s));
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::login);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
}

TEST_F(Announce, a_lifetime_that_passes_in_sleep_leaves_the_client_a_login) {
  auto m = server_model();
  m.phase1[0].client_resume_interval = 86400s * 3;
  begin(m);
  go_to_sleep();
  world.run_for(1s);
  for (const bool timers_first : {false, true}) {
    sleep(86400s * 2, timers_first);
    ASSERT_TRUE(
        world.run_while_not([&] { return at_client() == tunnel::State::up && state() == tunnel::State::up; }, 5s))
        << timers_first;
    EXPECT_TRUE(arrives(timers_first ? 6 : 7));
    EXPECT_EQ(server.status().tunnels.size(), 1U);
    go_to_sleep();
    world.run_for(1s);
  }
}

TEST_F(Announce, timers_that_fell_due_in_sleep_do_not_come_between) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  sleep(100s, true);
  ASSERT_TRUE(world.run_while_not([&] { return at_client() == tunnel::State::up; }, 1s));
  EXPECT_EQ(client.tunnel("toServer")->last_wake, tunnel::WakeWay::address);
  EXPECT_EQ(server.status().phase1[0].logins, 1U);
}

TEST_F(Announce, both_watchers_of_one_wake_lead_to_one_return) {
  begin();
  go_to_sleep();
  world.run_for(1s);
  world.run_for(10s);
  client.clear_log();
  wake_told();
  world.run_for(5ms);
  client.command([&](tunnel::Manager& m) { return m.machine_woke(9s, world.now()), 0; });
  world.run_for(5s);
  const auto returns = std::ranges::count_if(
      client.log(), [](const auto& line) { return line.find("tunnel resumed: toServer") != std::string::npos; });
  EXPECT_EQ(returns, 1);
}

TEST_F(Announce, a_thousand_sleeps_in_bad_weather_leave_one_tunnel) {
  begin();
  world.weather("client") = {.delay = 20ms, .jitter = 100ms, .loss = 150, .duplicate = 100};
  for (int i = 0; i < 1000; ++i) {
    client.send_inside("toServer", kInside, 1000U + static_cast<unsigned>(i));
    go_to_sleep();
    world.run_for(Duration(static_cast<std::int64_t>(world.rng().below(3'000'000'000))));
    if (world.rng().below(2) == 0)
      sleep(5s);
    else
      wake_told();
    world.run_for(Duration(static_cast<std::int64_t>(world.rng().below(3'000'000'000))));
  }
  world.weather("client") = {};
  world.run_for(60s);
  EXPECT_EQ(at_client(), tunnel::State::up);
  EXPECT_EQ(state(), tunnel::State::up);
  EXPECT_TRUE(arrives(6));
  EXPECT_EQ(server.status().tunnels.size(), 1U);
}

}  // namespace
}  // namespace dormouse::sim
