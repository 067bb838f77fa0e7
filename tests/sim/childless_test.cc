// Logins without a Child SA (RFC 6023): when the tunnel carries, and that it sleeps and wakes as any other.
#include <gtest/gtest.h>

#include "sim/host.h"
#include "sim/models.h"
#include "wire/message.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1"), kHome = *IpAddress::parse("11.101.1.1"),
                kInside = *IpAddress::parse("192.168.5.44"), kClientInside = *IpAddress::parse("10.1.100.11");

class Childless : public ::testing::Test {
 protected:
  void begin() {
    auto s = server_model();
    auto c = client_model(kServer);
    s.session_resume = c.session_resume = true;
    s.phase1[0].childless = c.phase1[0].childless = true;
    s.phase2[0].src = c.phase2[0].dst = {TrafficSelector::of(*Prefix::parse("192.168.5.0/24"))};
    s.phase2[0].dst = {TrafficSelector::of(*Prefix::parse("10.1.0.0/16"))};
    c.phase2[0].src = {TrafficSelector::of(*Prefix::parse("10.1.100.0/24"))};
    server.start(share(s));
    client.start(share(c));
  }
  std::optional<tunnel::TunnelStatus> at_server() { return server.tunnel("toClient_0"); }
  bool carries() {
    client.send_inside("toServer", kInside, ++payload);
    world.run_for(1s);
    return !server.data().delivered.empty() && server.data().delivered.back() == payload;
  }
  void until_up() {
    ASSERT_TRUE(world.run_while_not([&] { return server.data().children() == 1; }, 10s));
    world.run_for(1s);
  }
  /// The client's daemon forgets everything; nobody tells the gateway.
  void client_starts_anew() {
    client.kill();
    client.disk() = {};
    auto c = client_model(kServer);
    c.phase1[0].childless = true;
    c.phase2[0].dst = {TrafficSelector::of(*Prefix::parse("192.168.5.0/24"))};
    c.phase2[0].src = {TrafficSelector::of(*Prefix::parse("10.1.100.0/24"))};
    client.start(share(c));
  }
  /// Loses what the client says in CREATE_CHILD_SA.
  void lose_create_child(bool on) {
    world.on_ike = [this, on](const Host& from, const Bytes& message) {
      const auto h = wire::parse_header(message);
      return on && &from == &client && h && h->exchange == wire::ExchangeType::create_child_sa;
    };
  }

  World world{23};
  Host& server = world.add_host("server", kServer);
  Host& client = world.add_host("client", kHome);
  std::uint64_t payload = 0;
};

TEST_F(Childless, the_route_and_the_trap_wait_for_the_child_sa) {
  lose_create_child(true);
  begin();
  ASSERT_TRUE(world.run_while_not([&] { return at_server().has_value(); }, 10s));
  world.run_for(1s);
  EXPECT_EQ(at_server()->state, tunnel::State::up) << "its client is logged in";
  EXPECT_EQ(server.data().children(), 0U);
  EXPECT_TRUE(server.routes().empty() && server.traps.empty());
  lose_create_child(false);
  until_up();
  EXPECT_FALSE(server.routes().empty());
  EXPECT_EQ(server.traps.size(), 1U);
  EXPECT_TRUE(carries());
}

TEST_F(Childless, a_tunnel_without_a_child_sa_falls_asleep_and_wakes_by_address) {
  lose_create_child(true);
  begin();
  ASSERT_TRUE(world.run_while_not([&] { return at_server().has_value(); }, 10s));
  world.run_for(1s);  // the client has the answer
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return at_server()->state == tunnel::State::asleep; }, 300s));
  world.weather("client").cut = false;
  lose_create_child(false);
  ASSERT_TRUE(world.run_while_not([&] { return at_server()->state == tunnel::State::up; }, 60s));
  EXPECT_EQ(at_server()->last_wake, tunnel::WakeWay::address);
  world.run_for(5s);
  EXPECT_TRUE(carries());
}

TEST_F(Childless, a_sleeper_adopted_by_login_keeps_its_route_and_sends_what_was_parked) {
  begin();
  until_up();
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return at_server()->state == tunnel::State::asleep; }, 300s));
  server.send_inside("toClient_0", kClientInside, 77);
  const auto route = server.routes();
  client.kill();
  world.weather("client").cut = false;
  client_starts_anew();
  ASSERT_TRUE(world.run_while_not([&] { return at_server()->state == tunnel::State::up; }, 20s));
  EXPECT_EQ(at_server()->last_wake, tunnel::WakeWay::login);
  world.run_for(5s);
  EXPECT_EQ(server.routes(), route);
  ASSERT_FALSE(client.data().delivered.empty());
  EXPECT_EQ(client.data().delivered.front(), 77U);
  EXPECT_EQ(at_server()->ike.size(), 1U);
  EXPECT_TRUE(carries());
}

TEST_F(Childless, what_a_login_replaced_goes_although_no_child_sa_comes) {
  begin();
  until_up();
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return at_server()->state == tunnel::State::asleep; }, 300s));
  world.weather("client").cut = false;
  lose_create_child(true);
  client_starts_anew();
  ASSERT_TRUE(world.run_while_not([&] { return at_server()->state == tunnel::State::up; }, 20s));
  EXPECT_EQ(at_server()->ike.size(), 2U) << "the old SAs wait for their successor";
  EXPECT_EQ(server.data().children(), 1U);
  world.run_for(40s);
  EXPECT_EQ(server.data().children(), 0U);
}

TEST_F(Childless, comes_back_by_ticket) {
  begin();
  until_up();
  server.command([&](tunnel::Manager& m) { return m.flush("toClient_0", world.now()); });
  world.run_for(1s);
  client.command([&](tunnel::Manager& m) {
    m.machine_woke(10s, world.now());
    return 0;
  });
  world.run_for(5s);
  ASSERT_TRUE(at_server().has_value());
  EXPECT_TRUE(carries());
}

}  // namespace
}  // namespace dormouse::sim
