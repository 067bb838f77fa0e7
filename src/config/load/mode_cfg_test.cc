#include <gtest/gtest.h>

#include "config/load/load.h"

namespace dormouse::config {
namespace {

Outcome<SecretBytes> decode(std::string_view base64) { return SecretBytes(as_bytes(base64)); }

std::string gateway(const std::string& lines, const std::string& name = "dialup") {
  return "config system interface\nedit port1\nnext\nend\nconfig firewall address\nedit lan\nset subnet "
         "192.168.5.0/24\n"
         "next\nedit lab\nset subnet 10.20.0.0/16\nnext\nend\nconfig firewall addrgrp\nedit inside\nset member lan "
         "lab\n"
         "next\nend\nconfig vpn ipsec phase1-interface\nedit " +
         name +
         "\nset type dynamic\nset interface port1\nset ike-version 2\nset peertype any\n"
         "set psksecret a-long-enough-secret\n" +
         lines + "\nnext\nend\n";
}

constexpr const char* kPool = "set mode-cfg enable\nset ipv4-start-ip 10.9.0.10\nset ipv4-end-ip 10.9.0.20\n";

std::vector<Diagnostic> errors(const std::string& text) {
  const auto l = load(text, decode);
  std::vector<Diagnostic> out = l ? std::vector<Diagnostic>{} : l.error();
  std::erase_if(out, [](const auto& d) { return d.warning; });
  return out;
}

ModeCfg read(const std::string& lines) {
  const auto l = load(gateway(lines), decode);
  if (!l) {
    for (const auto& d : l.error()) ADD_FAILURE() << d.attribute << ": " << d.message;
    return {};
  }
  return l->model->phase1.at(0).mode_cfg;
}

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

TEST(ModeCfg, is_off_unless_it_is_asked_for) {
  EXPECT_EQ(read(""), ModeCfg{});
  EXPECT_FALSE(read("set mode-cfg disable\nset ipv4-start-ip 10.9.0.1\nset ipv4-end-ip 10.9.0.9").assigns());
}

TEST(ModeCfg, reads_the_pool_and_what_clients_are_told) {
  const auto m = read(std::string(kPool) +
                      "set ipv4-netmask 255.255.255.0\nset ipv4-dns-server1 10.9.0.1\nset ipv4-dns-server2 10.9.0.2\n"
                      "set ipv4-split-include inside\nset domain corp.example\nset ipv6-start-ip 2001:db8::1\n"
                      "set ipv6-end-ip 2001:db8::ff\nset ipv6-prefix 64\nset ipv6-dns-server1 2001:db8::53\n"
                      "set mode-cfg-allow-client-selector enable\nset client-resume enable\n"
                      "set client-resume-reclaim enable");
  EXPECT_TRUE(m.enabled && m.client_selector && m.reclaim);
  EXPECT_EQ(m.pool4, (std::vector<IpRange>{{ip("10.9.0.10"), ip("10.9.0.20")}}));
  EXPECT_EQ(m.pool6, (std::vector<IpRange>{{ip("2001:db8::1"), ip("2001:db8::ff")}}));
  EXPECT_EQ(m.length4, 24U);
  EXPECT_EQ(m.length6, 64U);
  EXPECT_EQ(m.dns, (std::vector<IpAddress>{ip("10.9.0.1"), ip("10.9.0.2"), ip("2001:db8::53")}));
  EXPECT_EQ(m.split_include, (std::vector<Prefix>{*Prefix::parse("192.168.5.0/24"), *Prefix::parse("10.20.0.0/16")}));
  EXPECT_EQ(m.domain, "corp.example");
}

TEST(ModeCfg, takes_the_excluded_ranges_out_of_the_pool) {
  const auto m = read(std::string(kPool) +
                      "config ipv4-exclude-range\nedit 1\nset start-ip 10.9.0.12\nset end-ip 10.9.0.13\nnext\n"
                      "edit 2\nset start-ip 10.9.0.20\nset end-ip 10.9.0.30\nnext\nend");
  EXPECT_EQ(m.pool4, (std::vector<IpRange>{{ip("10.9.0.10"), ip("10.9.0.11")}, {ip("10.9.0.14"), ip("10.9.0.19")}}));
}

TEST(ModeCfg, can_tell_dns_without_giving_addresses) {
  const auto m = read("set mode-cfg enable\nset assign-ip disable\nset ipv4-dns-server1 10.9.0.1");
  EXPECT_TRUE(m.enabled);
  EXPECT_FALSE(m.assigns());
  EXPECT_EQ(m.dns.size(), 1U);
}

TEST(ModeCfg, names_what_is_wrong_and_what_would_be_accepted) {
  const struct {
    std::string lines;
    const char *attribute, *message;
  } cases[] = {
      {"set mode-cfg enable", "mode-cfg", "there is no pool"},
      {"set mode-cfg enable\nset ipv4-start-ip 10.9.0.1", "ipv4-start-ip", "set ipv4-end-ip too"},
      {"set mode-cfg enable\nset ipv4-end-ip 10.9.0.1", "ipv4-end-ip", "set ipv4-start-ip too"},
      {"set mode-cfg enable\nset ipv4-start-ip 10.9.0.9\nset ipv4-end-ip 10.9.0.1", "ipv4-end-ip", "backwards"},
      {"set mode-cfg enable\nset ipv6-start-ip 2001:db8::9\nset ipv6-end-ip 2001:db8::1", "ipv6-end-ip", "backwards"},
      {std::string(kPool) + "set ipv4-netmask 255.0.255.0", "ipv4-netmask", "not a mask"},
      {std::string(kPool) + "set domain \"a b\"", "domain", "not a domain"},
      {std::string(kPool) + "set dns-mode auto", "dns-mode", "not supported"},
      {std::string(kPool) + "set assign-ip-from dhcp", "assign-ip-from", "not supported"},
      {std::string(kPool) + "set ipv4-split-include nowhere", "ipv4-split-include", "there is no"},
      {std::string(kPool) + "config ipv4-exclude-range\nedit 1\nset start-ip 10.9.0.1\nset end-ip 10.9.0.99\nnext\nend",
       "ipv4-start-ip", "the pool is empty"},
      {std::string(kPool) + "config ipv4-exclude-range\nedit 1\nset start-ip 10.9.0.9\nset end-ip 10.9.0.1\nnext\nend",
       "end-ip", "backwards"},
      {std::string(kPool) + "config ipv4-exclude-range\nedit 1\nset start-ip 10.9.0.9\nnext\nend", "end-ip",
       "is missing"},
  };
  for (const auto& c : cases) {
    const auto found = errors(gateway(c.lines));
    ASSERT_EQ(found.size(), 1U) << c.lines;
    EXPECT_EQ(found[0].attribute, c.attribute) << c.lines;
    EXPECT_NE((found[0].message + "; " + found[0].accepted).find(c.message), std::string::npos)
        << found[0].message << "; " << found[0].accepted;
    EXPECT_NE(found[0].at.line, 0U);
  }
}

TEST(ModeCfg, two_phase_1_may_not_share_addresses) {
  const auto both = gateway(kPool) + gateway(
                                         "set mode-cfg enable\nset ipv4-start-ip 10.9.0.20\n"
                                         "set ipv4-end-ip 10.9.0.40\nset peertype one\nset peerid x",
                                         "other");
  const auto found = errors(both);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].attribute, "ipv4-start-ip");
  EXPECT_NE(found[0].message.find("overlaps that of \"dialup\""), std::string::npos) << found[0].message;
}

TEST(ModeCfg, an_address_of_this_host_is_not_given_away) {
  const std::string own = "config system interface\nedit port1\nset ip 10.9.0.15 255.255.255.0\nnext\nend\n";
  const auto found = errors(gateway(kPool) + own);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].attribute, "ipv4-start-ip");
  EXPECT_NE(found[0].message.find("10.9.0.15"), std::string::npos) << found[0].message;
  EXPECT_TRUE(errors(gateway(std::string(kPool) + "config ipv4-exclude-range\nedit 1\nset start-ip 10.9.0.15\n"
                                                  "set end-ip 10.9.0.15\nnext\nend") +
                     own)
                  .empty());
}

TEST(ModeCfg, prints_as_it_was_read) {
  const auto text = gateway(std::string(kPool) +
                            "set ipv4-split-include lan\nconfig ipv4-exclude-range\nedit 1\n"
                            "set start-ip 10.9.0.12\nset end-ip 10.9.0.13\nnext\nend");
  const auto first = load(text, decode);
  ASSERT_TRUE(first);
  const auto again = load(print(first->tree), decode);
  ASSERT_TRUE(again);
  EXPECT_TRUE(same(first->tree, again->tree));
  EXPECT_EQ(again->model->phase1.at(0).mode_cfg, first->model->phase1.at(0).mode_cfg);
}

}  // namespace
}  // namespace dormouse::config
