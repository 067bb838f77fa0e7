// Gateways that send their clients to another one (RFC 5685), and clients that go there.
#include <algorithm>
#include <gtest/gtest.h>

#include "sim/host.h"
#include "sim/models.h"
#include "wire/message.h"

namespace dormouse::sim {
namespace {

const IpAddress kFirst = *IpAddress::parse("173.1.1.1"), kSecond = *IpAddress::parse("173.1.1.2"),
                kHome = *IpAddress::parse("11.101.1.1"), kInside = *IpAddress::parse("192.168.5.44");

class Redirect : public ::testing::Test {
 protected:
  static config::Model gateway() {
    auto m = server_model();
    m.session_resume = true;
    return m;
  }
  static config::Model laptop(bool follows = true) {
    auto m = client_model(kFirst);
    m.session_resume = true;
    m.phase1[0].redirect = follows;
    m.phase1[0].localid = Identity{IdType::fqdn, to_bytes(as_bytes("laptop"))};
    return m;
  }
  void start_gateways() {
    first.start(share(gateway()));
    second.start(share(gateway()));
  }
  void begin(bool follows = true) {
    start_gateways();
    client.start(share(laptop(follows)));
    ASSERT_TRUE(arrives_at(first));
  }
  bool arrives_at(Host& gateway, Duration limit = 20s) {
    return world.run_while_not(
        [&] {
          const auto t = client.tunnel("toServer");
          return up_at(gateway) && t && t->state == tunnel::State::up && t->path.remote.address == gateway.address();
        },
        limit);
  }
  static bool up_at(Host& gateway) {
    const auto t = gateway.running() ? gateway.tunnel("toClient_0") : std::nullopt;
    return t && t->state == tunnel::State::up;
  }
  Outcome<std::size_t> drain(Host& from, const std::string& to, const std::string& name = "") {
    return from.command([&](tunnel::Manager& m) { return m.drain_to(to, name, world.now()); });
  }
  void end_drain(Host& of) {
    EXPECT_TRUE(of.command([](tunnel::Manager& m) { return m.end_drain(""); }));
  }
  bool carries_to(Host& gateway) {
    client.send_inside("toServer", kInside, ++payload);
    world.run_for(1s);
    return !gateway.data().delivered.empty() && gateway.data().delivered.back() == payload;
  }
  /// A restart; its ticket keys outlive it.
  static void lose_sas(Host& gateway) {
    gateway.kill();
    gateway.start(share(Redirect::gateway()));
  }
  void wake(Duration slept) {
    client.command([&](tunnel::Manager& m) {
      m.machine_woke(slept, world.now());
      return 0;
    });
  }

  World world{31};
  Host& first = world.add_host("first", kFirst);
  Host& second = world.add_host("second", kSecond);
  Host& client = world.add_host("client", kHome);
  std::uint64_t payload = 0;
};

TEST_F(Redirect, a_client_in_use_moves_over_and_loses_nothing_on_the_way) {
  begin();
  const auto told = drain(first, "173.1.1.2");
  ASSERT_TRUE(told);
  EXPECT_EQ(*told, 1U);
  const std::size_t before = first.data().delivered.size();
  std::size_t sent = 0;
  for (; sent < 400; ++sent, world.run_for(5ms)) client.send_inside("toServer", kInside, sent);
  ASSERT_TRUE(arrives_at(second));
  world.run_for(5s);  // the last ones are still on their way
  EXPECT_EQ(first.data().delivered.size() - before + second.data().delivered.size(), sent);
  EXPECT_FALSE(first.tunnel("toClient_0")) << "the old gateway was told";
  EXPECT_TRUE(first.logged("client sent on: toClient_0, identity laptop, to 173.1.1.2"));
  EXPECT_TRUE(client.logged("tunnel redirected: toServer from 173.1.1.1 to 173.1.1.2, by the gateway"));
  EXPECT_EQ(client.tunnel("toServer")->ike.size(), 1U);
  EXPECT_TRUE(carries_to(second));
}

TEST_F(Redirect, a_login_at_a_drained_gateway_ends_at_the_other) {
  start_gateways();
  ASSERT_TRUE(drain(first, "173.1.1.2", "toClient"));
  client.start(share(laptop()));
  ASSERT_TRUE(arrives_at(second));
  EXPECT_TRUE(carries_to(second));
  world.run_for(20s);
  EXPECT_TRUE(first.status().tunnels.empty());
  EXPECT_EQ(first.status().phase1[0].redirected, 1U);
  EXPECT_EQ(first.status().phase1[0].drains_to, "173.1.1.2");
  EXPECT_EQ(first.status().phase1[0].logins_refused, 0U);
  const auto left = first.command([](tunnel::Manager& m) { return m.footprint(); });
  EXPECT_EQ(left.ike_sas + left.pending + left.esp_spis, 0U);
}

TEST_F(Redirect, who_does_not_follow_stays_and_is_served) {
  begin(false);
  ASSERT_TRUE(drain(first, "173.1.1.2"));
  world.run_for(5s);
  EXPECT_TRUE(carries_to(first));
  client.kill();
  client.disk() = {};
  client.start(share(laptop(false)));
  ASSERT_TRUE(arrives_at(first));
  EXPECT_TRUE(second.status().tunnels.empty());
}

TEST_F(Redirect, going_round_in_circles_ends_soon_and_heals_when_the_gateways_do) {
  start_gateways();
  ASSERT_TRUE(drain(first, "173.1.1.2"));
  ASSERT_TRUE(drain(second, "173.1.1.1"));
  unsigned logins = 0;
  world.on_ike = [&](const Host& from, const Bytes& m) {
    const auto h = wire::parse_header(m);
    logins += &from == &client && h && h->exchange == wire::ExchangeType::ike_auth;
    return false;
  };
  client.start(share(laptop()));
  world.run_for(100s);
  EXPECT_TRUE(client.logged("redirect not followed: toServer"));
  EXPECT_LE(logins, 5U + 10U) << "five followed, then the ordinary pauses";
  end_drain(first);
  EXPECT_TRUE(arrives_at(first, 60s));
}

TEST_F(Redirect, a_gateway_that_is_not_there_costs_a_client_in_use_nothing) {
  begin();
  second.kill();
  ASSERT_TRUE(drain(first, "173.1.1.2"));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(carries_to(first)) << i;
  EXPECT_TRUE(up_at(first));
}

TEST_F(Redirect, a_gateway_that_cannot_prove_itself_gets_nobody) {
  begin();
  auto other = gateway();
  other.phase1[0].psk = secret("of somebody else altogether");
  second.kill();
  second.start(share(other));
  ASSERT_TRUE(drain(first, "173.1.1.2"));
  world.run_for(60s);
  EXPECT_TRUE(client.logged("login refused: toServer"));
  EXPECT_TRUE(up_at(first));
  EXPECT_TRUE(carries_to(first));
}

TEST_F(Redirect, whoever_was_sent_on_comes_back_there_by_ticket) {
  begin();
  ASSERT_TRUE(drain(first, "173.1.1.2"));
  ASSERT_TRUE(arrives_at(second));
  world.run_for(5s);
  lose_sas(second);
  client.clear_log();
  wake(60s);
  ASSERT_TRUE(arrives_at(second));
  EXPECT_TRUE(client.logged("tunnel resumed: toServer by ticket"));
  EXPECT_TRUE(carries_to(second));
}

TEST_F(Redirect, whoever_was_sent_on_and_finds_nobody_there_goes_home) {
  begin();
  ASSERT_TRUE(drain(first, "173.1.1.2"));
  ASSERT_TRUE(arrives_at(second));
  world.run_for(5s);
  end_drain(first);
  second.kill();
  wake(60s);
  EXPECT_TRUE(arrives_at(first, 120s));
  EXPECT_TRUE(carries_to(first));
}

TEST_F(Redirect, a_sleeper_hears_of_it_once_it_is_awake) {
  begin();
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return first.tunnel("toClient_0")->state == tunnel::State::asleep; }, 300s));
  const auto told = drain(first, "173.1.1.2");
  ASSERT_TRUE(told);
  EXPECT_EQ(*told, 0U);
  world.weather("client").cut = false;
  wake(60s);
  EXPECT_TRUE(arrives_at(second, 60s));
  EXPECT_TRUE(carries_to(second));
}

TEST_F(Redirect, a_ticket_shown_at_a_drained_gateway_leads_to_the_other) {
  begin();
  lose_sas(first);
  ASSERT_TRUE(drain(first, "173.1.1.2"));
  wake(60s);
  EXPECT_TRUE(arrives_at(second, 30s));
  EXPECT_TRUE(client.logged("coming back by session ticket"));
  EXPECT_FALSE(client.logged("refuses our session ticket"));
  EXPECT_EQ(first.status().phase1[0].redirected, 1U);
  EXPECT_TRUE(carries_to(second));
}

TEST_F(Redirect, nobody_is_sent_to_where_he_is_or_to_what_is_no_gateway) {
  start_gateways();
  EXPECT_FALSE(drain(first, "173.1.1.1")) << "itself";
  EXPECT_FALSE(drain(first, "not a name"));
  EXPECT_FALSE(drain(first, "224.0.0.1"));
  EXPECT_FALSE(drain(first, "173.1.1.2", "nosuch"));
  EXPECT_FALSE(first.command([](tunnel::Manager& m) { return m.end_drain("toClient"); }));
  EXPECT_EQ(first.status().phase1[0].drains_to, "");
}

TEST_F(Redirect, a_domain_name_or_an_address_of_a_family_that_is_not_here_is_not_followed) {
  begin();
  for (const auto* to : {"gw2.example.org", "2001:db8::1"}) {
    client.clear_log();
    ASSERT_TRUE(drain(first, to));
    world.run_for(3s);
    EXPECT_TRUE(client.logged("redirect not followed: toServer")) << to;
    EXPECT_TRUE(carries_to(first)) << to;
  }
}

}  // namespace
}  // namespace dormouse::sim
