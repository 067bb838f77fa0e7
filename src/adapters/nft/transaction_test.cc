#include "adapters/nft/transaction.h"

#include <gtest/gtest.h>

#include "adapters/nft/test_policies.h"

namespace dormouse::nft {
namespace {

IpRange range(const char* first, const char* last) { return {*IpAddress::parse(first), *IpAddress::parse(last)}; }
IpRange net(const char* text) {
  const auto p = *Prefix::parse(text);
  return {p.first(), p.last()};
}

config::Policy accept(std::uint32_t id, std::vector<std::string> from, std::vector<std::string> to) {
  return make_policy(id, true, std::move(from), std::move(to));
}

/// The lines of a transaction that add rules to `chain`, reduced to their "expr".
std::string rules_of(const std::string& transaction, const std::string& chain) {
  std::string out;
  const auto mark = R"("chain":")" + chain + R"(","expr":)";
  for (std::size_t at = 0; at < transaction.size();) {
    const auto end = transaction.find('\n', at);
    const auto line = transaction.substr(at, end - at);
    if (const auto m = line.find(mark); m != std::string::npos) {
      const auto begin = m + mark.size();
      out += line.substr(begin, line.rfind(",\"comment\"") - begin) + "\n";
    }
    at = end + 1;
  }
  return out;
}

constexpr const char* kCounter = R"({"counter":{"packets":0,"bytes":0}})";

TEST(Transaction, the_example_as_a_whole) {
  Ruleset rules;
  rules.members["toClient"] = {"toClient_0", "toClient_1"};
  rules.policies = {accept(1, {"port9"}, {"toClient"}), accept(2, {"toClient"}, {"port9"})};
  rules.policies[0].srcaddr = rules.policies[1].dstaddr = {net("10.1.100.0/24")};
  EXPECT_EQ(replace_table(rules), R"j({"nftables":[
{"add":{"table":{"family":"inet","name":"dormouse"}}},
{"delete":{"table":{"family":"inet","name":"dormouse"}}},
{"add":{"table":{"family":"inet","name":"dormouse"}}},
{"add":{"set":{"family":"inet","table":"dormouse","name":"if_toClient","type":"ifname","elem":["toClient_0","toClient_1"]}}},
{"add":{"set":{"family":"inet","table":"dormouse","name":"tunnels","type":"ifname","flags":["interval"],"elem":["toClient","toClient_*"]}}},
{"add":{"chain":{"family":"inet","table":"dormouse","name":"policies"}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"policies","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"established"}},{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"accept":null}]}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"policies","expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"related"}},{"accept":null}]}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"policies","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"port9"}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"@if_toClient"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.1.100.0","len":24}}}},{"counter":{"packets":0,"bytes":0}},{"accept":null}],"comment":"policy 1"}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"policies","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"@if_toClient"}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"port9"}},{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"10.1.100.0","len":24}}}},{"counter":{"packets":0,"bytes":0}},{"accept":null}],"comment":"policy 2"}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"policies","expr":[{"counter":{"packets":0,"bytes":0}},{"drop":null}],"comment":"no policy"}}},
{"add":{"chain":{"family":"inet","table":"dormouse","name":"forward","type":"filter","hook":"forward","prio":0,"policy":"accept"}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"@tunnels"}},{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},["syn","rst"]]},"right":"syn"}},{"mangle":{"key":{"tcp option":{"name":"maxseg","field":"size"}},"value":{"rt":{"key":"mtu"}}}}]}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"@tunnels"}},{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},["syn","rst"]]},"right":"syn"}},{"mangle":{"key":{"tcp option":{"name":"maxseg","field":"size"}},"value":{"rt":{"key":"mtu"}}}}]}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"@tunnels"}},{"jump":{"target":"policies"}}]}}},
{"add":{"rule":{"family":"inet","table":"dormouse","chain":"forward","expr":[{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"@tunnels"}},{"jump":{"target":"policies"}}]}}}
]}
)j");
}

TEST(Transaction, an_instance_that_comes_or_goes_is_one_element) {
  const MemberChange come[] = {{"toClient", "toClient_2", true}, {"toClient", "toClient_0", false}};
  EXPECT_EQ(change_members(come), R"j({"nftables":[
{"add":{"element":{"family":"inet","table":"dormouse","name":"if_toClient","elem":["toClient_2"]}}},
{"delete":{"element":{"family":"inet","table":"dormouse","name":"if_toClient","elem":["toClient_0"]}}}
]}
)j");
}

TEST(Transaction, a_phase_1_whose_name_lies_within_another_pattern_needs_none) {
  Ruleset rules;
  rules.members = {{"a", {}}, {"a_b", {"a_b_0"}}, {"ab", {}}};
  EXPECT_NE(replace_table(rules).find(R"("flags":["interval"],"elem":["a","a_*","ab","ab_*"])"), std::string::npos);
}

TEST(Transaction, removal_works_on_a_table_that_is_not_there) {
  EXPECT_EQ(remove_table(), R"j({"nftables":[
{"add":{"table":{"family":"inet","name":"dormouse"}}},
{"delete":{"table":{"family":"inet","name":"dormouse"}}}
]}
)j");
}

TEST(Transaction, a_set_name_is_made_of_letters_digits_and_escapes_and_stays_unique) {
  EXPECT_EQ(set_name("toClient"), "if_toClient");
  EXPECT_EQ(set_name("to client-1"), "if_to_20client_2d1");
  EXPECT_NE(set_name("a_20"), set_name("a "));
}

TEST(Transaction, any_interface_is_no_match_and_lists_are_split_into_sets_and_plain_names) {
  Ruleset rules;
  rules.members["a"] = {};
  rules.members["b"] = {};
  rules.policies = {accept(1, {"any"}, {"a", "port1", "b", "port2"})};
  const std::string end = std::string(kCounter) + R"(,{"accept":null}])" + "\n";
  const auto all = rules_of(replace_table(rules), "policies");
  const auto past_answers = all.find('\n', all.find('\n') + 1) + 1;
  EXPECT_EQ(all.substr(0, 900).find(
                R"([{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"@if_a"}},)" + end +
                R"([{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"@if_b"}},)" + end +
                R"([{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":{"set":["port1","port2"]}}},)" + end),
            past_answers);
}

/// The expressions of the one policy in front of counter and verdict, one line per rule.
std::string matches(config::Policy p) {
  p.srcintf = p.dstintf = {"any"};
  Ruleset rules;
  rules.policies = {std::move(p)};
  auto text = rules_of(replace_table(rules), "policies");
  for (int answers = 0; answers < 2; ++answers) text.erase(0, text.find('\n') + 1);
  text.erase(text.rfind('\n', text.size() - 2) + 1);  // the rest is dropped
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    const auto counter = line.find(kCounter);
    out += line.substr(1, counter - 1) + "\n";
    at = end + 1;
  }
  return out;
}

TEST(Transaction, overlapping_and_adjacent_addresses_become_one) {
  auto p = accept_all();
  p.srcaddr = {net("10.1.0.0/16"), net("10.1.2.0/24"), net("10.0.0.0/16"), range("192.0.2.5", "192.0.2.9"),
               range("192.0.2.1", "192.0.2.1")};
  EXPECT_EQ(matches(p),
            R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"set":[)"
            R"({"prefix":{"addr":"10.0.0.0","len":15}},"192.0.2.1",{"range":["192.0.2.5","192.0.2.9"]}]}}},)"
            "\n");
}

TEST(Transaction, the_last_address_of_all_does_not_wrap_around) {
  auto p = accept_all();
  p.srcaddr = {range("255.255.255.255", "255.255.255.255"), range("0.0.0.0", "0.0.0.0")};
  EXPECT_EQ(matches(p), R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"set":[)"
                        R"("0.0.0.0","255.255.255.255"]}}},)"
                        "\n");
}

TEST(Transaction, addresses_of_two_families_become_a_rule_each) {
  auto p = accept_all();
  p.srcaddr = {net("10.1.0.0/16"), net("2001:db8::/32")};
  EXPECT_EQ(
      matches(p),
      R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.1.0.0","len":16}}}},)"
      "\n"
      R"({"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":{"prefix":{"addr":"2001:db8::","len":32}}}},)"
      "\n");
}

TEST(Transaction, addresses_of_different_families_can_match_nothing) {
  auto p = accept_all();
  p.srcaddr = {net("10.1.0.0/16")};
  p.dstaddr = {net("2001:db8::/32")};
  EXPECT_EQ(matches(p), "");
}

TEST(Transaction, all_of_ipv4_is_ipv4_alone) {
  auto p = accept_all();
  p.srcaddr = {net("0.0.0.0/0")};
  EXPECT_EQ(matches(p), R"({"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv4"}},)"
                        "\n");
}

TEST(Transaction, ports_of_one_protocol_are_gathered) {
  auto p = accept_all();
  auto ike = ports(17, 500, 500);
  ike.src_first = ike.src_last = 500;
  p.service = {ports(6, 443, 443), ports(6, 80, 90), ports(6, 91, 95), ike, protocol(132), protocol(47)};
  EXPECT_EQ(
      matches(p),
      R"({"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":47}},)"
      "\n"
      R"({"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[{"range":[80,95]},443]}}},)"
      "\n"
      R"({"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"sport"}},"right":500}},)"
      R"({"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":500}},)"
      "\n"
      R"({"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"sctp"}},)"
      "\n");
}

TEST(Transaction, a_service_for_everything_outweighs_the_others) {
  auto p = accept_all();
  p.service = {ports(6, 443, 443), protocol(0)};
  EXPECT_EQ(matches(p), "\n");
}

TEST(Transaction, an_icmp_type_stays_in_its_family) {
  auto p = accept_all();
  p.service = {icmp(1, 8, 0), icmp(58, 128)};
  p.srcaddr = {net("10.1.0.0/16"), net("2001:db8::/32")};
  EXPECT_EQ(
      matches(p),
      R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.1.0.0","len":16}}}},)"
      R"({"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":8}},)"
      R"({"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"code"}},"right":0}},)"
      "\n"
      R"({"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":{"prefix":{"addr":"2001:db8::","len":32}}}},)"
      R"({"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},"right":128}},)"
      "\n");
}

TEST(Transaction, a_policy_that_is_disabled_or_never_scheduled_is_left_out) {
  auto disabled = accept_all(), never = accept_all();
  disabled.enabled = false;
  never.schedule_always = false;
  EXPECT_EQ(matches(disabled), "");
  EXPECT_EQ(matches(never), "");
}

TEST(Transaction, translation_asks_the_policies_in_order_up_to_the_last_that_translates) {
  Ruleset rules;
  rules.members["t"] = {"t"};
  rules.policies = {accept(1, {"lan"}, {"t"}), accept(2, {"t"}, {"wan"}), accept(3, {"t"}, {"lan"})};
  rules.policies[1].nat = true;
  EXPECT_EQ(
      rules_of(replace_table(rules), "nat"),
      R"([{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lan"}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"@if_t"}},{"accept":null}])"
      "\n"
      R"([{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"@if_t"}},{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"wan"}},{"masquerade":null}])"
      "\n");
}

TEST(Transaction, without_translation_there_is_no_nat_chain) {
  Ruleset rules;
  rules.policies = {accept_all(1), make_policy(2, false, {"any"}, {"any"})};
  for (auto& p : rules.policies) p.nat = true;
  rules.policies[0].enabled = false;
  EXPECT_EQ(replace_table(rules).find("postrouting"), std::string::npos);
}

}  // namespace
}  // namespace dormouse::nft
