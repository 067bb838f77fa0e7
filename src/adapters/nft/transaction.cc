// The table:
//
//   set if_NAME       interfaces of phase 1 NAME
//   set tunnels       what any of them may be called: NAME and NAME_*
//   chain forward     hook: clamps TCP MSS; sends what enters or leaves by a tunnel to ...
//   chain policies    ... answers of established flows, the policies in order, the rest is dropped;
//                     and the rest to ...
//   chain others      ... the policies between interfaces that are no tunnels, in order, the rest is not ours
//   chain postrouting hook: sends forwarded traffic to ...
//   chain nat         ... the policies in order again, for those that translate
//
// Instances come and go by an element of their phase 1's set; all else changes only with the configuration. As tunnels
// are known by their names, an instance is filtered from before it exists. The packets of a flow's own direction ask
// the policies each time, so that a policy which is removed or narrowed ends the flows it let in; a tunnel that sleeps
// and wakes keeps them.
#include "adapters/nft/transaction.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapters/nft/policy_rules.h"

namespace dormouse::nft {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTunnels = "tunnels";

/// Commands one to a line, so that a failing one is found by eye.
class Transaction {
 public:
  void command(const char* verb, const char* kind, Json object) {
    Json whole = {{"family", "inet"}};
    whole.update(object);
    lines_.push_back(Json{{verb, {{kind, std::move(whole)}}}}.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  void table(const char* verb) { command(verb, "table", {{"name", "dormouse"}}); }
  void chain(const char* name) { command("add", "chain", {{"table", "dormouse"}, {"name", name}}); }
  void hook(const char* name, const char* type, const char* hook, int priority) {
    command("add", "chain",
            {{"table", "dormouse"},
             {"name", name},
             {"type", type},
             {"hook", hook},
             {"prio", priority},
             {"policy", "accept"}});
  }
  /// `patterns`: names that end in "*" stand for all that begin so.
  void set(const std::string& name, const std::set<std::string>& interfaces, bool patterns = false) {
    Json object = {{"table", "dormouse"}, {"name", name}, {"type", "ifname"}};
    if (patterns) object["flags"] = Json::array({"interval"});
    if (!interfaces.empty()) object["elem"] = interfaces;
    command("add", "set", std::move(object));
  }
  void element(const char* verb, const std::string& set, const std::string& interface) {
    command(verb, "element", {{"table", "dormouse"}, {"name", set}, {"elem", Json::array({interface})}});
  }
  void rule(const char* chain, Json expressions, const std::string& comment = {}) {
    Json object = {{"table", "dormouse"}, {"chain", chain}, {"expr", std::move(expressions)}};
    if (!comment.empty()) object["comment"] = comment;
    command("add", "rule", std::move(object));
  }
  [[nodiscard]] std::string text() const {
    std::string out = "{\"nftables\":[\n";
    for (std::size_t i = 0; i < lines_.size(); ++i) out += lines_[i] + (i + 1 < lines_.size() ? ",\n" : "\n");
    return out + "]}\n";
  }

 private:
  std::vector<std::string> lines_;
};

Json verdict(const char* name) { return {{name, nullptr}}; }
Json counter() { return {{"counter", {{"packets", 0}, {"bytes", 0}}}}; }
Json jump(const char* chain) { return {{"jump", {{"target", chain}}}}; }
Json in_tunnels(const char* key) { return match("==", meta(key), std::string("@") + kTunnels); }

/// What the interfaces of these phase 1 may be called. nft refuses a pattern that lies within another: "a_b" in "a_*".
std::set<std::string> name_patterns(const Members& members) {
  std::set<std::string> out;
  for (const auto& [phase1, interfaces] : members) {
    const bool covered =
        std::ranges::any_of(members, [&](const auto& other) { return phase1.starts_with(other.first + "_"); });
    if (!covered) out.insert({phase1, phase1 + "_*"});
  }
  return out;
}

void add_sets(Transaction& t, const Members& members) {
  for (const auto& [phase1, interfaces] : members) t.set(set_name(phase1), interfaces);
  t.set(kTunnels, name_patterns(members), true);
}

/// A SYN says no larger segment than the tunnel carries, whichever end of the flow is in the tunnel.
void add_mss_clamp(Transaction& t, const char* key) {
  const Json flags = {{"&", {{{"payload", {{"protocol", "tcp"}, {"field", "flags"}}}}, {"syn", "rst"}}}};
  const Json size = {{"tcp option", {{"name", "maxseg"}, {"field", "size"}}}};
  const Json mtu = {{"rt", {{"key", "mtu"}}}};
  t.rule("forward", {in_tunnels(key), match("==", flags, "syn"), {{"mangle", {{"key", size}, {"value", mtu}}}}});
}

std::string comment_of(const config::Policy& p) { return "policy " + std::to_string(p.id); }

/// The other direction of a flow, and errors about it, pass with it.
void accept_answers(Transaction& t, const char* chain) {
  t.rule(chain, {match("in", {{"ct", {{"key", "state"}}}}, "established"),
                 match("==", {{"ct", {{"key", "direction"}}}}, "reply"), verdict("accept")});
  t.rule(chain, {match("in", {{"ct", {{"key", "state"}}}}, "related"), verdict("accept")});
}

void add_policy(Transaction& t, const char* chain, const config::Policy& p, const Members& members) {
  for (auto expressions : matches_of(p, members)) {
    expressions.push_back(counter());
    expressions.push_back(verdict(p.accept ? "accept" : "drop"));
    t.rule(chain, std::move(expressions), comment_of(p));
  }
}

/// `names` without the tunnels.
std::vector<std::string> without_tunnels(std::vector<std::string> names, const Members& members) {
  std::erase_if(names, [&](const auto& n) { return members.contains(n); });
  return names;
}

/// Policies between interfaces that are no tunnels. What none of them names stays as it was: the machine may have rules
/// of its own for it. False: there are none.
bool add_others(Transaction& t, const Ruleset& rules) {
  std::vector<config::Policy> policies;
  for (auto p : rules.policies) {
    p.srcintf = without_tunnels(std::move(p.srcintf), rules.members);
    p.dstintf = without_tunnels(std::move(p.dstintf), rules.members);
    if (!p.srcintf.empty() && !p.dstintf.empty()) policies.push_back(std::move(p));
  }
  if (policies.empty()) return false;
  t.chain("others");
  accept_answers(t, "others");
  for (const auto& p : policies) add_policy(t, "others", p, rules.members);
  return true;
}

void add_filter(Transaction& t, const Ruleset& rules) {
  t.chain("policies");
  accept_answers(t, "policies");
  for (const auto& p : rules.policies) add_policy(t, "policies", p, rules.members);
  t.rule("policies", Json::array({counter(), verdict("drop")}), "no policy");
  const bool others = add_others(t, rules);
  t.hook("forward", "filter", "forward", 0);
  for (const char* key : {"iifname", "oifname"}) add_mss_clamp(t, key);
  for (const char* key : {"iifname", "oifname"}) t.rule("forward", {in_tunnels(key), jump("policies")});
  if (others) t.rule("forward", Json::array({jump("others")}));
}

bool translates(const config::Policy& p) { return p.enabled && p.accept && p.nat; }

void add_nat(Transaction& t, const Ruleset& rules) {
  const auto past_last = std::find_if(rules.policies.rbegin(), rules.policies.rend(), translates).base();
  if (past_last == rules.policies.begin()) return;
  t.chain("nat");
  // First match wins here as in the filter, so policies that do not translate must be asked too, up to the last that
  // does.
  for (auto p = rules.policies.begin(); p != past_last; ++p) {
    for (auto expressions : matches_of(*p, rules.members)) {
      expressions.push_back(verdict(translates(*p) ? "masquerade" : "accept"));
      t.rule("nat", std::move(expressions), comment_of(*p));
    }
  }
  t.hook("postrouting", "nat", "postrouting", 100);
  // What the machine itself sends is no policy's: it has no incoming interface.
  const Json source_type = {{"fib", {{"result", "type"}, {"flags", Json::array({"saddr"})}}}};
  t.rule("postrouting", {match("==", source_type, "local"), verdict("accept")});
  t.rule("postrouting", Json::array({jump("nat")}));
}

}  // namespace

std::string replace_table(const Ruleset& rules) {
  Transaction t;
  for (const char* verb : {"add", "delete", "add"}) t.table(verb);
  add_sets(t, rules.members);
  add_filter(t, rules);
  add_nat(t, rules);
  return t.text();
}

std::string change_members(std::span<const MemberChange> changes) {
  Transaction t;
  for (const auto& c : changes) {
    t.element(c.add ? "add" : "delete", set_name(c.phase1), c.interface);
  }
  return t.text();
}

std::string remove_table() {
  Transaction t;
  // Deleting what is not there is an error; adding what is there is none.
  for (const char* verb : {"add", "delete"}) t.table(verb);
  return t.text();
}

std::string set_name(std::string_view phase1) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out = "if_";
  for (const char c : phase1) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const auto octet = static_cast<unsigned char>(c);
    if (plain)
      out += c;
    else
      out += {'_', kDigits[octet >> 4], kDigits[octet & 15]};
  }
  return out;
}

}  // namespace dormouse::nft
