// The two scenarios of "Resuming sessions for IPsec tunnel IKE version 2", with their exact timers, on a virtual clock.
#include <algorithm>
#include <gtest/gtest.h>

#include "sim/host.h"
#include "sim/models.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1");
const IpAddress kClient = *IpAddress::parse("11.101.1.1");
const IpAddress kInside = *IpAddress::parse("192.168.5.44");

class SeedPage : public ::testing::Test {
 protected:
  void SetUp() override {
    server.start(share(server_model()));
    client.start(share(client_model(kServer)));
    ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 10s));
    world.run_for(1s);
  }
  std::optional<tunnel::State> state(const std::string& name) {
    const auto t = server.tunnel(name);
    return t ? std::optional(t->state) : std::nullopt;
  }
  void cut(bool on) { world.weather("client").cut = on; }
  /// The lines of `expected` appear in `log` in this order, others between them or not.
  static ::testing::AssertionResult in_order(const std::vector<std::string>& log,
                                             const std::vector<std::string>& expected) {
    auto at = log.begin();
    for (const auto& line : expected) {
      at = std::find_if(at, log.end(), [&](const auto& l) { return l.find(line) != std::string::npos; });
      if (at == log.end()) {
        auto failure = ::testing::AssertionFailure() << "missing (or out of order): " << line << "\nthe log:\n";
        for (const auto& l : log)
          if (l.size() < 200) failure << l << "\n";
        return failure;
      }
      ++at;
    }
    return ::testing::AssertionSuccess();
  }

  World world{7};
  Host& server = world.add_host("server", kServer);
  Host& client = world.add_host("client", kClient);
};

TEST_F(SeedPage, a_login_makes_the_instance_with_route_member_and_trap) {
  const auto t = server.tunnel("toClient_0");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->phase1, "toClient");
  ASSERT_EQ(server.routes().size(), 1U);
  EXPECT_EQ(server.routes()[0].dst.text(), "0.0.0.0/0");
  EXPECT_EQ(server.routes()[0].metric, 15U);
  EXPECT_TRUE(server.members().contains({"toClient", "toClient_0"}));
  ASSERT_EQ(server.traps.size(), 1U);
  EXPECT_TRUE(server.traps[0].up);
  EXPECT_TRUE(client.send_inside("toServer", kInside, 1));
  world.run_for(1s);
  EXPECT_EQ(server.data().delivered, std::vector<std::uint64_t>{1});
}

TEST_F(SeedPage, the_sleeper_is_flushed_273_seconds_after_its_last_packet) {
  client.send_inside("toServer", kInside, 1);
  world.run_for(100ms);
  const auto last = server.tunnel("toClient_0")->counters.last_in;
  server.clear_log();
  cut(true);
  world.run_until(last + 152s);
  EXPECT_EQ(state("toClient_0"), tunnel::State::up);
  world.run_until(last + 154s);  // 60 + 93
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
  EXPECT_EQ(server.routes().size(), 1U);
  EXPECT_EQ(server.traps.size(), 1U) << "no DOWN trap at the start of sleep";
  world.run_until(last + 272s);
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
  world.run_until(last + 274s);  // + 120
  EXPECT_EQ(state("toClient_0"), std::nullopt);
  EXPECT_TRUE(server.routes().empty());
  EXPECT_TRUE(server.members().empty());
  EXPECT_TRUE(server.data().device_names().empty());
  ASSERT_EQ(server.traps.size(), 2U);
  EXPECT_FALSE(server.traps[1].up);
  EXPECT_TRUE(in_order(
      server.log(), {
                        "sent IKE msg (RETRANSMIT_INFORMATIONAL): 173.1.1.1:4500->11.101.1.1:4500, len=80, vrf=0, id=",
                        "toClient_0: link is idle 2 173.1.1.1->11.101.1.1:0 dpd=1 seqno=2 rr=0",
                        "send IKEv2 DPD probe, seqno 2",
                        "retransmission timeout",
                        "ike V=root:0:toClient_0: starting client-resume sleep period 120 sec (1)",
                        "ike V=root:0:toClient_0: client-resume sleep period has expired (1)",
                        "ike V=root:0:toClient_0: going to be deleted",
                        "ike V=root:0:toClient_0: flushing",
                        "ike V=root:0:toClient_0: deleting IPsec SA with SPI ",
                        "ike V=root:0:toClient_0:toClient: deleted IPsec SA with SPI ",
                        "ike V=toClient_0:0:toClient_0:",
                        "ike V=root:0:toClient_0: sending SNMP tunnel DOWN trap for toClient",
                        "ike V=root:0:toClient_0: last dialup SA expired while client sleeping",
                        "ike V=root:0:toClient_0: flushed",
                    }));
  EXPECT_TRUE(server.logged("del route 0.0.0.0/0.0.0.0 tunnel 11.101.1.1 oif toClient_0("));
  EXPECT_TRUE(server.logged("metric 15 priority 1"));
}

TEST_F(SeedPage, a_login_within_the_interval_resumes_the_tunnel) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  client.kill();
  server.clear_log();
  world.run_for(60s);
  cut(false);
  client.start(share(client_model(kServer)));
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 20s));
  world.run_for(1s);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::login);
  EXPECT_EQ(server.tunnel("toClient_0")->ike.size(), 1U) << "the old SA is gone";
  EXPECT_EQ(server.routes().size(), 1U);
  EXPECT_EQ(server.data().children(), 1U);
  ASSERT_EQ(server.traps.size(), 2U);
  EXPECT_TRUE(server.traps[1].up);
  EXPECT_TRUE(in_order(server.log(), {
                                         "ike V=root:0: comes 11.101.1.1:500->173.1.1.1:500,ifindex=2,vrf=0,len=",
                                         "ike V=root:0: IKEv2 exchange=SA_INIT id=",
                                         "ike V=root:0:toClient_0: client has resumed (1)",
                                         "sending SNMP tunnel UP trap",
                                         "ike V=root:0:toClient_0: tunnel up event",
                                     }));
  client.send_inside("toServer", kInside, 5);
  world.run_for(1s);
  EXPECT_EQ(server.data().delivered.back(), 5U);
}

TEST_F(SeedPage, the_old_sas_answering_wake_the_tunnel_by_address) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  const auto sa = server.tunnel("toClient_0")->ike.at(0).id;
  world.run_for(30s);
  cut(false);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 20s));
  world.run_for(5s);
  const auto t = server.tunnel("toClient_0");
  EXPECT_EQ(t->last_wake, tunnel::WakeWay::address);
  ASSERT_EQ(t->ike.size(), 1U);
  EXPECT_EQ(t->ike[0].id, sa) << "the same IKE SA";
  EXPECT_EQ(client.tunnel("toServer")->state, tunnel::State::up);
  EXPECT_EQ(client.tunnel("toServer")->ike.size(), 1U);
  ASSERT_EQ(server.traps.size(), 2U) << "none when it fell asleep, UP again now";
  EXPECT_TRUE(server.traps[1].up);
}

TEST_F(SeedPage, packets_for_a_sleeper_are_parked_and_sent_at_wake) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  for (std::uint64_t i = 1; i <= 40; ++i) server.send_inside("toClient_0", *IpAddress::parse("10.1.100.11"), i);
  cut(false);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 20s));
  world.run_for(1s);
  ASSERT_EQ(client.data().delivered.size(), 32U) << "the newest 32";
  EXPECT_EQ(client.data().delivered.front(), 9U);
  EXPECT_EQ(server.tunnel("toClient_0")->counters.dropped_asleep, 8U);
}

TEST_F(SeedPage, a_login_of_another_identity_does_not_take_the_sleeper) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  // From the sleeper's own outer address, as behind one NAT, and with INITIAL_CONTACT: but somebody else.
  client.kill();
  cut(false);
  auto m = client_model(kServer);
  m.phase1[0].localid = Identity{IdType::fqdn, {'o', 't', 'h', 'e', 'r'}};
  client.start(share(m));
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_1") == tunnel::State::up; }, 20s));
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
  EXPECT_FALSE(server.logged("client has resumed"));
}

TEST_F(SeedPage, a_login_under_another_phase_1_does_not_take_the_sleeper) {
  auto m = server_model();
  auto second = m.phase1[0];
  second.name = "toOthers";
  second.psk = secret("the secret of the others");
  m.phase1.push_back(second);
  auto p2 = m.phase2[0];
  p2.name = p2.phase1 = "toOthers";
  m.phase2.push_back(p2);
  server.configure(share(m));
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  client.kill();
  cut(false);
  auto c = client_model(kServer);
  c.phase1[0].psk = secret("the secret of the others");  // the same identity, proved under the other phase 1
  client.start(share(c));
  ASSERT_TRUE(world.run_while_not([&] { return state("toOthers_0") == tunnel::State::up; }, 20s));
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
}

// The lid is opened: the client has heard nothing of the sleep and asks at once.
TEST_F(SeedPage, a_machine_that_wakes_is_back_within_a_round_trip) {
  auto m = client_model(kServer);
  m.phase1[0].dpd = config::DpdMode::disable;  // as if its clock had stood still: no timer of its own runs meanwhile
  client.configure(share(m));
  world.run_for(5s);
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  world.run_for(60s);
  cut(false);
  client.clear_log();
  client.command([&](tunnel::Manager& manager) { return manager.machine_woke(220s, world.now()), 0; });
  ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::up; }, 60ms));
  EXPECT_EQ(client.tunnel("toServer")->last_wake, tunnel::WakeWay::address);
  EXPECT_GT(client.tunnel("toServer")->last_wake_took, Duration{});
  EXPECT_LE(client.tunnel("toServer")->last_wake_took, 60ms);
  EXPECT_EQ(client.tunnel("toServer")->last_sleep / 1s, 220);
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake_took, Duration{});  // one packet is all it takes
  EXPECT_EQ(state("toClient_0"), tunnel::State::up);
  world.run_for(5s);
  EXPECT_FALSE(client.logged("SA_INIT")) << "no login was begun";
}

TEST_F(SeedPage, a_machine_that_wakes_to_a_gateway_that_forgot_it_logs_in_soon) {
  auto m = client_model(kServer);
  m.phase1[0].dpd = config::DpdMode::disable;
  client.configure(share(m));
  world.run_for(5s);
  server.kill();
  server.start(share(server_model()));
  client.command([&](tunnel::Manager& manager) { return manager.machine_woke(3600s, world.now()), 0; });
  ASSERT_TRUE(world.run_while_not([&] { return client.tunnel("toServer")->state == tunnel::State::up; }, 600ms));
  EXPECT_EQ(server.tunnel("toClient_0")->state, tunnel::State::up);
}

// A client that never asks whether its gateway lives: only its traffic can wake the tunnel.
class SilentClient : public SeedPage {
 protected:
  void SetUp() override {
    server.start(share(server_model()));
    auto m = client_model(kServer);
    m.phase1[0].dpd = config::DpdMode::disable;
    client.start(share(m));
    ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 10s));
    world.run_for(1s);
    cut(true);
    ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
    client.clear_log();
  }
  void wakes_by_esp() {
    ASSERT_TRUE(client.send_inside("toServer", kInside, 99));
    world.run_for(25ms);  // one way: the packet is there, and no IKE message of the client's
    EXPECT_EQ(state("toClient_0"), tunnel::State::up);
    EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::address);
    EXPECT_FALSE(client.logged("sent IKE msg"));
    EXPECT_EQ(server.data().delivered.back(), 99U);
  }
};

TEST_F(SilentClient, an_esp_packet_alone_wakes_the_tunnel) {
  cut(false);
  wakes_by_esp();
}

TEST_F(SilentClient, an_esp_packet_from_another_address_wakes_the_tunnel_and_moves_it) {
  const auto elsewhere = *IpAddress::parse("11.101.7.7");
  world.readdress(client, elsewhere);
  client.clear_log();  // what it sends for the new address is lost; the traffic comes alone
  cut(false);
  wakes_by_esp();
  EXPECT_EQ(server.tunnel("toClient_0")->path.remote.address, elsewhere);
  server.send_inside("toClient_0", *IpAddress::parse("10.1.100.11"), 77);
  world.run_for(100ms);
  ASSERT_FALSE(client.data().delivered.empty());
  EXPECT_EQ(client.data().delivered.back(), 77U);
}

TEST_F(SeedPage, parked_packets_arrive_though_the_sleep_outlived_the_child_sa) {
  auto at_server = server_model();
  auto at_client = client_model(kServer);
  at_server.phase2[0].keylife = at_client.phase2[0].keylife = 240s;
  at_server.phase1[0].client_resume_interval = 3600s;
  server.kill();
  client.kill();
  world.run_for(1s);
  server.start(share(at_server));
  client.start(share(at_client));
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 20s));
  world.run_for(1s);
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  for (std::uint64_t i = 1; i <= 5; ++i) server.send_inside("toClient_0", *IpAddress::parse("10.1.100.11"), i);
  world.run_for(300s);
  ASSERT_EQ(server.data().children(), 0U) << "its hard lifetime passed in sleep";
  cut(false);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 20s));
  world.run_for(5s);
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::address);
  EXPECT_EQ(server.data().children(), 1U);
  EXPECT_EQ(client.data().delivered.size(), 5U);
}

TEST_F(SeedPage, parked_packets_do_not_overtake_the_login_that_wakes) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    World w{seed};
    Host& s = w.add_host("server", kServer);
    Host& c = w.add_host("client", kClient);
    s.start(share(server_model()));
    c.start(share(client_model(kServer)));
    const auto is = [&](tunnel::State wanted) {
      const auto t = s.tunnel("toClient_0");
      return t && t->state == wanted;
    };
    ASSERT_TRUE(w.run_while_not([&] { return is(tunnel::State::up); }, 10s));
    w.run_for(1s);
    w.weather("client").cut = true;
    ASSERT_TRUE(w.run_while_not([&] { return is(tunnel::State::asleep); }, 200s));
    c.kill();
    for (std::uint64_t i = 1; i <= 40; ++i) s.send_inside("toClient_0", *IpAddress::parse("10.1.100.11"), i);
    w.weather("client") = {.delay = 40ms, .jitter = 15ms};
    c.start(share(client_model(kServer)));
    ASSERT_TRUE(w.run_while_not([&] { return is(tunnel::State::up); }, 20s));
    w.run_for(2s);
    EXPECT_EQ(s.tunnel("toClient_0")->last_wake, tunnel::WakeWay::login);
    EXPECT_EQ(c.data().delivered.size(), 32U);
    EXPECT_EQ(c.data().unknown_spi, 0U);
  }
}

TEST_F(SeedPage, a_client_that_moved_while_asleep_is_followed) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  const auto elsewhere = *IpAddress::parse("11.101.7.7");
  world.readdress(client, elsewhere);
  cut(false);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 20s));
  world.run_for(2s);
  EXPECT_EQ(server.tunnel("toClient_0")->path.remote.address, elsewhere);
  server.send_inside("toClient_0", *IpAddress::parse("10.1.100.11"), 77);
  world.run_for(1s);
  EXPECT_EQ(client.data().delivered.back(), 77U);
}

TEST_F(SeedPage, nothing_unauthenticated_wakes_or_ends_a_sleeper) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  const auto sa = server.tunnel("toClient_0")->ike.at(0);
  // A forged IKE_SA_INIT from the right address, forged messages on the old SPIs, and ESP with a wrong key.
  Bytes forged(80);
  store64(forged.data(), sa.spi_i.value());
  store64(forged.data() + 8, sa.spi_r.value());
  forged[16] = 46;
  forged[17] = 0x20;
  forged[18] = 37;
  forged[19] = 0x08;
  store32(forged.data() + 24, 80);
  server.receive_ike({kServer, 500}, {kClient, 500}, forged);
  forged[18] = 34;
  store64(forged.data() + 8, 0);
  server.receive_ike({kServer, 500}, {kClient, 500}, forged);
  server.receive_esp({sa.children.at(0).spi_in, 1000, Bytes(16, 1), 1}, {kServer, 0}, {kClient, 0}, esp::Encap::none);
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
  EXPECT_EQ(server.data().bad_key, 1U);
  EXPECT_FALSE(server.logged("client has resumed"));
}

TEST_F(SeedPage, no_probe_and_no_rekey_is_started_while_asleep) {
  auto m = server_model();
  m.phase1[0].client_resume_interval = 172800s;
  server.configure(share(m));
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  server.clear_log();
  world.run_for(11h);  // over the soft lifetime of the Child SA (43200 s less a tenth)
  EXPECT_FALSE(server.logged("sent IKE msg"));
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
  world.run_for(24h);  // over every hard lifetime: the SAs end, the tunnel does not
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
  EXPECT_TRUE(server.tunnel("toClient_0")->ike.empty());
  EXPECT_EQ(server.routes().size(), 1U);
  EXPECT_EQ(server.traps.size(), 1U);
}

TEST_F(SeedPage, client_resume_disabled_flushes_a_dead_peer_at_once) {
  auto m = server_model();
  m.phase1[0].client_resume = false;
  server.configure(share(m));
  EXPECT_EQ(state("toClient_0"), tunnel::State::up) << "the change leaves the tunnel alone";
  cut(true);
  world.run_for(170s);
  EXPECT_EQ(state("toClient_0"), std::nullopt);
  EXPECT_FALSE(server.logged("client-resume sleep period"));
  EXPECT_TRUE(server.routes().empty());
  EXPECT_FALSE(server.traps.back().up);
}

TEST_F(SeedPage, an_explicit_delete_an_administrator_or_a_removed_phase1_end_a_sleeper_at_once) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  EXPECT_EQ(server.command([&](auto& m) { return m.flush("toClient_0", world.now()); }), 1U);
  EXPECT_EQ(state("toClient_0"), std::nullopt);
  EXPECT_TRUE(server.routes().empty());
  EXPECT_TRUE(server.data().device_names().empty());
}

TEST_F(SeedPage, removal_of_the_policies_ends_a_sleeper) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  auto m = server_model();
  m.phase1[0].has_policy = false;
  server.configure(share(m));
  EXPECT_EQ(state("toClient_0"), std::nullopt);
  EXPECT_FALSE(server.traps.back().up);
}

TEST_F(SeedPage, the_client_stopping_on_purpose_ends_its_tunnel_at_the_gateway) {
  client.command([&](auto& m) {
    m.shutdown(world.now());
    return 0;
  });
  world.run_for(1s);
  EXPECT_EQ(state("toClient_0"), std::nullopt);
  EXPECT_FALSE(server.logged("client-resume"));
}

TEST_F(SeedPage, switching_client_resume_off_or_shortening_it_reaches_sleepers) {
  cut(true);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::asleep; }, 200s));
  auto m = server_model();
  m.phase1[0].client_resume_interval = 10s;
  server.configure(share(m));
  world.run_for(11s);
  EXPECT_EQ(state("toClient_0"), std::nullopt);
}

TEST_F(SeedPage, a_restarted_client_at_its_old_endpoint_gets_its_live_tunnel_back) {
  client.kill();
  client.start(share(client_model(kServer)));
  world.run_for(5s);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
  EXPECT_EQ(server.tunnel("toClient_0")->ike.size(), 1U);
  EXPECT_EQ(server.data().children(), 1U);
}

TEST_F(SeedPage, a_wrong_secret_gets_nothing_and_disturbs_nobody) {
  Host& thief = world.add_host("thief", *IpAddress::parse("11.101.1.66"));
  auto m = client_model(kServer);
  m.phase1[0].psk = secret("not the secret at all");
  thief.start(share(m));
  world.run_for(60s);
  EXPECT_EQ(server.status().tunnels.size(), 1U);
  EXPECT_EQ(state("toClient_0"), tunnel::State::up);
  EXPECT_TRUE(server.logged("PSK auth failed"));
  EXPECT_NE(thief.tunnel("toServer")->state, tunnel::State::up);
}

}  // namespace
}  // namespace dormouse::sim
