// Re-authentication (RFC 4478): who logged in must do so again in time, and neither sleep nor a ticket puts that off.
#include <gtest/gtest.h>

#include "sim/host.h"
#include "sim/models.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1");
const IpAddress kInside = *IpAddress::parse("192.168.5.44");

class Reauth : public ::testing::Test {
 protected:
  static config::Model gateway() {
    auto m = server_model();
    m.session_resume = m.quick_crash_detect = true;
    m.phase1[0].reauth = true;
    m.phase1[0].keylife = 1000s;
    m.phase1[0].client_resume_interval = 5000s;
    return m;
  }
  static config::Model laptop() {
    auto m = client_model(kServer);
    m.session_resume = m.quick_crash_detect = true;
    m.phase1[0].localid = Identity{IdType::fqdn, to_bytes(as_bytes("laptop"))};
    return m;
  }
  virtual config::Model at_login() { return gateway(); }
  void SetUp() override {
    server.start(share(at_login()));
    client.start(share(laptop()));
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
    world.run_for(1s);
    began = server.tunnel("toClient_0")->logged_in;
  }
  std::optional<tunnel::State> state() {
    const auto t = server.running() ? server.tunnel("toClient_0") : std::nullopt;
    return t ? std::optional(t->state) : std::nullopt;
  }
  World world{5};
  Host& server = world.add_host("server", kServer);
  Host& client = world.add_host("client", *IpAddress::parse("11.101.1.1"));
  Instant began;
};

TEST_F(Reauth, the_client_logs_in_again_in_time_beside_the_tunnel) {
  const auto created = server.tunnel("toClient_0")->created;
  std::uint64_t payload = 1;
  while (world.now() < began + 3000s) {  // traffic passes at every moment
    client.send_inside("toServer", kInside, ++payload);
    world.run_for(1s);
    ASSERT_EQ(server.data().delivered.back(), payload) << seconds_of(world.now() - began);
  }
  const auto t = server.tunnel("toClient_0");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->created, created);
  EXPECT_GE(server.status().phase1[0].logins, 4U);
  EXPECT_LE(server.status().phase1[0].logins, 5U);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
  EXPECT_EQ(t->ike.size(), 1U);
  EXPECT_EQ(server.data().children(), 1U);
  EXPECT_TRUE(client.logged("re-authentication is due"));
}

TEST_F(Reauth, a_client_that_does_not_is_put_out) {
  world.run_until(began + 800s);
  world.on_ike = [](const Host&, const Bytes& message) { return message[18] == 34; };  // no IKE_SA_INIT passes
  world.run_until(began + 999s);
  EXPECT_EQ(state(), tunnel::State::up);
  world.run_until(began + 1001s);
  EXPECT_EQ(state(), std::nullopt);
  EXPECT_TRUE(server.logged("not re-authenticated in time"));
}

TEST_F(Reauth, that_falls_due_on_the_way_back_is_made_once_it_is_there) {
  world.run_until(began + 870s);
  world.weather("client").cut = true;
  client.command([&](tunnel::Manager& m) {
    m.machine_woke(100s, world.now());
    return 0;
  });
  world.run_until(began + 901s);
  EXPECT_EQ(server.status().phase1[0].logins, 1U);
  world.on_ike = [](const Host&, const Bytes& message) { return message[18] == 34 || message[18] == 38; };
  world.weather("client").cut = false;
  ASSERT_TRUE(world.run_while_not([&] { return client.logged("tunnel resumed: toServer by address"); }, 30s));
  world.on_ike = {};
  world.run_until(began + 1001s);
  EXPECT_EQ(state(), tunnel::State::up);
  EXPECT_EQ(server.status().phase1[0].logins, 2U);
}

TEST_F(Reauth, sleep_ends_at_the_deadline) {
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 200s));
  EXPECT_EQ(server.tunnel("toClient_0")->asleep_until, began + 1000s);
}

TEST_F(Reauth, a_ticket_does_not_put_it_off) {
  world.run_until(began + 500s);
  server.kill();
  world.run_for(1s);
  server.start(share(gateway()));
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 2s));
  world.run_for(1s);
  ASSERT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket);
  EXPECT_EQ(server.status().phase1[0].logins, 0U);
  world.run_until(began + 1000s);
  EXPECT_EQ(server.status().phase1[0].logins, 1U) << "in what was left of the first login's time";
  EXPECT_EQ(state(), tunnel::State::up);
}

/// The administrator asks for it while a client is up that logged in without.
class ReauthSetLater : public Reauth {
 protected:
  config::Model at_login() override {
    auto m = gateway();
    m.phase1[0].reauth = false;
    m.phase1[0].keylife = 86400s;
    return m;
  }
  void restart_at(Instant when) {
    world.run_until(when);
    server.kill();
    world.run_for(1s);
    server.start(share(gateway()));
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 100s));
    world.run_for(1s);
  }
};

TEST_F(ReauthSetLater, holds_for_a_ticket_of_before) {
  restart_at(began + 500s);
  ASSERT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket);
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 400s));
  EXPECT_EQ(server.tunnel("toClient_0")->asleep_until, began + 1000s);
}

TEST_F(ReauthSetLater, refuses_a_ticket_whose_login_is_too_long_ago) {
  restart_at(began + 1200s);
  EXPECT_EQ(server.status().phase1[0].logins, 1U);
  EXPECT_TRUE(server.logged("session ticket refused: re-authentication is due"));
}

}  // namespace
}  // namespace dormouse::sim
