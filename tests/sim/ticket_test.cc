// Waking by ticket (RFC 5723), between two daemons over a hostile network: when a ticket serves, when it must not, and
// that a refused one leads to a login and never to a client that hangs.
#include <algorithm>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "sim/host.h"
#include "sim/models.h"
#include "wire/message.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1");
const IpAddress kInside = *IpAddress::parse("192.168.5.44");
const IpAddress kElsewhere = *IpAddress::parse("10.1.100.11");

class Ticket : public ::testing::Test {
 protected:
  Ticket() {
    world.on_ike = [this](const Host& from, const Bytes& message) {
      const auto h = wire::parse_header(message);
      if (!h) return false;
      if (h->exchange == wire::ExchangeType::ike_session_resume && !h->response) resume_request = message;
      return lose && lose(from, *h);
    };
  }
  void begin(const config::Model& at_server, const config::Model& at_client) {
    server.start(share(at_server));
    client.start(share(at_client));
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
    world.run_for(1s);
  }
  void begin() { begin(gateway(), laptop()); }
  static config::Model gateway() {
    auto m = server_model();
    m.session_resume = m.quick_crash_detect = true;
    return m;
  }
  static config::Model laptop() {
    auto m = client_model(kServer);
    m.session_resume = m.quick_crash_detect = true;
    m.phase1[0].localid = Identity{IdType::fqdn, to_bytes(as_bytes("laptop"))};
    return m;
  }
  std::optional<tunnel::State> state() {
    const auto t = server.running() ? server.tunnel("toClient_0") : std::nullopt;
    return t ? std::optional(t->state) : std::nullopt;
  }
  /// kill -9 and back, with what was on disk.
  void restart(const config::Model& m) {
    server.kill();
    world.run_for(2s);
    server.clear_log();
    server.start(share(m));
  }
  std::uint64_t logins() { return server.status().phase1[0].logins; }
  bool traffic_flows() {
    client.send_inside("toServer", kInside, ++payload);
    world.run_for(1s);
    return !server.data().delivered.empty() && server.data().delivered.back() == payload;
  }
  bool one_of_each() {
    return server.data().children() == 1 && client.data().children() == 1 && server.status().tunnels.size() == 1 &&
           server.tunnel("toClient_0")->ike.size() == 1 && client.tunnel("toServer")->ike.size() == 1;
  }
  /// While its client hears nothing, until that has begun to look for it.
  void restart_in_the_dark(config::Model m) {
    m.phase1[0].client_resume_interval = 3600s;
    world.weather("client").cut = true;
    world.run_for(2s);
    restart(m);
    world.run_for(200s);
    ASSERT_EQ(client.tunnel("toServer")->state, tunnel::State::connecting);
    world.weather("client").cut = false;
  }
  /// A route to the gateway is there again: all that tells the client.
  void network_returns() {
    client.command([&](tunnel::Manager& m) {
      m.routes_changed(world.now());
      return 0;
    });
  }
  void expect_back_by_ticket() {
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 80s));
    world.run_for(1s);
    EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket);
    EXPECT_EQ(client.tunnel("toServer")->last_wake, tunnel::WakeWay::ticket);
    EXPECT_GT(server.tunnel("toClient_0")->last_wake_took, Duration{});
    EXPECT_GE(client.tunnel("toServer")->last_wake_took, server.tunnel("toClient_0")->last_wake_took);
    EXPECT_EQ(logins(), 0U);
    EXPECT_TRUE(traffic_flows());
    EXPECT_TRUE(one_of_each());
  }
  void expect_back_by_login() {
    ASSERT_TRUE(world.run_while_not(
        [&] {
          const auto t = client.tunnel("toServer");
          return state() == tunnel::State::up && t && t->state == tunnel::State::up;
        },
        200s));
    world.run_for(1s);
    EXPECT_GE(logins(), 1U);
    EXPECT_TRUE(traffic_flows());
    EXPECT_TRUE(one_of_each());
  }

  void TearDown() override {
    if (!HasFailure()) return;
    for (Host* h : {&server, &client})
      for (const auto& line : h->log()) std::fprintf(stderr, "%s: %.160s\n", h->name().c_str(), line.c_str());
  }

  World world{11};
  Host& server = world.add_host("server", kServer);
  Host& client = world.add_host("client", *IpAddress::parse("11.101.1.1"));
  Bytes resume_request;  ///< the last IKE_SESSION_RESUME request that somebody sent
  std::function<bool(const Host& from, const wire::Header&)> lose;
  std::uint64_t payload = 100;
};

TEST_F(Ticket, a_restarted_gateway_takes_its_client_back_without_a_login) {
  begin();
  const auto before = *server.tunnel("toClient_0");
  restart(gateway());
  expect_back_by_ticket();
  const auto after = *server.tunnel("toClient_0");
  EXPECT_EQ(after.created, before.created) << "the same tunnel";
  EXPECT_EQ(after.logged_in, before.logged_in) << "a ticket is no login";
  EXPECT_TRUE(server.logged("client has resumed (1)"));
}

TEST_F(Ticket, an_idle_client_is_told_of_the_restart_and_back_within_a_second) {
  begin();
  world.run_for(10s);  // far from its next probe
  restart(gateway());
  const auto listening = world.now();
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 1s));
  EXPECT_LE(world.now() - listening, 100ms) << "one way and two rounds";
  expect_back_by_ticket();
}

TEST_F(Ticket, the_word_of_a_restart_is_repeated) {
  begin();
  server.kill();
  world.weather("client").cut = true;
  server.start(share(gateway()));
  world.run_for(500ms);
  world.weather("client").cut = false;
  const auto back = world.now();
  expect_back_by_ticket();
  EXPECT_LE(world.now() - back, 5s);
}

TEST_F(Ticket, an_orderly_stop_leaves_it_good) {
  begin();
  const auto before = *server.tunnel("toClient_0");
  server.stop();
  world.run_for(2s);
  server.start(share(gateway()));
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 1s));
  expect_back_by_ticket();
  EXPECT_EQ(server.tunnel("toClient_0")->logged_in, before.logged_in);
}

TEST_F(Ticket, of_a_stop_that_told_the_client_is_gone) {
  auto g = gateway();
  auto l = laptop();
  g.quick_crash_detect = l.quick_crash_detect = false;
  begin(g, l);
  server.stop();
  world.run_for(2s);
  resume_request.clear();
  server.start(share(g));
  expect_back_by_login();
  EXPECT_TRUE(resume_request.empty());
}

TEST_F(Ticket, without_quick_crash_detection_dead_peer_detection_leads_to_the_ticket_too) {
  auto g = gateway();
  auto l = laptop();
  g.quick_crash_detect = l.quick_crash_detect = false;
  g.phase1[0].client_resume_interval = 3600s;
  begin(g, l);
  restart(g);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 300s));
  expect_back_by_ticket();
}

TEST_F(Ticket, comes_before_a_login_whenever_the_network_returns) {
  auto g = gateway();
  auto l = laptop();
  g.quick_crash_detect = l.quick_crash_detect = false;  // or a probe's answer would bring the ticket's turn
  g.phase1[0].client_resume_interval = 3600s;
  begin(g, l);
  int login_asked_first = 0;
  for (int turn = 0; turn < 40; ++turn) {
    world.weather("client").cut = true;
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 200s));
    restart(g);
    world.run_for(10s + 330ms * turn);
    world.weather("client").cut = false;
    std::optional<wire::ExchangeType> first;
    lose = [&](const Host& from, const wire::Header& h) {
      if (from.name() == "client" && h.exchange != wire::ExchangeType::informational && !first) first = h.exchange;
      return false;
    };
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 40s));
    EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket) << turn;
    lose = nullptr;
    if (first == wire::ExchangeType::ike_sa_init) ++login_asked_first;
    world.run_for(20s);  // the rekey after it, with its own ticket
    EXPECT_TRUE(one_of_each()) << turn;
  }
  EXPECT_GE(login_asked_first, 3) << "the test met the case it is for";
}

TEST_F(Ticket, whose_answer_waits_goes_before_a_login_that_was_answered_later) {
  auto g = gateway();
  auto l = laptop();
  g.quick_crash_detect = l.quick_crash_detect = false;  // nothing answers on the old SAs
  begin(g, l);
  world.weather("client") = {.delay = 5ms};
  restart(g);
  int shown = 0;
  lose = [&](const Host&, const wire::Header& h) {  // so that it is repeated a moment before the login's turn
    return h.exchange == wire::ExchangeType::ike_session_resume && !h.response && ++shown == 1;
  };
  client.command([&](tunnel::Manager& manager) { return manager.machine_woke(3600s, world.now()), 0; });
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 5s));
  world.run_for(2s);
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket);
  EXPECT_EQ(logins(), 0U);
  EXPECT_TRUE(one_of_each());
}

// One that is shown anew while its answer is on the way loses to whatever is heard meanwhile.
TEST_F(Ticket, comes_before_a_login_on_long_paths) {
  auto g = gateway();
  g.phase1[0].client_resume_interval = 86400s;
  begin(g, laptop());
  for (auto delay = 100ms; delay < 700ms; delay += 10ms) {
    world.weather("client") = {.delay = delay, .cut = true};
    restart(g);
    world.run_for(60s);
    world.weather("client").cut = false;
    client.command([&](tunnel::Manager& m) { return m.machine_woke(60s, world.now()), 0; });
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 100s));
    world.run_for(5s);
    EXPECT_EQ(logins(), 0U) << delay / 1ms << " ms";
    EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket) << delay / 1ms << " ms";
  }
}

TEST_F(Ticket, comes_before_a_login_whenever_the_gateway_is_there_again) {
  auto g = gateway();
  auto l = laptop();
  g.quick_crash_detect = l.quick_crash_detect = false;  // nothing answers on the old SAs
  g.phase1[0].client_resume_interval = 86400s;
  begin(g, l);
  world.weather("client") = {.delay = 11ms};
  for (auto late = 0ms; late < 3s; late += 20ms) {
    server.kill();
    ASSERT_TRUE(
        world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::connecting; }, 300s));
    world.run_for(late);
    server.start(share(g));
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 100s));
    world.run_for(15s);  // also the rekey after a ticket
    EXPECT_EQ(logins(), 0U) << late / 1ms << " ms";
    EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket) << late / 1ms << " ms";
  }
}

/// Forty others that never finish their logins, and the client comes back by a path of this delay.
class TicketUnderLoad : public Ticket, public ::testing::WithParamInterface<std::tuple<Duration, bool, bool>> {};
INSTANTIATE_TEST_SUITE_P(Paths, TicketUnderLoad,
                         ::testing::Combine(::testing::Values(60ms, 150ms, 280ms, 400ms), ::testing::Bool(),
                                            ::testing::Bool()));

TEST_P(TicketUnderLoad, comes_before_a_login_though_the_gateway_wants_cookies) {
  const auto& [delay, quick_crash, lid] = GetParam();
  auto g = gateway();
  auto l = laptop();
  g.quick_crash_detect = l.quick_crash_detect = quick_crash;  // false: nothing answers on the old SAs
  g.phase1[0].client_resume_interval = 3600s;
  begin(g, l);
  world.weather("client") = {.delay = delay, .cut = lid};
  restart(g);
  lose = [](const Host& from, const wire::Header& h) {
    return from.name().starts_with("other") && h.exchange == wire::ExchangeType::ike_auth;
  };
  for (unsigned n = 0; n < 40; ++n)
    world.add_host("other" + std::to_string(n), IpAddress::v4(0x0b650201 + n)).start(share(client_model(kServer)));
  if (lid) {
    world.run_for(2s);
    world.weather("client").cut = false;
    client.command([&](tunnel::Manager& m) { return m.machine_woke(3600s, world.now()), 0; });
  }
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 300s));
  world.run_for(1s);
  EXPECT_TRUE(client.logged("received COOKIE"));
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket);
  EXPECT_EQ(logins(), 0U);
}

// Where cookies come and go with each half-open SA, the copies of a first message may be answered differently, and then
// its sender cannot know which message its AUTH has to be about.
TEST_F(Ticket, meets_cookies_for_some_seconds_after_the_load_has_gone) {
  auto g = gateway();
  g.quick_crash_detect = false;
  begin(g, laptop());
  bool losing = true;
  lose = [&](const Host& from, const wire::Header& h) {
    return losing && from.name().starts_with("other") && h.exchange == wire::ExchangeType::ike_auth;
  };
  auto newcomer = [&, n = 0U]() mutable -> Host& {
    Host& host = world.add_host("other" + std::to_string(n), IpAddress::v4(0x0b650201 + n));
    ++n;
    host.start(share(client_model(kServer)));
    return host;
  };
  for (int i = 0; i < 40; ++i) newcomer();
  world.run_for(1s);
  losing = false;
  ASSERT_TRUE(world.run_while_not([&] { return server.status().half_open == 0; }, 60s));
  Host& early = newcomer();
  world.run_for(6s);
  Host& late = newcomer();
  world.run_for(1s);
  EXPECT_TRUE(early.logged("received COOKIE"));
  EXPECT_FALSE(late.logged("received COOKIE"));
}

// A load that ends in that moment: the copy without the cookie is answered after the cookie was sent, and the AUTH is
// about the copy with it. (Once in 14 days of 10 000 laptops.)
class TwinRequest : public Ticket, public ::testing::WithParamInterface<wire::ExchangeType> {
 protected:
  const Endpoint ours{kServer, 500}, theirs{*IpAddress::parse("11.101.1.1"), 500};
  /// The first message, held back, and the answer to it that asks for a cookie, in the gateway's name.
  void exchange_cookie() {
    ASSERT_TRUE(world.run_while_not([&] { return !plain.empty(); }, 60s));
    auto h = *wire::parse_header(plain);
    h.initiator = false;
    h.response = true;
    const wire::NotifyPayload cookie{.type = wire::NotifyType::cookie, .data = Bytes(32, 7)};
    client.receive_ike(theirs, ours, wire::serialize_clear(h, {cookie}));
    ASSERT_FALSE(with_cookie.empty());
    world.on_ike = {};
    server.receive_ike(ours, theirs, plain);
    server.receive_ike(ours, theirs, with_cookie);
  }
  void hold_first_messages() {
    world.on_ike = [this](const Host& from, const Bytes& message) {
      const auto m = wire::parse_message(message);
      if (&from != &client || !m || m->header.exchange != GetParam()) return false;
      (wire::find_notify(m->payloads, wire::NotifyType::cookie) ? with_cookie : plain) = message;
      return true;
    };
  }
  Bytes plain, with_cookie;
};
INSTANTIATE_TEST_SUITE_P(Exchanges, TwinRequest,
                         ::testing::Values(wire::ExchangeType::ike_sa_init, wire::ExchangeType::ike_session_resume));

TEST_P(TwinRequest, is_what_the_auth_may_be_about) {
  const bool by_ticket = GetParam() == wire::ExchangeType::ike_session_resume;
  if (by_ticket) begin();
  hold_first_messages();
  if (by_ticket) {
    restart(gateway());
  } else {
    server.start(share(gateway()));
    client.start(share(laptop()));
  }
  exchange_cookie();
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 400ms));
  EXPECT_TRUE(client.logged("received COOKIE"));
  EXPECT_FALSE(server.logged("authentication failed"));
  EXPECT_EQ(logins(), by_ticket ? 0U : 1U);
}

TEST_F(Ticket, that_does_not_serve_costs_seconds_whenever_the_network_returns) {
  auto g = gateway();
  auto l = laptop();
  g.quick_crash_detect = l.quick_crash_detect = false;
  g.phase1[0].client_resume_interval = 3600s;
  g.phase1[0].libreswan_resume = true;  // so its AUTH fails
  begin(g, l);
  for (int turn = 0; turn < 80; ++turn) {
    world.weather("client").cut = true;
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 200s));
    if (turn % 2) server.disk().secrets.clear();  // so it is not even opened
    restart(g);
    world.run_for(10s + 410ms * turn);
    world.weather("client").cut = false;
    // The ticket is shown every five seconds at least, and its answer leads to a login.
    EXPECT_TRUE(world.run_while_not([&] { return logins() == 1; }, 6s)) << turn;
    expect_back_by_login();
  }
}

TEST_F(Ticket, a_gateway_that_lost_its_tunnels_makes_the_same_one_anew) {
  begin();
  server.kill();
  server.disk().sessions.clear();
  world.run_for(2s);
  server.start(share(gateway()));
  expect_back_by_ticket();
  EXPECT_EQ(server.tunnel("toClient_0")->device_name, "toClient_0");
}

TEST_F(Ticket, a_gateway_that_lost_its_keys_sends_the_client_to_a_login) {
  begin();
  server.kill();
  server.disk() = {};
  world.run_for(2s);
  server.start(share(gateway()));
  expect_back_by_login();
}

TEST_F(Ticket, the_old_sas_are_preferred_while_they_live) {
  begin();
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 200s));
  world.run_for(5s);
  world.weather("client").cut = false;
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 20s));
  world.run_for(2s);
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::address);
  EXPECT_EQ(client.tunnel("toServer")->last_wake, tunnel::WakeWay::address);
  EXPECT_TRUE(one_of_each());
  EXPECT_TRUE(traffic_flows());
  // The ticket was not used up by being shown.
  restart(gateway());
  expect_back_by_ticket();
}

TEST_F(Ticket, is_shown_at_once_when_the_network_returns_to_a_gateway_without_the_sas) {
  auto g = gateway();
  auto l = laptop();
  g.quick_crash_detect = l.quick_crash_detect = false;  // nobody tells the client
  begin(g, l);
  restart_in_the_dark(g);
  network_returns();
  const auto back = world.now();
  ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::up; }, 1s));
  EXPECT_LE(world.now() - back, 100ms) << "two rounds of 40 ms";
  expect_back_by_ticket();
}

TEST_F(Ticket, shown_together_with_the_question_on_living_sas_is_not_used) {
  begin();
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::connecting; }, 200s));
  world.run_for(30s);
  world.weather("client").cut = false;
  resume_request.clear();
  network_returns();
  const auto back = world.now();
  ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::up; }, 1s));
  EXPECT_LE(world.now() - back, 40ms) << "one round";
  EXPECT_FALSE(resume_request.empty());
  world.run_for(2s);
  EXPECT_EQ(client.tunnel("toServer")->last_wake, tunnel::WakeWay::address);
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::address);
  EXPECT_EQ(server.tunnel("toClient_0")->wakes_by_ticket, 0U);
  EXPECT_TRUE(one_of_each());
  restart(gateway());
  expect_back_by_ticket();
}

TEST_F(Ticket, a_gateway_that_shows_its_token_meanwhile_gets_no_login_beside_it) {
  begin();
  restart_in_the_dark(gateway());
  bool login_begun = false;
  lose = [&](const Host& from, const wire::Header& h) {
    login_begun |= from.name() == "client" && h.exchange == wire::ExchangeType::ike_sa_init;
    return false;
  };
  network_returns();
  ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::up; }, 1s));
  EXPECT_TRUE(client.logged("QCD token verified"));
  EXPECT_FALSE(login_begun);
}

TEST_F(Ticket, a_network_that_changes_all_the_time_makes_no_flood) {
  begin();
  server.kill();
  world.run_for(200s);
  ASSERT_EQ(client.tunnel("toServer")->state, tunnel::State::connecting);
  unsigned shown = 0;
  lose = [&](const Host&, const wire::Header& h) {
    shown += h.exchange == wire::ExchangeType::ike_session_resume;
    return false;
  };
  for (int i = 0; i < 1000; ++i) {
    network_returns();
    world.run_for(10ms);
  }
  EXPECT_GE(shown, 16U);
  EXPECT_LE(shown, 16U + 4 * 10 + 1);
}

TEST_F(Ticket, serves_from_another_address) {
  begin();
  restart(gateway());
  world.readdress(client, kElsewhere);
  expect_back_by_ticket();
  EXPECT_EQ(server.tunnel("toClient_0")->path.remote.address, kElsewhere);
}

TEST_F(Ticket, the_client_has_a_fresh_key_exchange_soon_after) {
  begin();
  restart(gateway());
  expect_back_by_ticket();
  const auto spi = client.tunnel("toServer")->ike[0].spi_i;
  world.run_for(12s);
  EXPECT_NE(client.tunnel("toServer")->ike[0].spi_i, spi);
  EXPECT_TRUE(client.logged(" rekeyed to "));
  EXPECT_TRUE(one_of_each());
  // And has the ticket of the new IKE SA.
  restart(gateway());
  expect_back_by_ticket();
}

TEST_F(Ticket, of_an_ike_sa_that_the_gateway_rekeyed_is_asked_for_anew) {
  auto g = gateway();
  auto l = laptop();
  l.phase1[0].rekey = false;  // so the gateway does it
  g.phase1[0].keylife = 1000s;
  begin(g, l);
  world.run_for(950s);
  ASSERT_TRUE(server.logged(" rekeyed to "));
  restart(g);
  expect_back_by_ticket();
}

TEST_F(Ticket, ends_with_its_ike_sa_unless_the_gateway_is_a_libreswan) {
  for (const bool libreswan : {false, true}) {
    auto g = gateway();
    auto l = laptop();
    l.phase1[0].keylife = 1000s;
    l.phase1[0].libreswan_resume = g.phase1[0].libreswan_resume = libreswan;
    begin(g, l);
    g.session_resume = false;  // so that the rekey brings no new ticket
    server.configure(share(g));
    world.run_for(950s);
    ASSERT_TRUE(client.logged(" rekeyed to "));
    restart(g);
    expect_back_by_login();
    EXPECT_EQ(!resume_request.empty(), libreswan);
    client.stop();
    server.stop();
    client.clear_log();
    world.run_for(1s);
  }
}

TEST_F(Ticket, lost_last_answer_leaves_the_ticket_good) {
  begin();
  restart(gateway());
  lose = [](const Host& from, const wire::Header& h) {
    return from.name() == "server" && h.exchange == wire::ExchangeType::ike_auth && h.response;
  };
  world.run_for(12s);  // the attempt gave up, and so did a login
  ASSERT_TRUE(server.logged("client has resumed (1)"));
  ASSERT_FALSE(client.tunnel("toServer")->state == tunnel::State::up);
  lose = nullptr;
  ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::up; }, 60s));
  world.run_for(1s);
  EXPECT_TRUE(one_of_each());
  EXPECT_TRUE(traffic_flows());
  EXPECT_FALSE(server.logged("session ticket refused"));
}

TEST_F(Ticket, serves_once) {
  begin();
  restart(gateway());
  expect_back_by_ticket();
  ASSERT_FALSE(resume_request.empty());
  const auto replay = [&] { server.receive_ike({kServer, 500}, {kElsewhere, 500}, resume_request); };
  server.clear_log();
  replay();
  EXPECT_TRUE(server.logged("session ticket refused: used before"));
  EXPECT_TRUE(one_of_each());
  EXPECT_EQ(server.status().phase1[0].refused_by_reason["used before"], 1U);
  restart(gateway());
  replay();
  EXPECT_TRUE(server.logged("session ticket refused: used before")) << "also over a restart";
}

TEST_F(Ticket, is_void_once_its_owner_came_with_a_newer_one_over_restarts) {
  auto g = gateway();
  g.phase1[0].keylife = 1000s;
  begin(g, laptop());
  lose = [](const Host&, const wire::Header& h) { return h.exchange == wire::ExchangeType::ike_session_resume; };
  client.command([&](tunnel::Manager& m) { return m.machine_woke(10s, world.now()), 0; });
  world.run_for(1s);
  ASSERT_FALSE(resume_request.empty());
  const auto first = resume_request;  // seen on the way, and never used
  lose = nullptr;
  client.clear_log();
  world.run_for(770s);
  ASSERT_TRUE(client.logged("got a session ticket"));
  ASSERT_FALSE(client.logged(" rekeyed to ")) << "both of one IKE SA";
  restart(g);  // which ticket was given when is forgotten
  expect_back_by_ticket();
  ASSERT_NE(resume_request, first);
  const auto replay = [&] { server.receive_ike({kServer, 500}, {kElsewhere, 500}, first); };
  server.clear_log();
  replay();
  EXPECT_TRUE(server.logged("session ticket refused: replaced by a newer one"));
  EXPECT_TRUE(one_of_each());
  restart(g);
  replay();
  EXPECT_TRUE(server.logged("session ticket refused: replaced by a newer one")) << "also over a restart";
}

TEST_F(Ticket, a_copy_that_somebody_else_sends_burns_nothing) {
  begin();
  restart(gateway());
  lose = [](const Host& from, const wire::Header& h) {  // the client is heard by the thief alone
    return from.name() == "client" && h.exchange == wire::ExchangeType::ike_session_resume;
  };
  ASSERT_TRUE(world.run_while_not([&] { return !resume_request.empty(); }, 70s));
  lose = nullptr;
  for (int i = 0; i < 3; ++i) server.receive_ike({kServer, 500}, {kElsewhere, 500}, resume_request);
  EXPECT_EQ(state(), tunnel::State::asleep) << "nothing unauthenticated changes a tunnel";
  expect_back_by_ticket();
}

TEST_F(Ticket, a_peer_that_drops_the_exchange_gets_a_login_soon) {
  begin();
  restart(gateway());
  lose = [](const Host&, const wire::Header& h) { return h.exchange == wire::ExchangeType::ike_session_resume; };
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 2s));
  world.run_for(1s);
  EXPECT_EQ(logins(), 1U);
  EXPECT_TRUE(one_of_each());
}

TEST_F(Ticket, of_a_flushed_tunnel_is_refused_and_a_login_follows) {
  begin();
  EXPECT_EQ(server.command([&](tunnel::Manager& m) { return m.flush("toClient", world.now()); }), 1U);
  expect_back_by_login();
  EXPECT_FALSE(client.tunnel("toServer")->last_wake == tunnel::WakeWay::ticket);
}

TEST_F(Ticket, of_a_flushed_tunnel_is_refused_over_a_restart) {
  begin();
  EXPECT_EQ(server.command([&](tunnel::Manager& m) { return m.flush("toClient", world.now()); }), 1U);
  restart(gateway());
  expect_back_by_login();
  EXPECT_TRUE(server.logged("session ticket refused: revoked"));
}

TEST_F(Ticket, is_void_when_the_credential_or_policy_changed) {
  begin();
  auto m = gateway();
  m.phase1[0].localid = Identity{IdType::fqdn, to_bytes(as_bytes("gw"))};
  restart(m);
  expect_back_by_login();
  EXPECT_TRUE(server.logged("session ticket refused: the configuration changed"));
}

TEST_F(Ticket, that_is_over_counts_for_the_phase_1_that_gave_it) {
  auto m = gateway();
  auto first = m.phase1[0];
  first.name = "anotherClient";
  first.peertype = config::PeerType::one;
  first.peerid = "somebody";
  m.phase1.insert(m.phase1.begin(), first);
  auto p2 = m.phase2[0];
  p2.name = p2.phase1 = first.name;
  m.phase2.push_back(p2);
  m.phase1[1].keylife = 600s;
  begin(m, laptop());
  server.command([&](tunnel::Manager& manager) { return manager.flush("toClient", world.now()); });
  client.command([&](tunnel::Manager& manager) {
    manager.machine_woke(10s, world.now());
    return 0;
  });
  world.run_for(5s);
  ASSERT_FALSE(resume_request.empty());
  client.kill();
  world.run_for(700s);
  server.receive_ike({kServer, 500}, {kElsewhere, 500}, resume_request);
  const auto counted = [&](std::size_t i) { return server.status().phase1.at(i).refused_by_reason["expired"]; };
  EXPECT_EQ(counted(0), 0U);
  EXPECT_EQ(counted(1), 1U);
}

/// A message of somebody who is no client, with what shall stand in it.
class FirstMessage : public Ticket {
 protected:
  std::vector<Bytes> answers_to(wire::ExchangeType exchange, const Bytes& payloads, std::uint8_t first,
                                std::uint8_t version = 0x20) {
    begin();
    wire::Header h;
    h.spi_i = IkeSpi(0x1234);
    h.exchange = exchange;
    h.initiator = true;
    Bytes message = wire::serialize_clear(h, {});
    message[16] = first;
    message[17] = version;
    message.insert(message.end(), payloads.begin(), payloads.end());
    store32(message.data() + 24, static_cast<std::uint32_t>(message.size()));
    std::vector<Bytes> answers;
    world.on_ike = [&](const Host& from, const Bytes& m) {
      if (&from == &server && load64(m.data()) == 0x1234) answers.push_back(m);
      return false;
    };
    server.receive_ike({kServer, 500}, {*IpAddress::parse("11.101.1.9"), 500}, message);
    world.run_for(100ms);
    return answers;
  }
};

TEST_F(FirstMessage, with_an_unknown_critical_payload_is_refused_by_its_number) {
  const auto answers = answers_to(wire::ExchangeType::ike_sa_init, {0, 0x80, 0, 8, 1, 2, 3, 4}, 200);
  ASSERT_EQ(answers.size(), 1U);
  const auto m = wire::parse_message(answers[0]);
  ASSERT_TRUE(m);
  const auto* n = wire::find_notify(m->payloads, wire::NotifyType::unsupported_critical_payload);
  ASSERT_NE(n, nullptr);
  EXPECT_EQ(n->data, Bytes{200});
  EXPECT_EQ(server.status().half_open, 0U);
}

TEST_F(FirstMessage, of_a_later_ike_is_told_which_one_is_spoken_here) {
  const auto answers = answers_to(wire::ExchangeType::ike_sa_init, Bytes(40, 9), 33, 0x31);
  ASSERT_EQ(answers.size(), 1U);
  const auto m = wire::parse_message(answers[0]);
  ASSERT_TRUE(m) << "in our version";
  EXPECT_TRUE(m->header.response);
  ASSERT_EQ(m->payloads.size(), 1U);
  EXPECT_NE(wire::find_notify(m->payloads, wire::NotifyType::invalid_major_version), nullptr);
}

TEST_F(FirstMessage, of_an_earlier_ike_is_not_answered) {
  EXPECT_TRUE(answers_to(wire::ExchangeType::ike_sa_init, Bytes(40, 9), 33, 0x10).empty());
}

TEST_F(FirstMessage, of_a_later_ike_is_not_answered_for_ever) {
  unsigned answers = 0;
  begin();
  world.on_ike = [&](const Host& from, const Bytes& m) {
    return &from == &server && load64(m.data()) == 0x1234 && ++answers;
  };
  Bytes message(28, 0);
  store64(message.data(), 0x1234);
  message[17] = 0x30;
  message[19] = 0x08;
  store32(message.data() + 24, 28);
  for (int i = 0; i < 200; ++i) server.receive_ike({kServer, 500}, {*IpAddress::parse("11.101.1.9"), 500}, message);
  EXPECT_GE(answers, 1U);
  EXPECT_LE(answers, limits::kQcdBurst);
  message[19] = 0x28;
  const auto before = answers;
  world.run_for(60s);
  server.receive_ike({kServer, 500}, {*IpAddress::parse("11.101.1.9"), 500}, message);
  EXPECT_EQ(answers, before) << "an answer is not answered";
}

TEST_F(FirstMessage, that_is_protected_begins_nothing) {
  Bytes sk(64, 7);
  store32(sk.data(), 64);
  sk[0] = sk[1] = 0;
  for (const auto exchange : {wire::ExchangeType::ike_sa_init, wire::ExchangeType::ike_session_resume}) {
    EXPECT_TRUE(answers_to(exchange, sk, 46).empty());
    EXPECT_EQ(server.status().half_open, 0U);
    server.kill();
    client.kill();
  }
}

TEST_F(Ticket, is_refused_once_resumption_is_switched_off) {
  begin();
  auto m = gateway();
  m.session_resume = false;
  restart(m);
  expect_back_by_login();
  EXPECT_TRUE(server.logged("session ticket refused: session resumption is disabled"));
}

TEST_F(Ticket, is_not_shown_after_its_end) {
  auto g = gateway();
  g.phase1[0].keylife = 300s;
  g.phase1[0].rekey = false;
  g.phase1[0].client_resume_interval = 3600s;
  auto l = laptop();
  l.phase1[0].rekey = false;
  begin(g, l);
  server.kill();
  world.run_for(320s);
  resume_request.clear();
  server.start(share(g));
  expect_back_by_login();
  EXPECT_TRUE(resume_request.empty());
}

TEST_F(Ticket, of_a_login_before_the_last_is_not_shown) {
  begin();
  auto without = gateway();
  without.session_resume = false;
  restart(without);
  expect_back_by_login();  // and no ticket is given
  restart(gateway());
  resume_request.clear();
  expect_back_by_login();
  EXPECT_TRUE(resume_request.empty());
}

TEST_F(Ticket, comes_back_to_the_same_inside_address) {
  auto g = gateway();
  auto l = laptop();
  g.phase1[0].mode_cfg.enabled = l.phase1[0].mode_cfg.enabled = true;
  g.phase1[0].mode_cfg.pool4 = {{*IpAddress::parse("10.9.0.1"), *IpAddress::parse("10.9.0.3")}};
  begin(g, l);
  const auto given = client.tunnel("toServer")->inside.addresses.v4;
  ASSERT_TRUE(given);
  for (const bool tunnels_lost : {false, true}) {
    server.kill();
    if (tunnels_lost) server.disk().sessions.clear();
    world.run_for(2s);
    server.start(share(g));
    expect_back_by_ticket();
    EXPECT_EQ(client.tunnel("toServer")->inside.addresses.v4, given);
    EXPECT_EQ(server.tunnel("toClient_0")->inside.addresses.v4, given);
    EXPECT_EQ(server.status().phase1[0].leases, 1U);
  }
  EXPECT_EQ(server.command([&](tunnel::Manager& m) { return m.flush("toClient", world.now()); }), 1U);
  EXPECT_EQ(server.status().phase1[0].leases, 0U);
}

TEST_F(Ticket, none_is_asked_for_where_resumption_is_off) {
  auto l = laptop();
  l.session_resume = false;
  begin(gateway(), l);
  EXPECT_FALSE(server.logged("gave a session ticket"));
}

TEST_F(Ticket, a_deleted_tunnel_takes_its_ticket_along) {
  begin();
  EXPECT_EQ(client.command([&](tunnel::Manager& m) { return m.clear("toServer", world.now()); }), 1U);
  world.run_for(100ms);
  resume_request.clear();
  expect_back_by_login();
  EXPECT_TRUE(resume_request.empty());
}

}  // namespace
}  // namespace dormouse::sim
