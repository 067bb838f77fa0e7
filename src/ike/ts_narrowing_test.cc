#include "ike/ts_narrowing.h"

#include <gtest/gtest.h>

namespace dormouse::ike {
namespace {

TrafficSelector net(const char* prefix, std::uint8_t protocol = 0, std::uint16_t first = 0,
                    std::uint16_t last = 65535) {
  auto ts = TrafficSelector::of(*Prefix::parse(prefix));
  ts.protocol = protocol;
  ts.first_port = first;
  ts.last_port = last;
  return ts;
}
TrafficSelector range(const char* first, const char* last) {
  return {0, 0, 65535, {*IpAddress::parse(first), *IpAddress::parse(last)}};
}

struct Case {
  const char* what;
  TrafficSelectors offered, allowed, agreed;
  Narrowing how = Narrowing::exact;
};

TEST(Narrowing, table) {
  const Case cases[] = {
      {"the same", {net("10.0.0.0/8")}, {net("10.0.0.0/8")}, {net("10.0.0.0/8")}, Narrowing::exact},
      {"less than allowed", {net("10.1.0.0/16")}, {net("10.0.0.0/8")}, {net("10.1.0.0/16")}, Narrowing::subset},
      {"more than allowed", {net("0.0.0.0/0")}, {net("10.0.0.0/8")}, {net("10.0.0.0/8")}, Narrowing::narrowed},
      {"nothing in common", {net("10.0.0.0/8")}, {net("192.168.0.0/16")}, {}, Narrowing::narrowed},
      {"another family", {net("::/0")}, {net("0.0.0.0/0")}, {}, Narrowing::narrowed},
      {"both families", {net("0.0.0.0/0"), net("::/0")}, {net("fd00::/8")}, {net("fd00::/8")}, Narrowing::narrowed},
      {"overlapping ranges",
       {range("10.0.0.10", "10.0.0.50")},
       {range("10.0.0.40", "10.0.0.90")},
       {range("10.0.0.40", "10.0.0.50")},
       Narrowing::narrowed},
      {"a protocol out of any", {net("10.0.0.0/8", 6)}, {net("10.0.0.0/8")}, {net("10.0.0.0/8", 6)}, Narrowing::subset},
      {"another protocol", {net("10.0.0.0/8", 6)}, {net("10.0.0.0/8", 17)}, {}, Narrowing::narrowed},
      {"ports that overlap",
       {net("10.0.0.0/8", 6, 100, 200)},
       {net("10.0.0.0/8", 6, 150, 300)},
       {net("10.0.0.0/8", 6, 150, 200)},
       Narrowing::narrowed},
      {"the packet that woke the peer comes first (2.9)",
       {net("10.1.0.9/32", 17, 53, 53), net("10.0.0.0/8")},
       {net("10.0.0.0/8")},
       {net("10.0.0.0/8")},
       Narrowing::subset},
      {"two out of two",
       {net("10.1.0.0/16"), net("10.2.0.0/16")},
       {net("10.0.0.0/8")},
       {net("10.1.0.0/16"), net("10.2.0.0/16")},
       Narrowing::subset},
  };
  for (const auto& c : cases) {
    const auto n = narrow(c.offered, c.allowed);
    EXPECT_EQ(n.selectors, c.agreed) << c.what;
    if (!c.agreed.empty()) {
      EXPECT_EQ(n.how, c.how) << c.what;
    }
    EXPECT_TRUE(within(n.selectors, c.allowed) && within(n.selectors, c.offered)) << c.what;
  }
}

TEST(Narrowing, an_answer_must_lie_within_the_offer) {
  EXPECT_TRUE(within({net("10.1.0.0/16")}, {net("10.0.0.0/8")}));
  EXPECT_FALSE(within({net("10.0.0.0/7")}, {net("10.0.0.0/8")}));
  EXPECT_FALSE(within({net("10.1.0.0/16"), net("11.0.0.0/8")}, {net("10.0.0.0/8")}));
  EXPECT_FALSE(within({net("10.0.0.0/8")}, {net("10.0.0.0/8", 6)}));
}

}  // namespace
}  // namespace dormouse::ike
