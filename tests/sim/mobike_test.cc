// Clients under other outer addresses, with MOBIKE at both ends (RFC 4555).
#include <algorithm>
#include <gtest/gtest.h>

#include "esp/fit.h"
#include "sim/host.h"
#include "sim/models.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1"), kServer6 = *IpAddress::parse("2001:db8:173::1"),
                kServerNew = *IpAddress::parse("173.1.1.2");
const IpAddress kHome = *IpAddress::parse("11.101.1.1"), kCafe = *IpAddress::parse("11.101.7.7"),
                kTrain = *IpAddress::parse("11.101.8.8"), kHome6 = *IpAddress::parse("2001:db8:11::1");
const IpAddress kServerInside = *IpAddress::parse("192.168.5.44"), kClientInside = *IpAddress::parse("10.1.100.11");
constexpr Duration kRoundTrip = 40ms;  // 10 ms on each link, both ways

class Roaming : public ::testing::Test {
 protected:
  enum class Probes : std::uint8_t { both_ends, client_alone };
  void begin(bool mobike = true, Probes probes = Probes::both_ends) {
    auto s = server_model();
    if (probes == Probes::client_alone) s.phase1[0].dpd = config::DpdMode::disable;
    auto c = client_model(kServer);
    s.phase1[0].mobike = c.phase1[0].mobike = mobike;
    server.start(share(s));
    client.start(share(c));
    ASSERT_TRUE(world.run_while_not([&] { return at_server() && at_server()->state == tunnel::State::up; }, 10s));
    world.run_for(1s);
    ASSERT_EQ(at_server()->ike.at(0).mobike, mobike);
    sa = at_server()->ike.at(0).id;
    client.clear_log();
    server.clear_log();
  }
  std::optional<tunnel::TunnelStatus> at_server() { return server.tunnel("toClient_0"); }
  std::optional<tunnel::TunnelStatus> at_client() { return client.tunnel("toServer"); }
  void cut(bool on) { world.weather("client").cut = on; }
  /// The client has asked its silent gateway, and waits for the answer.
  void lose_a_probe() {
    bool lost = false;
    world.on_ike = [&](const Host& from, const Bytes&) { return &from == &client && !std::exchange(lost, true); };
    ASSERT_TRUE(world.run_while_not([&] { return lost; }, 100s));
    world.on_ike = nullptr;
    ASSERT_TRUE(at_client()->ike.at(0).request_pending);
  }
  void fall_asleep() {
    cut(true);
    ASSERT_TRUE(world.run_while_not([&] { return at_server()->state == tunnel::State::asleep; }, 200s));
  }
  /// Packets both ways, each few milliseconds; returns the longest pause, of either end, in what arrives.
  Duration stream(Duration length) {
    struct Ear {
      Host& host;
      std::size_t heard;
      Instant last;
    };
    Ear ears[]{{server, server.data().delivered.size(), world.now()},
               {client, client.data().delivered.size(), world.now()}};
    Duration longest{};
    for (const auto end = world.now() + length; world.now() < end; world.run_for(5ms)) {
      client.send_inside("toServer", kServerInside, 1);
      server.send_inside("toClient_0", kClientInside, 2);
      for (auto& ear : ears) {
        if (ear.host.data().delivered.size() != ear.heard) ear.last = world.now();
        ear.heard = ear.host.data().delivered.size();
        longest = std::max(longest, world.now() - ear.last);
      }
    }
    return longest;
  }
  void expect_same_tunnel(const IpAddress& client_at) {
    const auto t = at_server();
    ASSERT_TRUE(t && t->ike.size() == 1);
    EXPECT_EQ(t->ike[0].id, sa) << "the same IKE SA";
    EXPECT_EQ(t->path.remote.address, client_at);
    EXPECT_EQ(t->ike[0].path.remote.address, client_at);
    EXPECT_EQ(at_client()->path.local.address, client_at);
    EXPECT_EQ(at_client()->state, tunnel::State::up);
    EXPECT_EQ(t->state, tunnel::State::up);
    EXPECT_FALSE(client.logged("SA_INIT")) << "no login was begun";
  }

  World world{11};
  Host& server = world.add_host("server", kServer);
  Host& client = world.add_host("client", kHome);
  IkeSaId sa{};
};

TEST_F(Roaming, a_client_in_use_moves_and_its_traffic_pauses_for_some_round_trips) {
  begin();
  EXPECT_LE(stream(1s), 2 * kRoundTrip);
  world.at(world.now() + 500ms, [&] { world.readdress(client, kCafe); });
  EXPECT_LE(stream(2s), 4 * kRoundTrip);
  expect_same_tunnel(kCafe);
  EXPECT_TRUE(server.logged("MOBIKE: peer receives at 11.101.7.7:4500"));
}

TEST_F(Roaming, an_idle_client_moves_too) {
  begin();
  world.readdress(client, kCafe);
  world.run_for(500ms);
  expect_same_tunnel(kCafe);
}

TEST_F(Roaming, the_first_packets_at_the_new_place_may_be_lost) {
  begin();
  unsigned lost = 0;
  world.on_ike = [&](const Host& from, const Bytes&) { return &from == &client && lost++ < 2; };
  world.readdress(client, kCafe);
  EXPECT_LE(stream(3s), 1500ms);
  expect_same_tunnel(kCafe);
}

TEST_F(Roaming, a_sleeper_is_woken_by_its_update_in_one_round_trip) {
  begin();
  auto c = client_model(kServer);
  c.phase1[0].dpd = config::DpdMode::disable;  // as if the machine had slept: it has not noticed anything
  client.configure(share(c));
  fall_asleep();
  for (std::uint64_t i = 1; i <= 5; ++i) server.send_inside("toClient_0", kClientInside, i);
  world.readdress(client, kCafe);
  client.data().delivered.clear();
  cut(false);
  client.command([&](tunnel::Manager& m) { return m.machine_woke(200s, world.now()), 0; });
  world.run_for(kRoundTrip + 5ms);
  EXPECT_EQ(at_client()->state, tunnel::State::up);
  EXPECT_EQ(client.data().delivered, (std::vector<std::uint64_t>{1, 2, 3, 4, 5})) << "what was parked came along";
  world.run_for(1s);
  expect_same_tunnel(kCafe);
  EXPECT_EQ(at_server()->last_wake, tunnel::WakeWay::address);
  EXPECT_TRUE(server.logged("MOBIKE: peer receives at 11.101.7.7:4500")) << "the check came after";
}

TEST_F(Roaming, a_request_that_is_pending_is_answered_at_the_new_address) {
  begin(true, Probes::client_alone);
  lose_a_probe();
  world.readdress(client, kCafe);
  world.run_for(500ms);
  expect_same_tunnel(kCafe);
  EXPECT_FALSE(at_client()->ike.at(0).request_pending);
}

TEST_F(Roaming, of_moves_in_quick_succession_the_last_one_holds) {
  for (const auto pause : {1ms, 15ms, 25ms, 45ms, 65ms, 90ms}) {
    SCOPED_TRACE(pause.count());
    World w{5};
    Host& s = w.add_host("server", kServer);
    Host& c = w.add_host("client", kHome);
    s.start(share(server_model()));
    c.start(share(client_model(kServer)));
    w.run_for(2s);
    const auto id = s.tunnel("toClient_0")->ike.at(0).id;
    for (const auto& place : {kCafe, kTrain, kHome, kTrain}) {
      w.readdress(c, place);
      w.run_for(pause);
    }
    w.run_for(3s);
    const auto t = s.tunnel("toClient_0");
    ASSERT_TRUE(t && t->ike.size() == 1);
    EXPECT_EQ(t->ike[0].id, id);
    EXPECT_EQ(t->path.remote.address, kTrain);
    s.send_inside("toClient_0", kClientInside, 77);
    c.send_inside("toServer", kServerInside, 78);
    w.run_for(100ms);
    ASSERT_FALSE(c.data().delivered.empty() || s.data().delivered.empty());
    EXPECT_EQ(c.data().delivered.back(), 77U);
    EXPECT_EQ(s.data().delivered.back(), 78U);
  }
}

TEST_F(Roaming, goes_over_to_ipv6_and_back_if_the_gateway_has_both) {
  world.readdress(server, {kServer, kServer6});
  begin();
  world.readdress(client, kHome6);
  EXPECT_LE(stream(1s), 5 * kRoundTrip);
  expect_same_tunnel(kHome6);
  EXPECT_EQ(at_client()->path.remote.address, kServer6);
  EXPECT_EQ(at_server()->path.local.address, kServer6);
  world.readdress(client, {kHome6, kCafe});
  world.run_for(1s);
  expect_same_tunnel(kHome6);  // what works is kept
  world.readdress(client, kCafe);
  EXPECT_LE(stream(1s), 5 * kRoundTrip);
  expect_same_tunnel(kCafe);
  EXPECT_EQ(at_client()->path.remote.address, kServer);
}

TEST_F(Roaming, the_interface_holds_what_path_and_suite_leave_of_an_outer_packet) {
  world.readdress(server, {kServer, kServer6});
  begin();
  const auto expect_fit = [&](bool v6) {
    for (const auto& [host, t] : {std::pair(&client, *at_client()), std::pair(&server, *at_server())}) {
      const auto format = esp::PacketFormat::of(t.ike.at(0).children.at(0).suite);
      EXPECT_EQ(t.mtu, esp::inner_room(format, v6, t.path.encap, 1500)) << t.name;
      EXPECT_EQ(host->data().mtu_of(t.device_name), t.mtu) << t.name;
    }
  };
  expect_fit(false);
  world.readdress(client, kHome6);
  stream(1s);
  expect_same_tunnel(kHome6);
  expect_fit(true);
}

TEST_F(Roaming, tries_the_gateways_other_address_when_the_one_in_use_falls_silent) {
  world.readdress(server, {kServer, kServer6});
  world.readdress(client, {kHome, kHome6});
  begin();
  world.lose(kServer);
  ASSERT_TRUE(world.run_while_not([&] { return at_client()->state == tunnel::State::connecting; }, 200s));
  ASSERT_TRUE(world.run_while_not([&] { return at_client()->state == tunnel::State::up; }, 10s));
  world.run_for(1s);
  EXPECT_EQ(at_client()->path.remote.address, kServer6);
  EXPECT_EQ(at_server()->path.remote.address, kHome6);
  EXPECT_EQ(at_server()->ike.at(0).id, sa);
  EXPECT_EQ(at_client()->last_wake, tunnel::WakeWay::address);
  EXPECT_LE(stream(500ms), 2 * kRoundTrip);
}

TEST_F(Roaming, follows_a_gateway_that_changed_its_address) {
  begin();
  world.readdress(server, kServerNew);
  EXPECT_LE(stream(1s), 6 * kRoundTrip);
  expect_same_tunnel(kHome);
  EXPECT_EQ(at_client()->path.remote.address, kServerNew);
  EXPECT_EQ(at_server()->path.local.address, kServerNew);
}

TEST_F(Roaming, a_gateway_on_one_pinned_address_names_no_other_and_serves_on_no_other) {
  world.readdress(server, {kServer, kServer6});
  auto s = server_model();
  s.phase1[0].local_gw = kServer;
  server.start(share(s));
  client.start(share(client_model(kServer)));
  world.run_for(2s);
  ASSERT_EQ(at_client()->state, tunnel::State::up);
  world.readdress(client, kHome6);
  world.run_for(5s);
  EXPECT_EQ(at_server()->path.local.address, kServer);
  EXPECT_EQ(at_client()->path.remote.address, kServer);
}

// RFC 4555 3.8: so that a client may try a path without taking it.
TEST_F(Roaming, nothing_but_an_update_moves_a_tunnel_in_use) {
  begin(true, Probes::client_alone);
  lose_a_probe();
  const auto is_update = [](const Bytes& m) { return m.size() > 120; };  // a probe and its answer are shorter
  world.on_ike = [&](const Host& from, const Bytes& m) { return &from == &client && is_update(m); };
  world.readdress(client, kCafe);
  for (std::uint64_t i = 0; i < 10; ++i) {
    client.send_inside("toServer", kServerInside, i);
    world.run_for(100ms);
  }
  EXPECT_TRUE(server.logged("comes 11.101.7.7:4500->173.1.1.1:4500")) << "the probe is answered";
  EXPECT_EQ(server.data().delivered.size(), 10U) << "traffic is heard";
  EXPECT_EQ(at_server()->path.remote.address, kHome) << "and neither is followed";
  EXPECT_TRUE(server.logged("MOBIKE: traffic from 11.101.7.7, which no update told"));
  EXPECT_FALSE(at_server()->ike.at(0).request_pending);
  world.run_for(2s);
  EXPECT_TRUE(at_server()->ike.at(0).request_pending) << "it is asked whether it hears us";
  world.on_ike = nullptr;
  world.run_for(20s);
  expect_same_tunnel(kCafe);
}

TEST_F(Roaming, without_mobike_the_newest_authenticated_packet_is_followed) {
  begin(false);
  EXPECT_EQ(at_server()->ike.at(0).path.remote.port, 500);
  world.readdress(client, kCafe);
  world.run_for(100ms);
  expect_same_tunnel(kCafe);
  EXPECT_FALSE(client.logged("MOBIKE"));
}

TEST_F(Roaming, a_login_under_way_begins_anew_from_the_new_address) {
  server.start(share(server_model()));
  cut(true);
  client.start(share(client_model(kServer)));
  world.run_for(100ms);
  cut(false);
  world.readdress(client, kCafe);
  world.run_for(500ms);
  ASSERT_TRUE(at_server());
  EXPECT_EQ(at_server()->path.remote.address, kCafe);
  EXPECT_EQ(at_client()->state, tunnel::State::up);
}

TEST_F(Roaming, a_client_that_moved_while_its_login_was_answered_says_so) {
  for (const bool mobike : {true, false}) {
    auto s = server_model();
    s.phase1[0].mobike = mobike;
    server.kill();
    client.kill();
    server.disk() = {};
    world.readdress(client, kHome);
    server.start(share(s));
    client.start(share(client_model(kServer)));
    world.run_for(kRoundTrip + 25ms);  // IKE_AUTH has arrived, its answer is on its way to where nobody will be
    ASSERT_TRUE(at_server());
    world.readdress(client, kCafe);
    world.run_for(1s);
    EXPECT_EQ(at_server()->path.remote.address, kCafe);
    EXPECT_EQ(at_client()->state, tunnel::State::up);
    EXPECT_LE(stream(500ms), 2 * kRoundTrip);
  }
}

}  // namespace
}  // namespace dormouse::sim
