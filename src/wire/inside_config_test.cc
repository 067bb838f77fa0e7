#include "wire/inside_config.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace dormouse::wire {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

InsideConfig full() {
  InsideConfig c;
  c.addresses = {ip("10.9.0.5"), ip("2001:db8:9::5")};
  c.v4_length = 24;
  c.v6_length = 64;
  c.dns = {ip("10.9.0.1"), ip("2001:db8:9::1")};
  c.subnets = {*Prefix::parse("192.168.5.0/24"), *Prefix::parse("0.0.0.0/0"), *Prefix::parse("2001:db8:5::/48")};
  c.domains = {"corp.example", "lab.example"};
  c.supported = true;
  return c;
}

TEST(inside_config, what_a_gateway_gives_reads_back_as_it_was) {
  EXPECT_EQ(read_config(to_payload(full())), full());
  EXPECT_EQ(to_payload(full()).type, 2);
  EXPECT_EQ(read_config(to_payload(InsideConfig{})), InsideConfig{});
}

TEST(inside_config, what_a_client_asks_reads_back_as_it_was) {
  InsideRequest r{.v4 = true, .v6 = true, .netmask = true, .dns4 = true};
  r.dns6 = r.subnet4 = r.subnet6 = r.domains = r.supported = true;
  EXPECT_EQ(read_request(to_payload(r)), r);
  r.hint = {ip("10.9.0.5"), ip("2001:db8:9::5")};
  EXPECT_EQ(read_request(to_payload(r)), r);
  EXPECT_EQ(to_payload(r).type, 1);
  EXPECT_TRUE(to_payload(InsideRequest{}).attributes.empty());
}

TEST(inside_config, the_octets_are_those_of_the_rfc) {
  const auto p = to_payload(InsideConfig{.addresses = {ip("10.9.0.5"), {}}, .v4_length = 24});
  ASSERT_EQ(p.attributes.size(), 2U);
  EXPECT_EQ(p.attributes[0].type, 1);
  EXPECT_EQ(p.attributes[0].value, (Bytes{10, 9, 0, 5}));
  EXPECT_EQ(p.attributes[1].type, 2);
  EXPECT_EQ(p.attributes[1].value, (Bytes{255, 255, 255, 0}));
  const auto s = to_payload(InsideConfig{.subnets = {*Prefix::parse("10.0.0.0/8"), *Prefix::parse("2001:db8::/32")}});
  EXPECT_EQ(s.attributes[0].value, (Bytes{10, 0, 0, 0, 255, 0, 0, 0}));
  ASSERT_EQ(s.attributes[1].value.size(), 17U);
  EXPECT_EQ(s.attributes[1].value[16], 32);
}

TEST(inside_config, attributes_of_a_wrong_length_are_passed_over) {
  for (const std::uint16_t type : std::initializer_list<std::uint16_t>{1, 2, 3, 8, 10, 13, 15, 25})
    for (const std::size_t size : {0U, 1U, 3U, 5U, 7U, 9U, 15U, 18U, 300U}) {
      const auto c = read_config({2, {{type, Bytes(size, 0x0a)}}});
      EXPECT_EQ(c, InsideConfig{}) << type << " with " << size << " octets";
    }
  EXPECT_EQ(read_config({2, {{13, {10, 0, 0, 0, 255, 0, 255, 0}}}}).subnets.size(), 0U) << "a mask with a hole";
  Bytes wide(17, 1);
  wide[16] = 129;
  EXPECT_TRUE(read_config({2, {{15, wide}}}).subnets.empty());
}

TEST(inside_config, a_mask_without_an_address_says_nothing) {
  EXPECT_EQ(read_config({2, {{2, {255, 255, 0, 0}}}}), InsideConfig{});
}

TEST(inside_config, no_client_is_made_to_take_an_address_that_is_nobodys) {
  for (const char* bad : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"})
    EXPECT_TRUE(read_config({2, {{1, to_bytes(ip(bad).bytes())}}}).addresses.empty()) << bad;
  EXPECT_TRUE(read_config({2, {{3, {127, 0, 0, 53}}}}).dns.empty());
}

TEST(inside_config, a_domain_is_a_name_and_nothing_else) {
  const auto domains = [](std::string_view text) {
    return read_config({2, {{25, to_bytes(as_bytes(text))}}}).domains.size();
  };
  EXPECT_EQ(domains("corp.example"), 1U);
  EXPECT_EQ(domains("corp.example; reboot"), 0U);
  EXPECT_EQ(domains("line\nbreak"), 0U);
  EXPECT_EQ(domains(""), 0U);
}

TEST(inside_config, what_is_kept_is_bounded) {
  ConfigPayload p{2, {}};
  for (std::uint8_t i = 0; i < 60; ++i) {
    p.attributes.push_back({3, {10, 0, 0, i}});
    p.attributes.push_back({13, {10, i, 0, 0, 255, 255, 0, 0}});
    p.attributes.push_back({25, {'a'}});
  }
  const auto c = read_config(p);
  EXPECT_EQ(c.dns.size(), limits::kMaxInsideDns);
  EXPECT_EQ(c.subnets.size(), limits::kMaxInsideSubnets);
  EXPECT_EQ(c.domains.size(), limits::kMaxInsideDomains);
}

}  // namespace
}  // namespace dormouse::wire
