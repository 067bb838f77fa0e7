#include "config/schema/check.h"

#include <gtest/gtest.h>
#include <set>

namespace dormouse::config {
namespace {

const AttributeSpec& spec_of(const char* table, const char* attribute) {
  const auto* t = find_table(table);
  return *find_attribute(*t, attribute);
}
std::optional<Finding> check(const char* table, const char* attribute, std::vector<std::string> values,
                             const Tree* tree = nullptr) {
  std::vector<Value> placed;
  for (auto& v : values) placed.push_back({.text = std::move(v)});
  return check_values(spec_of(table, attribute), placed, tree);
}
constexpr const char* kP1 = "vpn ipsec phase1-interface";
constexpr const char* kP2 = "vpn ipsec phase2-interface";

TEST(Schema, rows_are_sound) {
  for (const auto& t : tables()) {
    std::set<std::string_view> names;
    for (const auto& a : t.attributes) {
      SCOPED_TRACE(std::string(t.path) + " " + std::string(a.name));
      EXPECT_TRUE(names.insert(a.name).second) << "twice";
      EXPECT_FALSE(a.help.empty());
      EXPECT_FALSE(accepted_by(a).empty());
      EXPECT_LE(a.low, a.high);
      std::vector<std::string_view> conditions;
      for (const auto any : split(a.visible, '&'))
        for (const auto condition : split(any, '|')) conditions.push_back(condition);
      for (const auto condition : conditions) {
        const auto* controlling = find_attribute(t, condition.substr(0, condition.find('=')));
        ASSERT_NE(controlling, nullptr) << condition;
        for (const auto value : split(condition.substr(condition.find('=') + 1), ','))
          EXPECT_TRUE((" " + std::string(controlling->choices) + " ").contains(" " + std::string(value) + " "))
              << value;
      }
      EXPECT_NE(a.ours, is_fortios_attribute(t, a.name)) << "an attribute is either FortiOS's or marked as ours";
    }
    EXPECT_EQ(find_table(t.path, t.parent), &t);
  }
}

TEST(Schema, defaults_pass_their_own_checks) {
  // Except where FortiOS's default is one that Dormouse refuses; there the attribute must be set. peertype is the one
  // that must be set though its default is accepted: few mean it.
  for (const auto& t : tables())
    for (const auto& a : t.attributes) {
      if (a.default_value.empty()) continue;
      std::vector<Value> values;
      for (const auto word : split(a.default_value)) values.push_back({.text = std::string(word)});
      const auto finding = check_values(a, values, nullptr);
      EXPECT_EQ(finding.has_value(), a.mandatory && a.kind == Kind::option && a.name != "peertype")
          << t.path << " " << a.name;
    }
}

TEST(Schema, integers_are_accepted_up_to_the_edges_of_their_range_and_no_further) {
  for (const auto& t : tables())
    for (const auto& a : t.attributes) {
      if (a.kind != Kind::integer && a.kind != Kind::integers) continue;
      SCOPED_TRACE(std::string(t.path) + " " + std::string(a.name));
      const auto verdict = [&](long long n) {
        return check_values(a, std::vector<Value>{{.text = std::to_string(n)}}, nullptr);
      };
      EXPECT_FALSE(verdict(a.low));
      EXPECT_FALSE(verdict(a.high));
      ASSERT_TRUE(verdict(a.low - 1));
      ASSERT_TRUE(verdict(a.high + 1));
      EXPECT_EQ(verdict(a.high + 1)->fault, Fault::range);
    }
}

TEST(Schema, has_the_ranges_that_tests_and_demonstrations_need_beside_those_of_fortios) {
  for (const auto n : {"1", "120", "172800"}) EXPECT_FALSE(check(kP1, "client-resume-interval", {n})) << n;
  for (const auto n : {"0", "172801", "-1", "1.5", "", " 5", "99999999999999999999"})
    EXPECT_TRUE(check(kP1, "client-resume-interval", {n})) << n;
  for (const auto n : {"10", "120", "172800"}) EXPECT_FALSE(check(kP1, "keylife", {n})) << n;
  EXPECT_TRUE(check(kP1, "keylife", {"9"}));
  EXPECT_FALSE(check(kP2, "keylifeseconds", {"10"}));
  EXPECT_TRUE(check(kP2, "keylifekbs", {"5119"}));
  EXPECT_FALSE(check(kP1, "dpd-retryinterval", {"60"}));
  EXPECT_FALSE(check(kP1, "retransmit-schedule", {"1", "1", "1"}));
  EXPECT_TRUE(check(kP1, "retransmit-schedule", {"1", "0", "1"}));
}

TEST(Schema, accepts_the_proposals_of_the_example_and_refuses_old_ones_by_name) {
  EXPECT_FALSE(check(
      kP1, "proposal",
      {"aes128-sha256", "aes256-sha256", "aes128gcm-prfsha256", "aes256gcm-prfsha384", "chacha20poly1305-prfsha256"}));
  EXPECT_FALSE(check(
      kP2, "proposal",
      {"aes128-sha1", "aes256-sha1", "aes128-sha256", "aes256-sha256", "aes128gcm", "aes256gcm", "chacha20poly1305"}));
  for (const auto old :
       {"des-md5", "3des-sha1", "aes128-md5", "null-sha1", "aes128-null", "seed-sha256", "aria128-sha256"}) {
    const auto finding = check(kP2, "proposal", {"aes128-sha256", old});
    ASSERT_TRUE(finding) << old;
    EXPECT_EQ(finding->fault, Fault::foreign_choice) << old;
    EXPECT_EQ(finding->value, 1u);
    EXPECT_NE(finding->message.find("not supported by Dormouse"), std::string::npos);
  }
  EXPECT_NE(check(kP1, "proposal", {"aes128gcm"})->message.find("a proposal of phase 2"), std::string::npos);
  EXPECT_NE(check(kP2, "proposal", {"aes128gcm-prfsha256"})->message.find("a proposal of phase 1"), std::string::npos);
  EXPECT_NE(check(kP1, "proposal", {"aes128-sha265"})->message.find("did you mean 'aes128-sha256'"), std::string::npos);
  for (const auto phase1 : {true, false})
    for (const auto& token : all_proposals(phase1)) EXPECT_TRUE(parse_proposal(token, phase1)) << token;
  EXPECT_EQ(all_proposals(true).size(), 24u);
  EXPECT_EQ(all_proposals(false).size(), 15u);
}

TEST(Schema, tells_what_fortios_has_and_dormouse_has_not) {
  EXPECT_EQ(check(kP1, "dhgrp", {"14", "5"})->fault, Fault::foreign_choice);
  EXPECT_EQ(check(kP1, "dhgrp", {"14", "5"})->value, 1u);
  EXPECT_EQ(check(kP1, "dhgrp", {"33"})->fault, Fault::choice);
  EXPECT_FALSE(check(kP1, "dhgrp", {"31", "20", "14"}));
  EXPECT_EQ(check(kP1, "type", {"ddns"})->fault, Fault::foreign_choice);
  EXPECT_EQ(check(kP1, "authmethod", {"certificate"})->fault, Fault::choice);
  EXPECT_EQ(check(kP1, "peertype", {"dialup"})->fault, Fault::foreign_choice);
  EXPECT_EQ(check(kP1, "ike-version", {"1"})->fault, Fault::foreign_choice);
  const auto known = check_unknown(*find_table(kP1), "idle-timeout");
  EXPECT_EQ(known.fault, Fault::foreign_attribute);
  EXPECT_EQ(known.message, "FortiOS attribute 'idle-timeout' is not supported by Dormouse");
  const auto unknown = check_unknown(*find_table(kP1), "porposal");
  EXPECT_EQ(unknown.fault, Fault::unknown);
  EXPECT_EQ(unknown.message, "unknown attribute, did you mean 'proposal'?");
  EXPECT_NE(unknown.accepted.find("client-resume-interval"), std::string::npos);
  EXPECT_TRUE(is_foreign_section("user local", ""));
  EXPECT_TRUE(is_foreign_section("ipv6", "system interface"));
  EXPECT_FALSE(is_foreign_section("vpn ipsec phase1-interface", ""));
}

TEST(Schema, checks_addresses_and_subnets) {
  const auto fault_at = [](const char* table, const char* attribute, std::vector<std::string> values) {
    const auto f = check(table, attribute, std::move(values));
    return f ? static_cast<int>(f->value) : -1;
  };
  EXPECT_EQ(fault_at(kP1, "remote-gw", {"173.1.1.1"}), -1);
  for (const auto bad : {"173.1.1", "173.1.1.256", "2001:db8::1", "toServer", ""})
    EXPECT_EQ(fault_at(kP1, "remote-gw", {bad}), 0) << bad;
  EXPECT_EQ(fault_at(kP1, "remote-gw", {"1.1.1.1", "2.2.2.2"}), 1);
  EXPECT_EQ(fault_at(kP1, "remote-gw6", {"2001:db8::1"}), -1);
  EXPECT_EQ(fault_at(kP1, "remote-gw6", {"1.1.1.1"}), 0);
  const auto subnet = [&](std::vector<std::string> v) { return fault_at("firewall address", "subnet", std::move(v)); };
  EXPECT_EQ(subnet({"10.1.100.0", "255.255.255.0"}), -1);
  EXPECT_EQ(subnet({"10.1.100.0/24"}), -1);
  EXPECT_EQ(subnet({"2001:db8::/32"}), -1);
  EXPECT_EQ(subnet({"0.0.0.0", "0.0.0.0"}), -1);
  EXPECT_EQ(subnet({"10.1.100.0"}), 0);
  EXPECT_EQ(subnet({"10.1.100.0/33"}), 0);
  EXPECT_EQ(subnet({"10.1.100.0", "255.0.255.0"}), 1);
  EXPECT_EQ(subnet({"10.1.100.0", "24"}), 1);
  EXPECT_EQ(subnet({"2001:db8::", "255.255.0.0"}), 0);
  EXPECT_EQ(subnet({"1.1.1.0", "255.255.255.0", "x"}), 2);
  EXPECT_EQ(fault_at(kP2, "src-subnet", {"2001:db8::/32"}), 0);
  EXPECT_EQ(fault_at(kP2, "src-subnet6", {"10.0.0.0/8"}), 0);
}

TEST(Schema, checks_ports) {
  for (const auto good : {"80", "1-1023", "53:1024-65535", "0-65535:0-65535"})
    EXPECT_FALSE(check("firewall service custom", "tcp-portrange", {good})) << good;
  for (const auto bad : {"", "-", ":", "80-", "-80", "65536", "90-80", "1-2-3", "80:", "http", "80:90:100"})
    EXPECT_TRUE(check("firewall service custom", "tcp-portrange", {"22", bad})) << bad;
}

TEST(Schema, checks_secrets) {
  EXPECT_FALSE(check(kP1, "psksecret", {"sixsix"}));
  EXPECT_FALSE(check(kP1, "psksecret", {"0x00ff0A"}));
  EXPECT_FALSE(check(kP1, "psksecret", {"ENC", "abcd"}));
  EXPECT_EQ(check(kP1, "psksecret", {"short"})->fault, Fault::secret);
  EXPECT_EQ(check(kP1, "psksecret", {"two", "words"})->fault, Fault::secret);
  EXPECT_TRUE(check(kP1, "psksecret", {"0x00ff0"}));
  EXPECT_TRUE(check(kP1, "psksecret", {"0x00fg"}));
}

TEST(Schema, checks_keys) {
  const auto& policy = *find_table("firewall policy");
  for (const auto good : {"1", "4294967294"}) EXPECT_FALSE(check_key(policy, good)) << good;
  for (const auto bad : {"0", "4294967295", "-1", "01", "one", "", "99999999999999999999"})
    EXPECT_TRUE(check_key(policy, bad)) << bad;
  const auto& phase1 = *find_table(kP1);
  EXPECT_FALSE(check_key(phase1, "fifteen-letters"));
  for (const auto bad : {"sixteen-letters!", "", "a b", "a/b", "..", "any", "a\nb", "\xc3\xa4", "a%d"})
    EXPECT_TRUE(check_key(phase1, bad)) << bad;
  EXPECT_FALSE(check_key(*find_table("firewall address"), "a b/c \xc3\xa4"));
  EXPECT_TRUE(check_key(*find_table("firewall address"), std::string(80, 'a')));
}

TEST(Schema, looks_names_up_where_they_may_stand) {
  Tree tree;
  tree.section("system interface").entries.emplace_back("port9");
  tree.section(kP1).entries.emplace_back("toServer");
  EXPECT_FALSE(check("firewall policy", "srcintf", {"port9", "toServer", "any"}, &tree));
  EXPECT_FALSE(check("firewall policy", "schedule", {"always"}, &tree));
  EXPECT_FALSE(check("firewall policy", "service", {"ALL", "PING", "DNS"}, &tree));
  EXPECT_FALSE(check("firewall policy", "srcaddr", {"all", "none"}, &tree));
  EXPECT_TRUE(check(kP1, "interface", {"any"}, &tree)) << "a tunnel needs a real interface";
  EXPECT_TRUE(check(kP1, "interface", {"toServer"}, &tree));
  const auto f = check("router static", "device", {"port99"}, &tree);
  ASSERT_TRUE(f);
  EXPECT_EQ(f->fault, Fault::reference);
  EXPECT_EQ(f->message, "there is no \"port99\", did you mean 'port9'?");
  EXPECT_EQ(f->accepted, "one of \"port9\", \"toServer\"");
  EXPECT_EQ(candidates(spec_of("firewall policy", "srcintf"), tree),
            (std::vector<std::string>{"port9", "toServer", "any"}));
}

TEST(Schema, counts_and_renames_references) {
  Tree tree;
  tree.section("firewall address").entries.emplace_back("net");
  auto& policies = tree.section("firewall policy").entries;
  policies.emplace_back("1");
  policies[0].set("srcaddr", {"net", "all"});
  policies[0].set("dstaddr", {"net"});
  policies[0].set("comments", {"net"});
  const auto& table = *find_table("firewall address");
  EXPECT_EQ(count_references(tree, table, "net"), 2u);
  rename_references(tree, table, "net", "lan");
  EXPECT_EQ(count_references(tree, table, "net"), 0u);
  EXPECT_EQ(count_references(tree, table, "lan"), 2u);
  EXPECT_EQ(policies[0].find("comments")->values[0].text, "net");
}

TEST(Schema, shows_an_attribute_only_where_it_has_a_meaning) {
  const auto& t = *find_table(kP1);
  Entry e("p");
  const auto visible = [&](const char* name) { return is_visible(t, *find_attribute(t, name), e); };
  EXPECT_TRUE(visible("remote-gw"));
  EXPECT_FALSE(visible("remote-gw6"));
  EXPECT_FALSE(visible("peerid"));
  EXPECT_FALSE(visible("client-resume-interval"));
  e.set("type", {"dynamic"});
  e.set("peertype", {"one"});
  e.set("client-resume", {"enable"});
  EXPECT_FALSE(visible("remote-gw"));
  EXPECT_TRUE(visible("peerid"));
  EXPECT_TRUE(visible("client-resume-interval"));
  EXPECT_EQ(visibility_text(*find_attribute(t, "remote-gw")), "type is static and ip-version is 4");
  EXPECT_EQ(visibility_text(*find_attribute(t, "keepalive")), "nattraversal is enable or forced");
}

TEST(Spelling, knows_what_was_meant_and_when_nothing_was) {
  const std::vector<std::string_view> words{"set", "proposal", "on-idle", "disable"};
  EXPECT_EQ(nearest("porposal", words), "proposal");
  EXPECT_EQ(nearest("on-idel", words), "on-idle");
  EXPECT_EQ(nearest("ste", words), "set");
  EXPECT_EQ(nearest("xyz", words), "");
  EXPECT_EQ(nearest("elephants", words), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), words), "");
}

}  // namespace
}  // namespace dormouse::config
