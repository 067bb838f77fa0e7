// The gateway's daemon ends, in every manner, and starts again with what it kept.
#include <algorithm>
#include <gtest/gtest.h>

#include "sim/host.h"
#include "sim/models.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1");
const IpAddress kInside = *IpAddress::parse("192.168.5.44");
const IpAddress kLaptop = *IpAddress::parse("10.1.100.11");

class Restart : public ::testing::Test {
 protected:
  void SetUp() override {
    server.start(share(server_model()));
    client.start(share(named_client()));
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
    world.run_for(1s);
  }
  /// With an identity of its own, so that it may move.
  static config::Model named_client() {
    auto m = client_model(kServer);
    m.phase1[0].localid = Identity{IdType::fqdn, to_bytes(as_bytes("laptop"))};
    return m;
  }
  std::optional<tunnel::State> state(const std::string& name = "toClient_0") {
    const auto t = server.tunnel(name);
    return t ? std::optional(t->state) : std::nullopt;
  }
  void cut(bool on) { world.weather("client").cut = on; }
  void fall_asleep() {
    cut(true);
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 200s));
  }
  void restart(Duration down_for, const config::Model& model = server_model()) {
    server.kill();
    world.run_for(down_for);
    server.clear_log();
    server.start(share(model));
  }

  World world{7};
  Host& server = world.add_host("server", kServer);
  Host& client = world.add_host("client", *IpAddress::parse("11.101.1.1"));
};

TEST_F(Restart, a_sleeper_sleeps_on_for_what_is_left_of_its_window) {
  fall_asleep();
  const auto before = *server.tunnel("toClient_0");
  const auto routes = server.routes();
  const auto members = server.members();
  world.run_for(30s);
  restart(20s);
  const auto after = server.tunnel("toClient_0");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, tunnel::State::asleep);
  EXPECT_EQ(after->asleep_until, before.asleep_until);
  EXPECT_EQ(after->asleep_since, before.asleep_since);
  EXPECT_EQ(after->logged_in, before.logged_in);
  EXPECT_EQ(after->sleeps, before.sleeps);
  EXPECT_EQ(after->peer_id, before.peer_id);
  EXPECT_EQ(after->path.remote, before.path.remote);
  EXPECT_EQ(after->device_name, "toClient_0");
  ASSERT_EQ(server.routes().size(), routes.size());
  EXPECT_EQ(server.routes()[0].dst, routes[0].dst);
  EXPECT_EQ(server.members(), members);
  EXPECT_TRUE(server.logged("tunnel restored: toClient_0, asleep, "));
  EXPECT_FALSE(server.logged("starting client-resume sleep period"));
  world.run_until(before.asleep_until + 1s);
  EXPECT_EQ(state(), std::nullopt);
}

TEST_F(Restart, its_end_leaves_the_same_trail_as_without_a_restart) {
  fall_asleep();
  const auto until = server.tunnel("toClient_0")->asleep_until;
  const auto traps = server.traps.size();
  restart(10s);
  EXPECT_EQ(server.traps.size(), traps) << "no trap at the restart";
  world.run_until(until + 1s);
  for (const auto* line :
       {"client-resume sleep period has expired (1)", "going to be deleted", "flushing", "del route ",
        "sending SNMP tunnel DOWN trap for toClient", "last dialup SA expired while client sleeping", "flushed"})
    EXPECT_TRUE(server.logged(line)) << line;
  ASSERT_EQ(server.traps.size(), traps + 1);
  EXPECT_FALSE(server.traps.back().up);
  EXPECT_TRUE(server.routes().empty());
  EXPECT_TRUE(server.members().empty());
  EXPECT_TRUE(server.data().device_names().empty());
  EXPECT_TRUE(server.disk().sessions.empty());
}

TEST_F(Restart, one_whose_window_ended_meanwhile_ends_at_once_with_its_trail) {
  fall_asleep();
  const auto traps = server.traps.size();
  restart(500s);
  world.run_for(1ms);
  EXPECT_EQ(state(), std::nullopt);
  EXPECT_TRUE(server.logged("client-resume sleep period has expired (1)"));
  EXPECT_EQ(server.traps.size(), traps + 1);
  EXPECT_TRUE(server.routes().empty());
  EXPECT_TRUE(server.disk().sessions.empty());
}

TEST_F(Restart, its_client_takes_it_over_by_login_from_wherever_it_is) {
  fall_asleep();
  restart(5s);
  world.readdress(client, *IpAddress::parse("11.101.9.9"));
  for (std::uint64_t i = 1; i <= 3; ++i) server.send_inside("toClient_0", kLaptop, i);
  cut(false);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 60s));
  world.run_for(5s);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::login);
  EXPECT_EQ(server.tunnel("toClient_0")->path.remote.address, client.address());
  EXPECT_TRUE(server.logged("client has resumed (1)"));
  EXPECT_EQ(server.routes().size(), 1U);
  EXPECT_EQ(client.tunnel("toServer")->ike.size(), 1U);
  EXPECT_EQ(client.data().delivered, (std::vector<std::uint64_t>{1, 2, 3})) << "what was parked after the restart";
  client.send_inside("toServer", kInside, 9);
  world.run_for(1s);
  EXPECT_EQ(server.data().delivered.back(), 9U);
}

TEST_F(Restart, a_login_begun_in_the_dark_is_begun_anew_when_the_network_returns) {
  auto m = server_model();
  m.phase1[0].client_resume_interval = 3600s;
  server.configure(share(m));
  cut(true);
  world.run_for(2s);
  restart(1s, m);
  for (int i = 0; i < 8; ++i) {
    world.run_for(200s + 777ms * i);  // somewhere between two repeats of its question
    ASSERT_EQ(client.tunnel("toServer")->state, tunnel::State::connecting);
    cut(false);
    client.command([&](tunnel::Manager& c) {
      c.routes_changed(world.now());
      return 0;
    });
    const auto back = world.now();
    ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::up; }, 60s));
    EXPECT_LE(world.now() - back, 300ms + 4 * 40ms + 20ms) << "the start that the old SAs get, and a login";
    world.run_for(2s);
    cut(true);
    world.run_for(1s);
    restart(1s, m);
  }
}

TEST_F(Restart, a_tunnel_that_was_up_begins_a_window_and_its_client_comes_back_to_it) {
  auto m = server_model();
  m.phase1[0].client_resume_interval = 300s;
  server.configure(share(m));
  const auto created = server.tunnel("toClient_0")->created;
  restart(20s, m);
  EXPECT_EQ(state(), tunnel::State::asleep);
  EXPECT_EQ(server.tunnel("toClient_0")->sleep_left, 300s);
  EXPECT_TRUE(server.logged("starting client-resume sleep period 300 sec (1)"));
  client.send_inside("toServer", kInside, 1);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 300s));
  world.run_for(5s);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
  EXPECT_EQ(server.tunnel("toClient_0")->created, created) << "the same tunnel";
}

TEST_F(Restart, restarting_again_and_again_does_not_lengthen_a_window) {
  restart(1s);  // was up: 120 s from here
  const auto until = server.tunnel("toClient_0")->asleep_until;
  cut(true);
  for (int i = 0; i < 5; ++i) {
    restart(10s);
    ASSERT_EQ(server.tunnel("toClient_0")->asleep_until, until);
  }
  world.run_until(until + 1s);
  EXPECT_EQ(state(), std::nullopt);
}

TEST_F(Restart, an_orderly_end_keeps_what_kill_9_keeps) {
  fall_asleep();
  const auto until = server.tunnel("toClient_0")->asleep_until;
  const auto traps = server.traps.size();
  server.stop();
  EXPECT_EQ(server.traps.size(), traps + 1) << "the managers hear that it is down";
  server.start(share(server_model()));
  ASSERT_EQ(state(), tunnel::State::asleep);
  EXPECT_EQ(server.tunnel("toClient_0")->asleep_until, until);
  world.run_until(until + 1s);
  EXPECT_EQ(state(), std::nullopt);
  EXPECT_EQ(server.traps.size(), traps + 1) << "and not once more";
}

TEST_F(Restart, a_client_that_was_told_of_an_orderly_end_is_back_within_seconds) {
  server.stop();
  world.run_for(3s);
  server.start(share(server_model()));
  ASSERT_EQ(state(), tunnel::State::asleep);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 40s));
  EXPECT_EQ(server.status().tunnels.size(), 1U);
}

TEST_F(Restart, what_the_configuration_no_longer_keeps_does_not_come_back) {
  fall_asleep();
  const auto kept = server.disk();
  const auto expect_dropped = [&](config::Model m, const std::string& reason) {
    server.kill();
    server.disk() = kept;
    server.clear_log();
    server.start(share(std::move(m)));
    EXPECT_EQ(state(), std::nullopt) << reason;
    EXPECT_TRUE(server.logged("tunnel not restored: toClient_0, reason: " + reason)) << reason;
    EXPECT_TRUE(server.disk().sessions.empty()) << reason;
    EXPECT_TRUE(server.routes().empty()) << reason;
  };
  auto m = server_model();
  m.phase1[0].client_resume = false;
  expect_dropped(m, "client-resume is disabled");
  m = server_model();
  m.phase1[0].has_policy = false;
  expect_dropped(m, "its policies were removed");
  m = server_model();
  m.phase1[0].name = m.phase2[0].phase1 = "other";
  expect_dropped(m, "its phase 1 was removed");
  m = server_model();
  m.phase1[0].type = config::Phase1Type::static_peer;
  m.phase1[0].remote_gw = client.address();
  m.phase1[0].passive = true;
  expect_dropped(m, "its phase 1 was removed");
}

TEST_F(Restart, a_shorter_interval_in_the_new_configuration_counts) {
  fall_asleep();
  const auto since = server.tunnel("toClient_0")->asleep_since;
  auto m = server_model();
  m.phase1[0].client_resume_interval = 40s;
  restart(5s, m);
  EXPECT_EQ(server.tunnel("toClient_0")->asleep_until, since + 40s);
  m.phase1[0].client_resume_interval = 4000s;
  restart(5s, m);
  EXPECT_EQ(server.tunnel("toClient_0")->asleep_until, since + 40s) << "a longer one never counts for a running sleep";
}

TEST_F(Restart, a_tunnel_without_client_resume_leaves_nothing_on_disk) {
  ASSERT_EQ(server.disk().sessions.size(), 1U);
  auto m = server_model();
  m.phase1[0].client_resume = false;
  server.configure(share(m));
  EXPECT_TRUE(server.disk().sessions.empty());
}

TEST_F(Restart, clearing_a_sleeper_clears_its_record) {
  fall_asleep();
  server.command([&](tunnel::Manager& manager) { return manager.flush("toClient_0", world.now()); });
  EXPECT_TRUE(server.disk().sessions.empty());
  restart(1s);
  EXPECT_TRUE(server.status().tunnels.empty());
}

TEST_F(Restart, the_place_of_a_restored_sleeper_is_not_given_to_another) {
  fall_asleep();
  restart(1s);
  Host& other = world.add_host("other", *IpAddress::parse("11.101.2.2"));
  auto m = named_client();
  m.phase1[0].localid = Identity{IdType::fqdn, to_bytes(as_bytes("another laptop"))};
  other.start(share(m));
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_1") == tunnel::State::up; }, 10s));
  EXPECT_EQ(state(), tunnel::State::asleep);
}

TEST_F(Restart, a_shared_interface_gets_its_sleepers_back) {
  auto m = server_model();
  m.phase1[0].net_device = false;
  server.configure(share(m));
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 60s));
  fall_asleep();
  restart(5s, m);
  ASSERT_EQ(state(), tunnel::State::asleep);
  EXPECT_EQ(server.tunnel("toClient_0")->device_name, "toClient");
  cut(false);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 60s));
  EXPECT_EQ(server.routes().size(), 1U);
}

// --- quick crash detection

class QuickRestart : public Restart {
 protected:
  void SetUp() override {
    server.start(share(with_qcd(server_model())));
    client.start(share(with_qcd(named_client())));
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
    world.run_for(1s);
  }
  static config::Model with_qcd(config::Model m) {
    m.quick_crash_detect = true;
    return m;
  }
  /// Any protected request of the client's, e.g. at the next dead peer detection.
  void run_until_next_probe() {
    ASSERT_TRUE(world.run_while_not([&] { return server.status().crash_answers != 0; }, 70s));
  }
};

TEST_F(QuickRestart, the_client_of_a_restarted_gateway_is_back_a_round_trip_after_its_next_message) {
  const auto created = server.tunnel("toClient_0")->created;
  restart(2s, with_qcd(server_model()));
  EXPECT_EQ(state(), tunnel::State::asleep);
  run_until_next_probe();
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 200ms)) << "3 round trips of 20 ms";
  world.run_for(1s);
  EXPECT_EQ(server.tunnel("toClient_0")->created, created);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
  ASSERT_EQ(client.tunnel("toServer")->ike.size(), 1U);
  EXPECT_TRUE(client.logged("QCD token verified"));
  EXPECT_TRUE(client.logged("peer restarted: toServer"));
  client.send_inside("toServer", kInside, 4);
  world.run_for(1s);
  EXPECT_EQ(server.data().delivered.back(), 4U);
  EXPECT_EQ(client.data().children(), 1U);
  EXPECT_EQ(server.data().children(), 1U);
}

TEST_F(QuickRestart, so_it_is_after_a_rekey_of_the_ike_sa_by_either_end) {
  for (Host* first : {&server, &client}) {
    auto m = with_qcd(first == &server ? server_model() : named_client());
    m.phase1[0].keylife = 300s;
    server.kill();
    client.kill();
    server.disk() = {};
    server.start(share(first == &server ? m : with_qcd(server_model())));
    client.start(share(first == &client ? m : with_qcd(named_client())));
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
    const auto spi = server.tunnel("toClient_0")->ike.at(0).spi_i;
    ASSERT_TRUE(world.run_while_not([&] { return server.tunnel("toClient_0")->ike.at(0).spi_i != spi; }, 400s));
    world.run_for(35s);
    restart(2s, with_qcd(server_model()));
    run_until_next_probe();
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 200ms)) << first->name();
  }
}

TEST_F(QuickRestart, a_client_that_probes_while_its_gateway_is_away_is_back_when_it_answers) {
  server.kill();
  world.run_for(160s);  // the client has given it up: it asks on the old SAs, and tries to log in
  ASSERT_EQ(client.tunnel("toServer")->state, tunnel::State::connecting);
  server.start(share(with_qcd(server_model())));
  ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::up; }, 6s));
  world.run_for(1s);
  EXPECT_EQ(client.tunnel("toServer")->ike.size(), 1U);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
}

TEST_F(QuickRestart, a_gateway_learns_the_same_of_its_client_and_keeps_the_tunnel_asleep) {
  // The client is killed and another daemon of the same host, with the same state, has nothing to connect to yet.
  auto idle = with_qcd(named_client());
  idle.phase1[0].auto_negotiate = false;
  client.kill();
  client.start(share(idle));
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 62s)) << "not after 153 s";
  EXPECT_TRUE(server.logged("peer restarted: toClient_0"));
  EXPECT_EQ(server.routes().size(), 1U);
  EXPECT_EQ(server.traps.size(), 1U) << "no DOWN trap at the start of sleep";
  EXPECT_TRUE(server.tunnel("toClient_0")->ike.empty());
  client.send_inside("toServer", kInside, 1);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
  EXPECT_EQ(server.status().tunnels.size(), 1U);
}

TEST_F(QuickRestart, without_the_secret_of_before_nobody_is_believed) {
  server.kill();
  server.disk().secrets.clear();
  server.start(share(with_qcd(server_model())));
  run_until_next_probe();
  world.run_for(1s);
  EXPECT_FALSE(client.logged("QCD token verified"));
  EXPECT_EQ(client.tunnel("toServer")->state, tunnel::State::up) << "a wrong token changes nothing";
}

/// A request whose SPIs are chosen by the sender, protected by nothing.
Bytes forged_request(IkeSpi i, IkeSpi r, bool initiator) {
  Bytes m(80);
  store64(m.data(), i.value());
  store64(m.data() + 8, r.value());
  m[16] = 46;
  m[17] = 0x20;
  m[18] = 37;
  m[19] = initiator ? 0x08 : 0x00;
  store32(m.data() + 24, 80);
  m[31] = 52;
  return m;
}

TEST_F(QuickRestart, the_token_of_a_living_sa_is_never_shown_whoever_claims_to_have_begun_it) {
  const auto sa = server.tunnel("toClient_0")->ike.at(0);
  const Endpoint stranger{*IpAddress::parse("11.101.66.6"), 500};
  for (Host* host : {&server, &client}) {
    const Endpoint at{host->address(), 500};
    for (const bool initiator : {true, false}) {
      host->receive_ike(at, stranger, forged_request(sa.spi_i, sa.spi_r, initiator));
      host->receive_ike(at, stranger, forged_request(sa.spi_r, sa.spi_i, initiator));
      host->receive_ike(at, stranger, forged_request(sa.spi_i, IkeSpi(77), initiator));
      host->receive_ike(at, stranger, forged_request(IkeSpi(77), sa.spi_r, initiator));
    }
    // Each host lives at one of the two SPIs; the other, with a stranger's beside it, is no SA of its own.
    EXPECT_LE(host->status().crash_answers, 2U) << host->name();
    host->receive_ike(at, stranger, forged_request(IkeSpi(78), IkeSpi(77), true));
    EXPECT_GE(host->status().crash_answers, 1U) << "an SA that nobody has";
  }
  world.run_for(5s);
  EXPECT_EQ(state(), tunnel::State::up);
  EXPECT_FALSE(client.logged("QCD token verified"));
  EXPECT_FALSE(server.logged("QCD token verified"));
}

TEST_F(QuickRestart, a_flood_of_unknown_spis_is_answered_a_few_times_only) {
  for (std::uint64_t i = 1; i <= 10'000; ++i)
    server.receive_ike({kServer, 500}, {*IpAddress::parse("11.101.66.6"), 500},
                       forged_request(IkeSpi(i), IkeSpi(i + 1), true));
  EXPECT_LE(server.status().crash_answers, 10U);
}

TEST_F(Restart, with_quick_crash_detection_off_unknown_spis_are_not_answered) {
  server.receive_ike({kServer, 500}, {client.address(), 500}, forged_request(IkeSpi(1), IkeSpi(2), true));
  EXPECT_EQ(server.status().crash_answers, 0U);
}

}  // namespace
}  // namespace dormouse::sim
