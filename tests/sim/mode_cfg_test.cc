// Inside addresses by mode configuration: given, kept through sleep and restart, returned; and small pools under siege.
#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "sim/host.h"
#include "sim/models.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1");
const IpAddress kInside = *IpAddress::parse("192.168.5.44");
IpAddress ip(const char* text) { return *IpAddress::parse(text); }
Prefix net(const char* text) { return *Prefix::parse(text); }

config::Model giving(unsigned addresses) {
  auto m = server_model();
  auto& p = m.phase1[0];
  p.dpd_retryinterval = 10s;
  p.client_resume_interval = 300s;
  p.mode_cfg.enabled = true;
  p.mode_cfg.pool4 = {{ip("10.9.0.1"), IpAddress::v4(0x0a090000U + addresses)}};
  return m;
}

config::Model asking(unsigned n) {
  auto m = client_model(kServer);
  m.phase1[0].dpd_retryinterval = 10s;
  m.phase1[0].mode_cfg.enabled = true;
  m.phase1[0].localid = Identity{IdType::fqdn, to_bytes(as_bytes("laptop" + std::to_string(n)))};
  return m;
}

/// A gateway and clients that dial it.
class ModeCfg : public ::testing::Test {
 protected:
  Host& laptop(unsigned n) {
    const auto name = "laptop" + std::to_string(n);
    return world.add_host(name, IpAddress::v4(0x0b650100U + 10 + n));
  }
  Host& dial(unsigned n) {
    Host& h = laptop(n);
    h.start(share(asking(n)));
    world.run_while_not([&] { return is_up(h); }, 10s);
    world.run_for(1s);
    return h;
  }
  static bool is_up(Host& h) {
    const auto t = h.tunnel("toServer");
    return t && t->state == tunnel::State::up && !t->ike.empty() && !t->ike[0].children.empty();
  }
  static std::optional<IpAddress> inside(Host& h) {
    return h.inside().size() == 1 ? std::optional(h.inside().begin()->second) : std::nullopt;
  }
  void put_to_sleep(Host& h, const std::string& instance) {
    world.weather(h.name()).cut = true;
    ASSERT_TRUE(world.run_while_not([&] { return state(instance) == tunnel::State::asleep; }, 300s));
  }
  std::optional<tunnel::State> state(const std::string& instance) {
    const auto t = server.tunnel(instance);
    return t ? std::optional(t->state) : std::nullopt;
  }
  std::uint64_t leases() { return server.status().phase1.at(0).leases; }

  World world{11};
  Host& server = world.add_host("server", kServer);
};

TEST_F(ModeCfg, a_client_gets_an_address_and_carries_nothing_else) {
  auto m = giving(9);
  m.phase1[0].mode_cfg.dns = {ip("10.9.0.53")};
  m.phase1[0].mode_cfg.domain = "corp.example";
  server.start(share(m));
  Host& client = dial(0);
  EXPECT_EQ(inside(client), ip("10.9.0.1"));
  const auto at_gateway = *server.tunnel("toClient_0"), at_client = *client.tunnel("toServer");
  EXPECT_EQ(at_gateway.inside.addresses.v4, ip("10.9.0.1"));
  const auto& child = at_gateway.ike.at(0).children.at(0);
  EXPECT_EQ(child.remote_ts, (TrafficSelectors{TrafficSelector::of(net("10.9.0.1/32"))}));
  EXPECT_EQ(at_client.ike.at(0).children.at(0).local_ts, child.remote_ts);
  ASSERT_EQ(server.routes().size(), 1U);
  EXPECT_EQ(server.routes()[0].dst, net("10.9.0.1/32"));
  ASSERT_EQ(client.routes().size(), 1U);
  EXPECT_EQ(client.routes()[0].dst, net("0.0.0.0/0"));
  EXPECT_EQ(at_client.inside.dns, m.phase1[0].mode_cfg.dns);
  EXPECT_EQ(at_client.inside.domains, std::vector<std::string>{"corp.example"});
  EXPECT_TRUE(client.logged("inside address: toServer has 10.9.0.1, DNS 10.9.0.53, domains corp.example"));
  EXPECT_TRUE(server.logged("mode-cfg assigned (1) IPv4 address 10.9.0.1"));
  EXPECT_TRUE(server.send_inside("toClient_0", ip("10.9.0.1"), 5));
  world.run_for(1s);
  EXPECT_EQ(client.data().delivered, std::vector<std::uint64_t>{5});
  client.stop();
  world.run_for(1s);
  EXPECT_EQ(leases(), 0U);
  EXPECT_TRUE(server.routes().empty());
}

TEST_F(ModeCfg, a_client_routes_what_the_split_include_names) {
  auto m = giving(9);
  m.phase1[0].mode_cfg.split_include = {net("192.168.5.0/24"), net("10.20.0.0/16")};
  m.phase1[0].mode_cfg.length4 = 24;
  server.start(share(m));
  Host& client = dial(0);
  std::set<std::string> routes;
  for (const auto& r : client.routes()) routes.insert(r.dst.text());
  EXPECT_EQ(routes, (std::set<std::string>{"192.168.5.0/24", "10.20.0.0/16", "10.9.0.0/24"}));
}

TEST_F(ModeCfg, routes_of_a_client_end_where_its_selectors_do) {
  auto m = giving(9);
  m.phase2[0].src = {TrafficSelector::of(net("192.168.5.0/24"))};
  server.start(share(m));
  Host& client = dial(0);
  ASSERT_EQ(client.routes().size(), 1U);
  EXPECT_EQ(client.routes()[0].dst, net("192.168.5.0/24"));
}

TEST_F(ModeCfg, the_address_is_the_same_after_a_sleep_however_it_ends) {
  server.start(share(giving(9)));
  dial(7);
  Host& client = dial(0);
  const auto address = inside(client);
  put_to_sleep(client, "toClient_1");
  EXPECT_EQ(leases(), 2U);
  EXPECT_EQ(client.routes().size(), 1U) << "what is sent meanwhile does not leave past the tunnel";
  world.weather(client.name()) = {};
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_1") == tunnel::State::up; }, 60s));
  world.run_for(1s);
  EXPECT_EQ(inside(client), address) << "by address";
  put_to_sleep(client, "toClient_1");
  client.kill();
  world.weather(client.name()) = {};
  client.start(share(asking(0)));
  ASSERT_TRUE(world.run_while_not([&] { return is_up(client); }, 60s));
  EXPECT_EQ(inside(client), address) << "by login";
  EXPECT_EQ(leases(), 2U);
  EXPECT_EQ(server.status().tunnels.size(), 2U);
}

TEST_F(ModeCfg, a_restart_of_the_gateway_leaves_everybody_his_address) {
  server.start(share(giving(9)));
  std::vector<Host*> clients;
  std::vector<std::optional<IpAddress>> had;
  for (unsigned n = 0; n < 4; ++n) had.push_back(inside(*clients.emplace_back(&dial(n))));
  put_to_sleep(*clients[2], "toClient_2");
  server.kill();
  world.run_for(2s);
  server.start(share(giving(9)));
  EXPECT_EQ(leases(), 4U);
  Host& stranger = dial(8);
  EXPECT_TRUE(inside(stranger) && std::ranges::find(had, inside(stranger)) == had.end());
  for (Host* c : clients) world.weather(c->name()) = {};
  for (Host* c : clients) c->send_inside("toServer", kInside, 1);
  world.run_for(200s);
  for (unsigned n = 0; n < 4; ++n) {
    EXPECT_TRUE(is_up(*clients[n]));
    EXPECT_EQ(inside(*clients[n]), had[n]);
  }
  EXPECT_EQ(leases(), 5U);
}

TEST_F(ModeCfg, by_ticket_a_client_comes_back_to_its_address) {
  auto m = giving(9);
  m.session_resume = true;
  server.start(share(m));
  dial(7);
  Host& client = laptop(0);
  auto c = asking(0);
  c.session_resume = true;
  client.start(share(c));
  ASSERT_TRUE(world.run_while_not([&] { return is_up(client); }, 10s));
  world.run_for(1s);
  const auto address = inside(client);
  ASSERT_TRUE(address);
  put_to_sleep(client, "toClient_1");
  server.kill();
  for (const bool records_lost : {false, true}) {
    SCOPED_TRACE(records_lost);
    if (records_lost) server.disk().sessions.clear();
    server.start(share(m));
    world.weather(client.name()) = {};
    client.send_inside("toServer", kInside, 1);
    ASSERT_TRUE(world.run_while_not([&] { return is_up(client) && state("toClient_1") == tunnel::State::up; }, 300s));
    world.run_for(2s);
    EXPECT_EQ(server.tunnel("toClient_1")->last_wake, tunnel::WakeWay::ticket);
    EXPECT_EQ(inside(client), address);
    EXPECT_EQ(server.tunnel("toClient_1")->inside.addresses.v4, address);
    server.kill();
    world.run_for(1s);
  }
}

TEST_F(ModeCfg, a_sleeper_whose_address_left_the_pool_is_not_restored) {
  server.start(share(giving(9)));
  Host& client = dial(0);
  put_to_sleep(client, "toClient_0");
  server.kill();
  auto m = giving(9);
  m.phase1[0].mode_cfg.pool4 = {{ip("10.8.0.1"), ip("10.8.0.9")}};
  server.start(share(m));
  EXPECT_EQ(state("toClient_0"), std::nullopt);
  EXPECT_TRUE(server.logged("its inside address is not in the pool"));
  EXPECT_TRUE(server.disk().sessions.empty());
  world.weather(client.name()) = {};
  ASSERT_TRUE(world.run_while_not([&] { return inside(client) == ip("10.8.0.1"); }, 60s));
  EXPECT_EQ(client.inside().size(), 1U) << "the old address is off the interface";
}

TEST_F(ModeCfg, a_full_pool_turns_away_and_lets_in_when_somebody_goes) {
  server.start(share(giving(2)));
  Host& first = dial(0);
  dial(1);
  Host& third = dial(2);
  EXPECT_FALSE(is_up(third));
  EXPECT_TRUE(server.logged("login refused: toClient, identity laptop2, reason: no inside address is free"));
  EXPECT_TRUE(third.logged("no inside address"));
  EXPECT_EQ(server.status().tunnels.size(), 2U) << "nothing was made for it";
  EXPECT_TRUE(third.inside().empty());
  EXPECT_EQ(server.status().half_open, 0U);
  first.stop();
  ASSERT_TRUE(world.run_while_not([&] { return is_up(third); }, 90s)) << "it goes on asking";
  EXPECT_EQ(leases(), 2U);
}

TEST_F(ModeCfg, sleepers_keep_their_addresses_when_the_pool_is_full) {
  server.start(share(giving(2)));
  put_to_sleep(dial(0), "toClient_0");
  dial(1);
  EXPECT_FALSE(is_up(dial(2)));
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
}

TEST_F(ModeCfg, with_reclaim_the_one_asleep_longest_gives_its_address_up) {
  auto m = giving(3);
  m.phase1[0].mode_cfg.reclaim = true;
  m.phase1[0].client_resume_interval = 3600s;
  server.start(share(m));
  Host& first = dial(0);
  Host& second = dial(1);
  dial(2);
  const auto older = inside(second);
  put_to_sleep(second, "toClient_1");
  world.run_for(20s);
  put_to_sleep(first, "toClient_0");
  Host& fourth = dial(3);
  EXPECT_TRUE(is_up(fourth));
  EXPECT_EQ(inside(fourth), older);
  EXPECT_EQ(state("toClient_0"), tunnel::State::asleep);
  EXPECT_TRUE(server.logged("reason: its inside address was needed"));
  EXPECT_EQ(leases(), 3U);
}

TEST_F(ModeCfg, who_does_not_ask_is_turned_away_unless_clients_choose_their_selectors) {
  server.start(share(giving(3)));
  Host& client = laptop(0);
  auto plain = asking(0);
  plain.phase1[0].mode_cfg.enabled = false;
  plain.phase2[0].src = {TrafficSelector::of(net("10.1.100.0/24"))};
  client.start(share(plain));
  world.run_for(5s);
  EXPECT_TRUE(server.status().tunnels.empty());
  EXPECT_TRUE(server.logged("it did not ask for an inside address"));
  auto m = giving(3);
  m.phase1[0].mode_cfg.client_selector = true;
  server.configure(share(m));
  ASSERT_TRUE(world.run_while_not([&] { return is_up(client); }, 60s));
  EXPECT_EQ(server.routes().at(0).dst, net("10.1.100.0/24"));
  EXPECT_EQ(leases(), 0U);
}

TEST_F(ModeCfg, rekeys_and_changes_in_place_keep_to_the_address) {
  auto m = giving(3);
  m.phase2[0].keylife = 60s;
  m.phase1[0].keylife = 150s;
  server.start(share(m));
  Host& client = dial(0);
  m.phase1[0].mode_cfg.dns = {ip("10.9.0.53")};
  server.configure(share(m));
  for (int i = 0; i < 40; ++i) {
    client.send_inside("toServer", kInside, 1);
    world.run_for(10s);
    const auto instance = *server.tunnel("toClient_0");
    for (const auto& sa : instance.ike)
      for (const auto& c : sa.children)
        EXPECT_EQ(c.remote_ts, (TrafficSelectors{TrafficSelector::of(net("10.9.0.1/32"))}));
  }
  EXPECT_EQ(inside(client), ip("10.9.0.1"));
  EXPECT_GT(server.tunnel("toClient_0")->child_established, 5U);
}

TEST_F(ModeCfg, a_child_made_anew_after_a_change_in_place_keeps_to_the_address) {
  auto m = giving(3);
  server.start(share(m));
  Host& client = dial(0);
  m.phase1[0].mode_cfg.domain = "corp.example";
  server.configure(share(m));
  const auto before = server.tunnel("toClient_0")->ike.at(0).children.at(0).id;
  client.data().reach_lifetime(client.tunnel("toServer")->ike.at(0).children.at(0).id);
  client.send_inside("toServer", kInside, 1);
  world.run_for(1s);
  ASSERT_TRUE(server.tunnel("toClient_0")->ike.at(0).children.empty());
  client.send_inside("toServer", kInside, 2);
  world.run_for(1s);
  const auto children = server.tunnel("toClient_0")->ike.at(0).children;
  ASSERT_EQ(children.size(), 1U);
  EXPECT_NE(children[0].id, before);
  EXPECT_EQ(children[0].remote_ts, (TrafficSelectors{TrafficSelector::of(net("10.9.0.1/32"))}));
}

TEST_F(ModeCfg, routes_stay_while_a_client_looks_for_its_gateway_though_its_sas_end) {
  server.start(share(giving(3)));
  Host& client = laptop(0);
  auto c = asking(0);
  c.phase2[0].keylife = 150s;
  client.start(share(c));
  ASSERT_TRUE(world.run_while_not([&] { return is_up(client); }, 10s));
  world.weather(client.name()).cut = true;
  world.run_for(400s);
  const auto t = *client.tunnel("toServer");
  EXPECT_EQ(t.state, tunnel::State::connecting);
  for (const auto& sa : t.ike) EXPECT_TRUE(sa.children.empty()) << "they are over";
  ASSERT_EQ(client.routes().size(), 1U);
  EXPECT_EQ(inside(client), ip("10.9.0.1"));
  world.weather(client.name()) = {};
  world.run_for(30s);
  EXPECT_EQ(client.routes().size(), 1U) << "or no packet would ask for a new one";
  client.send_inside("toServer", kInside, 1);
  ASSERT_TRUE(world.run_while_not([&] { return is_up(client); }, 60s));
  EXPECT_EQ(client.routes().size(), 1U);
}

TEST_F(ModeCfg, both_families_are_given_and_kept_together) {
  auto m = giving(3);
  m.phase1[0].mode_cfg.pool6 = {{ip("2001:db8:9::1"), ip("2001:db8:9::3")}};
  auto six = m.phase2[0];
  six.name = "toClient6";
  six.src = six.dst = {TrafficSelector::any(Family::v6)};
  m.phase2.push_back(six);
  server.start(share(m));
  auto c = asking(0);
  six.name = "toServer6";
  six.phase1 = "toServer";
  six.auto_negotiate = true;
  c.phase2.push_back(six);
  Host& client = laptop(0);
  client.start(share(c));
  ASSERT_TRUE(world.run_while_not([&] { return client.routes().size() == 2; }, 20s));
  EXPECT_EQ(client.inside(), (std::set<std::pair<std::string, IpAddress>>{{"toServer", ip("10.9.0.1")},
                                                                          {"toServer", ip("2001:db8:9::1")}}));
  std::set<std::string> routes;
  for (const auto& r : server.routes()) routes.insert(r.dst.text());
  EXPECT_EQ(routes, (std::set<std::string>{"10.9.0.1/32", "2001:db8:9::1/128"}));
  EXPECT_EQ(leases(), 2U);
  put_to_sleep(client, "toClient_0");
  server.kill();
  server.start(share(m));
  EXPECT_EQ(leases(), 2U);
  world.weather(client.name()) = {};
  client.send_inside("toServer", kInside, 1);
  ASSERT_TRUE(world.run_while_not([&] { return state("toClient_0") == tunnel::State::up; }, 120s));
  world.run_for(2s);
  EXPECT_EQ(client.inside().size(), 2U);
  EXPECT_EQ(server.tunnel("toClient_0")->inside.addresses.v6, ip("2001:db8:9::1"));
  client.stop();
  world.run_for(2s);
  EXPECT_EQ(leases(), 0U);
}

TEST_F(ModeCfg, a_client_that_logs_in_from_ever_new_places_cannot_hold_more_than_the_pool) {
  server.start(share(giving(3)));
  Host& client = laptop(0);
  for (std::uint32_t n = 0; n < 10; ++n) {
    world.readdress(client, IpAddress::v4(0x0b650200U + n));
    client.start(share(asking(0)));
    world.run_for(5s);
    EXPECT_LE(leases(), 3U);
    EXPECT_EQ(server.status().tunnels.size(), leases());
    client.kill();
  }
  EXPECT_TRUE(server.logged("no inside address is free"));
  world.run_for(120s);  // the ghosts are found out and sleep; the client is back in one of them or waits for the end
  client.start(share(asking(0)));
  world.run_for(600s);
  EXPECT_TRUE(is_up(client));
  EXPECT_EQ(leases(), 1U) << "and those it left behind are free";
}

TEST_F(ModeCfg, clients_that_vanish_leave_no_ghosts_in_a_small_pool) {
  auto m = giving(3);
  m.phase1[0].client_resume = false;
  server.start(share(m));
  for (unsigned n = 0; n < 12; ++n) {
    Host& ghost = dial(n);
    EXPECT_TRUE(is_up(ghost)) << n;
    ghost.kill();  // and never comes back
    if (n % 3 == 2) {
      world.run_for(150s);  // dead peer detection
      EXPECT_EQ(leases(), 0U);
      EXPECT_TRUE(server.routes().empty());
    }
  }
}

/// Nothing is leaked and nothing is given twice, whatever clients and gateway do.
void expect_sound(Host& server, std::uint64_t pool) {
  const auto status = server.status();
  std::set<IpAddress> held;
  for (const auto& t : status.tunnels) {
    ASSERT_TRUE(t.inside.addresses.v4) << t.name;
    EXPECT_TRUE(held.insert(*t.inside.addresses.v4).second) << t.name << " has another's address";
  }
  EXPECT_EQ(status.phase1.at(0).leases, held.size());
  EXPECT_LE(held.size(), pool);
  for (const auto& r : server.disk().sessions) EXPECT_TRUE(r.lease.v4);
}

TEST(ModeCfgStorm, a_pool_of_three_among_eight_clients_loses_nothing_and_gives_nothing_twice) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    auto m = giving(3);
    m.phase1[0].client_resume_interval = 60s;
    m.phase1[0].mode_cfg.reclaim = seed % 2 == 0;
    Host& server = world.add_host("server", kServer);
    server.start(share(m));
    std::vector<Host*> clients;
    for (unsigned n = 0; n < 8; ++n) {
      clients.push_back(&world.add_host("laptop" + std::to_string(n), IpAddress::v4(0x0b650100U + 10 + n)));
      clients.back()->start(share(asking(n)));
    }
    for (int step = 0; step < 120; ++step) {
      const auto n = static_cast<unsigned>(world.rng().below(8));
      Host& c = *clients[n];
      switch (world.rng().below(9)) {
        case 0:
        case 1: world.weather(c.name()).cut = true; break;
        case 2:
        case 3: world.weather(c.name()) = {}; break;
        case 4:
          c.kill();
          c.start(share(asking(n)));
          break;
        case 5:
          c.stop();
          c.start(share(asking(n)));
          break;
        case 6: world.weather(c.name()).loss = 300; break;
        case 7:
          if (world.rng().below(6) == 0) {
            if (world.rng().below(2) == 0)
              server.kill();
            else
              server.stop();
            world.run_for(3s);
            server.start(share(m));
          }
          break;
        default: server.command([&](auto& manager) { return manager.clear("toClient_0", world.now()); }); break;
      }
      world.run_for(Duration(1s) * static_cast<std::int64_t>(1 + world.rng().below(30)));
      expect_sound(server, 3);
      if (::testing::Test::HasFailure()) return;
    }
    for (Host* c : clients) c->stop();
    world.run_for(600s);
    EXPECT_EQ(server.status().phase1.at(0).leases, 0U);
    EXPECT_TRUE(server.status().tunnels.empty());
    EXPECT_TRUE(server.routes().empty());
    EXPECT_TRUE(server.disk().sessions.empty());
  }
}

}  // namespace
}  // namespace dormouse::sim
