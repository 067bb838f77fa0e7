#include "adapters/dataplane_tun/prefix_index.h"

#include <gtest/gtest.h>

namespace dormouse::dataplane {
namespace {

struct Named {
  std::string name;
};
class Index {
 public:
  Named* add(const char* prefix, const std::string& name) {
    all_.push_back(std::make_unique<Named>(name));
    index_.insert(*Prefix::parse(prefix), all_.back().get());
    return all_.back().get();
  }
  void drop(const char* prefix, Named* n) { index_.erase(*Prefix::parse(prefix), n); }
  /// Names in the order they are asked.
  [[nodiscard]] std::string order(const char* address) const {
    const auto a = *IpAddress::parse(address);
    std::string out;
    index_.visit(esp::AddressBits::of(a), !a.is_v4(), [&](const Named& n) {
      out += n.name;
      return false;
    });
    return out;
  }
  PrefixIndex<Named> index_;

 private:
  std::vector<std::unique_ptr<Named>> all_;
};

TEST(PrefixIndex, asks_the_longest_prefix_first_and_of_one_prefix_the_newest) {
  Index i;
  i.add("0.0.0.0/0", "a");
  i.add("10.1.0.0/16", "b");
  i.add("10.1.2.0/24", "c");
  i.add("10.1.2.3/32", "d");
  i.add("10.1.2.0/24", "e");
  EXPECT_EQ(i.order("10.1.2.3"), "decba");
  EXPECT_EQ(i.order("10.1.2.4"), "ecba");
  EXPECT_EQ(i.order("10.1.3.1"), "ba");
  EXPECT_EQ(i.order("192.0.2.1"), "a");
  EXPECT_EQ(i.order("2001:db8::1"), "");
}

TEST(PrefixIndex, knows_every_length_of_both_families) {
  Index i;
  const auto four = *IpAddress::parse("203.0.113.165");
  const auto six = *IpAddress::parse("2001:db8:a5a5:5a5a:f00f:1234:5678:9abd");
  for (unsigned n = 0; n <= 32; ++n) i.add(Prefix::of(four, n).text().c_str(), "x");
  for (unsigned n = 0; n <= 128; ++n) i.add(Prefix::of(six, n).text().c_str(), "y");
  EXPECT_EQ(i.order("203.0.113.165").size(), 33U);
  EXPECT_EQ(i.order("203.0.113.164").size(), 32U);
  EXPECT_EQ(i.order("75.0.113.165").size(), 1U);
  EXPECT_EQ(i.order("2001:db8:a5a5:5a5a:f00f:1234:5678:9abd").size(), 129U);
  EXPECT_EQ(i.order("2001:db8:a5a5:5a5a:f00f:1234:5678:9abc").size(), 128U);
  EXPECT_EQ(i.order("2001:db8:a5a5:5a5a:700f:1234:5678:9abd").size(), 65U);
  EXPECT_EQ(i.order("2001:db8:a5a5:5a5b:f00f:1234:5678:9abd").size(), 64U);
}

TEST(PrefixIndex, what_was_erased_is_not_found_and_what_shared_its_place_is) {
  Index i;
  auto* a = i.add("10.1.0.0/16", "a");
  auto* b = i.add("10.1.0.0/16", "b");
  i.drop("10.1.0.0/16", b);
  i.drop("10.1.0.0/16", b);
  i.drop("10.2.0.0/16", a);
  EXPECT_EQ(i.order("10.1.1.1"), "a");
  i.drop("10.1.0.0/16", a);
  EXPECT_TRUE(i.index_.empty());
  EXPECT_EQ(i.order("10.1.1.1"), "");
}

TEST(PrefixIndex, stops_at_the_one_that_takes_the_packet) {
  Index i;
  i.add("10.1.0.0/16", "a");
  i.add("10.1.2.0/24", "b");
  int asked = 0;
  EXPECT_TRUE(i.index_.visit(esp::AddressBits::of(*IpAddress::parse("10.1.2.1")), false, [&](const Named&) {
    ++asked;
    return true;
  }));
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace dormouse::dataplane
