#include "tunnel/adoption.h"

#include <gtest/gtest.h>

namespace dormouse::tunnel {
namespace {

const Endpoint kHome{*IpAddress::parse("11.101.1.1"), 500};
const Endpoint kAway{*IpAddress::parse("11.101.9.9"), 500};
const Endpoint kHomeOtherPort{*IpAddress::parse("11.101.1.1"), 4711};

AdoptionCandidate asleep(std::uint32_t id, Endpoint remote = kHome) { return {TunnelId(id), State::asleep, remote}; }
AdoptionCandidate up(std::uint32_t id, Endpoint remote = kHome) { return {TunnelId(id), State::up, remote}; }

struct Case {
  int line;
  std::vector<AdoptionCandidate> tunnels;
  LoginEvidence login;
  std::optional<std::uint32_t> adopts;
};

TEST(adoption, follows_the_table) {
  const Case cases[] = {
      {__LINE__, {}, {kHome, true}, {}},
      {__LINE__, {asleep(1)}, {kHome, true}, 1},
      {__LINE__, {asleep(1)}, {kHome, false}, 1},   // the old address speaks for it
      {__LINE__, {asleep(1)}, {kAway, true}, 1},    // INITIAL_CONTACT: it has no other SA, so it is the sleeper
      {__LINE__, {asleep(1)}, {kAway, false}, {}},  // nothing speaks for it
      {__LINE__, {asleep(1), asleep(2, kAway)}, {kHome, true}, {}},  // two sleepers share the identity: in doubt, new
      {__LINE__, {asleep(1), up(2, kAway)}, {kHome, true}, 1},       // shared identity, but the sleeper's own address
      {__LINE__, {asleep(1), up(2, kAway)}, {{*IpAddress::parse("11.101.5.5"), 500}, true}, {}},
      {__LINE__, {asleep(1, kHome), up(2, kHomeOtherPort)}, {{kHome.address, 9}, true}, {}},  // several behind one NAT
      {__LINE__, {up(1)}, {kHome, true}, 1},                                                  // a restarted client
      {__LINE__, {up(1)}, {kHome, false}, {}},
      {__LINE__, {up(1)}, {kHomeOtherPort, true}, {}},  // another device behind the same NAT
      {__LINE__, {up(1)}, {kAway, true}, {}},
  };
  for (const auto& c : cases) {
    const auto got = choose_tunnel(c.tunnels, c.login);
    EXPECT_EQ(got ? std::optional(got->value()) : std::nullopt, c.adopts) << "line " << c.line;
  }
}

}  // namespace
}  // namespace dormouse::tunnel
