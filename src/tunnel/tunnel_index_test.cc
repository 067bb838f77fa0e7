#include "tunnel/tunnel_index.h"

#include <gtest/gtest.h>

#include "crypto/testing/seeded_rng.h"

namespace dormouse::tunnel {
namespace {

TEST(NumberSet, finds_the_lowest_missing_number_as_a_plain_set_would) {
  crypto::testing::SeededRng rng(3);
  NumberSet runs;
  std::set<unsigned> plain;
  for (int i = 0; i < 20'000; ++i) {
    const auto n = static_cast<unsigned>(rng.below(60));
    if (rng.below(2) == 0) {
      runs.insert(n);
      plain.insert(n);
    } else {
      runs.erase(n);
      plain.erase(n);
    }
    const std::set<unsigned> also{static_cast<unsigned>(rng.below(60)), static_cast<unsigned>(rng.below(60))};
    unsigned lowest = 0;
    while (plain.contains(lowest) || also.contains(lowest)) ++lowest;
    ASSERT_EQ(runs.lowest_missing(also), lowest);
    ASSERT_EQ(runs.contains(n), plain.contains(n));
  }
}

TEST(NumberSet, goes_to_the_end_of_the_numbers) {
  NumberSet runs;
  runs.insert(UINT32_MAX);
  runs.insert(UINT32_MAX - 1);
  EXPECT_TRUE(runs.contains(UINT32_MAX));
  runs.erase(UINT32_MAX - 1);
  EXPECT_TRUE(runs.contains(UINT32_MAX));
  EXPECT_FALSE(runs.contains(UINT32_MAX - 1));
  EXPECT_EQ(runs.lowest_missing({0, 1}), 2U);
}

class Index : public ::testing::Test {
 protected:
  Tunnel tunnel(unsigned id, const std::string& peer) {
    Tunnel t;
    t.id = TunnelId(id);
    t.phase1 = phase1;
    t.dynamic = true;
    t.index = id;
    t.peer_id = identity(peer);
    t.session[0] = static_cast<std::uint8_t>(id);
    t.state = State::up;
    return t;
  }
  static Identity identity(const std::string& name) { return {IdType::fqdn, to_bytes(as_bytes(name))}; }
  std::shared_ptr<config::Phase1> phase1 = [] {
    auto p = std::make_shared<config::Phase1>();
    p->name = "a";
    return p;
  }();
  TunnelIndex index;
};

TEST_F(Index, follows_what_a_tunnel_is) {
  auto one = tunnel(1, "x"), two = tunnel(2, "x"), three = tunnel(3, "y");
  for (const auto* t : {&one, &two, &three}) index.update(*t);
  EXPECT_EQ(index.of_identity("a", identity("x")), (std::vector{TunnelId(1), TunnelId(2)}));
  EXPECT_TRUE(index.of_identity("b", identity("x")).empty());
  EXPECT_EQ(index.of_session("a", two.session), TunnelId(2));
  EXPECT_EQ(index.asleep("a"), 0U);
  EXPECT_EQ(index.free_index("a", {}), 0U);
  EXPECT_EQ(index.free_index("a", {0}), 4U);

  one.state = two.state = State::asleep;
  one.asleep_since = Instant::from_ns(20);
  two.asleep_since = Instant::from_ns(10);
  two.peer_id = identity("y");
  two.session = three.session;
  index.update(one);
  index.update(two);
  EXPECT_EQ(index.sleepers("a"), (std::vector{TunnelId(2), TunnelId(1)})) << "longest asleep first";
  EXPECT_EQ(index.of_identity("a", identity("y")), (std::vector{TunnelId(2), TunnelId(3)}));
  EXPECT_EQ(index.of_session("a", three.session), TunnelId(3)) << "the newest";

  for (auto* t : {&one, &two, &three}) {
    t->state = State::gone;
    index.update(*t);
    index.update(*t);
    EXPECT_FALSE(index.index_taken("a", t->index));
  }
  EXPECT_EQ(index.size(), 0U);
  EXPECT_EQ(index.asleep("a"), 0U);
  EXPECT_TRUE(index.of_identity("a", identity("y")).empty());
  EXPECT_EQ(index.of_session("a", three.session), std::nullopt);
}

TEST_F(Index, finds_a_tunnel_by_its_name) {
  auto one = tunnel(1, "x");
  Tunnel fixed;
  fixed.id = TunnelId(7);
  auto p = std::make_shared<config::Phase1>();
  p->name = "to_server_3";
  fixed.phase1 = p;
  index.update(one);
  index.update(fixed);
  EXPECT_EQ(index.named("a_1"), TunnelId(1));
  EXPECT_EQ(index.named("to_server_3"), TunnelId(7));
  for (const auto* name : {"a", "a_2", "a_", "a_1x", "_1", "", "to_server"}) EXPECT_FALSE(index.named(name)) << name;
  one.state = State::gone;
  index.update(one);
  EXPECT_FALSE(index.named("a_1"));
}

TEST_F(Index, a_tunnel_without_a_session_is_found_by_none) {
  auto one = tunnel(1, "x");
  one.session = {};
  index.update(one);
  EXPECT_EQ(index.of_session("a", SessionId{}), std::nullopt);
  one.session[3] = 7;
  index.update(one);
  EXPECT_EQ(index.of_session("a", one.session), TunnelId(1));
  const auto had = one.session;
  one.session = {};
  index.update(one);
  EXPECT_EQ(index.of_session("a", had), std::nullopt);
}

TEST_F(Index, knows_the_tunnel_of_a_static_phase_1) {
  auto t = tunnel(5, "x");
  t.dynamic = false;
  index.update(t);
  EXPECT_EQ(index.fixed("a"), TunnelId(5));
  EXPECT_FALSE(index.index_taken("a", 5));
  t.state = State::gone;
  index.update(t);
  EXPECT_EQ(index.fixed("a"), std::nullopt);
}

}  // namespace
}  // namespace dormouse::tunnel
