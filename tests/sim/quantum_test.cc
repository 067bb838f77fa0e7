// Additional key exchanges (RFC 9370) and post-quantum preshared keys (RFC 8784) from configuration to tunnel, over
// networks that lose, double and reorder.
#include <gtest/gtest.h>

#include "sim/host.h"
#include "sim/models.h"

namespace dormouse::sim {
namespace {

const IpAddress kServer = *IpAddress::parse("173.1.1.1");
const IpAddress kClient = *IpAddress::parse("11.101.1.1");

constexpr std::array<KeId, kAdditionalExchanges> kMore{KeId::ml_kem_768, KeId::ecp384};

void with_more(std::vector<Suite>& suites, bool also_without = false) {
  const auto plain = suites;
  for (auto& s : suites) s.addke = kMore;
  if (also_without) suites.insert(suites.end(), plain.begin(), plain.end());
}

void hybrid(config::Model& m, bool also_without = false) {
  with_more(m.phase1[0].suites, also_without);
  with_more(m.phase2[0].suites, also_without);
}

class Quantum : public ::testing::Test {
 protected:
  Quantum() : server_model_(server_model()), client_model_(client_model(kServer)) {}
  void start() {
    server = &world.add_host("server", kServer);
    client = &world.add_host("client", kClient);
    server->start(share(server_model_));
    client->start(share(client_model_));
  }
  bool up() {
    const auto t = client->tunnel("toServer");
    const auto s = server->tunnel("toClient_0");
    return t && s && t->state == tunnel::State::up && s->state == tunnel::State::up && !t->ike.empty() &&
           !t->ike[0].children.empty() && !s->ike.empty() && !s->ike[0].children.empty();
  }
  bool comes_up(Duration within = 60s) {
    return world.run_while_not([&] { return up(); }, within);
  }
  Suite ike() { return client->tunnel("toServer")->ike[0].suite; }
  void TearDown() override {
    if (!HasFailure()) return;
    for (Host* h : {server, client})
      for (const auto& line : h->log()) std::fprintf(stderr, "%s: %.160s\n", h->name().c_str(), line.c_str());
  }
  World world{1};
  config::Model server_model_, client_model_;
  Host *server = nullptr, *client = nullptr;
};

TEST_F(Quantum, a_hybrid_tunnel_comes_up_and_rekeys_for_two_days) {
  hybrid(server_model_);
  hybrid(client_model_);
  start();
  ASSERT_TRUE(comes_up());
  EXPECT_EQ(ike().addke, kMore);
  const auto first = client->tunnel("toServer")->ike[0].spi_i;
  world.run_for(std::chrono::hours(50));
  ASSERT_TRUE(up());
  EXPECT_NE(client->tunnel("toServer")->ike[0].spi_i, first);
  EXPECT_EQ(ike().addke, kMore);
  EXPECT_EQ(client->tunnel("toServer")->ike[0].children[0].suite.addke, kMore);
}

TEST_F(Quantum, a_hybrid_tunnel_comes_up_through_bad_weather) {
  hybrid(server_model_);
  hybrid(client_model_);
  for (auto* m : {&server_model_, &client_model_}) m->phase1[0].keylife = 600s, m->phase2[0].keylife = 200s;
  start();
  auto& weather = world.weather("client");
  weather.loss = 200;
  ASSERT_TRUE(comes_up(300s));
  world.run_for(std::chrono::hours(2));
  weather.loss = 0;
  world.run_for(60s);
  client->send_inside("toServer", *IpAddress::parse("192.168.5.44"),
                      1);  // a Child SA that ended is made when it is wanted
  EXPECT_TRUE(comes_up(300s));
  EXPECT_EQ(ike().addke, kMore);
}

TEST_F(Quantum, a_sleeper_wakes_with_the_keys_of_a_hybrid_login) {
  hybrid(server_model_);
  hybrid(client_model_);
  server_model_.phase1[0].dpd_retryinterval = 10s;
  start();
  ASSERT_TRUE(comes_up());
  world.weather("client").cut = true;
  ASSERT_TRUE(world.run_while_not([&] { return server->tunnel("toClient_0")->state == tunnel::State::asleep; }, 300s));
  world.weather("client").cut = false;
  EXPECT_TRUE(comes_up(100s));
}

TEST_F(Quantum, either_end_may_be_without_if_the_other_allows_it) {
  for (const bool gateway : {true, false}) {
    SCOPED_TRACE(gateway);
    auto s = server_model(), c = client_model(kServer);
    hybrid(gateway ? s : c, true);
    World w(2);
    Host& sh = w.add_host("server", kServer);
    Host& ch = w.add_host("client", kClient);
    sh.start(share(s));
    ch.start(share(c));
    ASSERT_TRUE(w.run_while_not(
        [&] {
          const auto t = ch.tunnel("toServer");
          return t && t->state == tunnel::State::up && !t->ike.empty() && !t->ike[0].children.empty();
        },
        60s));
    EXPECT_FALSE(ch.tunnel("toServer")->ike[0].suite.has_additional());
  }
}

TEST_F(Quantum, a_required_one_keeps_out_who_is_without) {
  hybrid(server_model_);
  start();
  EXPECT_FALSE(comes_up(120s));
}

void preshared(config::Model& m, config::PpkMode mode, std::string_view key = "thirty-two octets of randomness!") {
  m.phase1[0].ppk = mode;
  m.phase1[0].ppk_identity = "ours";
  m.phase1[0].ppk_secret = secret(key);
}

TEST_F(Quantum, a_preshared_key_is_used_by_both) {
  preshared(server_model_, config::PpkMode::require);
  preshared(client_model_, config::PpkMode::require);
  start();
  EXPECT_TRUE(comes_up());
}

TEST_F(Quantum, a_required_preshared_key_keeps_out_who_has_none_or_another) {
  for (const auto* key : {"", "another thirty-two octets, random"}) {
    SCOPED_TRACE(key);
    auto s = server_model(), c = client_model(kServer);
    preshared(s, config::PpkMode::require);
    if (*key != 0) preshared(c, config::PpkMode::allow, key);
    World w(3);
    Host& sh = w.add_host("server", kServer);
    Host& ch = w.add_host("client", kClient);
    sh.start(share(s));
    ch.start(share(c));
    EXPECT_FALSE(w.run_while_not(
        [&] {
          const auto t = ch.tunnel("toServer");
          return t && t->state == tunnel::State::up;
        },
        120s));
  }
}

TEST_F(Quantum, of_two_phase_1_the_one_whose_preshared_key_fits_is_taken) {
  preshared(server_model_, config::PpkMode::require, "the first of two, with 32 octets");
  auto second = server_model_.phase1[0];
  second.name = "toOthers";
  second.ppk_identity = "others";
  second.ppk_secret = secret("the second one, also 32 octets!!");
  server_model_.phase1.push_back(second);
  auto p2 = server_model_.phase2[0];
  p2.name = p2.phase1 = "toOthers";
  server_model_.phase2.push_back(p2);
  preshared(client_model_, config::PpkMode::require, "the second one, also 32 octets!!");
  client_model_.phase1[0].ppk_identity = "others";
  start();
  ASSERT_TRUE(world.run_while_not([&] { return server->tunnel("toOthers_0").has_value(); }, 60s));
  EXPECT_FALSE(server->tunnel("toClient_0"));
}

}  // namespace
}  // namespace dormouse::sim
