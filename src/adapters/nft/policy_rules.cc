#include "adapters/nft/policy_rules.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "adapters/nft/transaction.h"

namespace dormouse::nft {
namespace {

using Json = nlohmann::ordered_json;
using Alternatives = std::vector<Json>;  // each an array of expressions; one empty array: anything goes

constexpr std::uint8_t kIcmp = 1, kIcmp6 = 58;

Alternatives anything() { return {Json::array()}; }

Json payload(const char* protocol, const char* field) {
  return {{"payload", {{"protocol", protocol}, {"field", field}}}};
}

/// The name of protocols that have ports; null for others.
const char* name_of_ported(std::uint8_t protocol) {
  switch (protocol) {
    case 6: return "tcp";
    case 17: return "udp";
    case 33: return "dccp";
    case 132: return "sctp";
    case 136: return "udplite";
    default: return nullptr;
  }
}

/// One value plain, several as a set.
Json one_or_set(const std::vector<Json>& values) {
  if (values.size() == 1) return values.front();
  return {{"set", values}};
}

// --- interfaces

Alternatives interfaces(const char* key, const std::vector<std::string>& names, const Members& members) {
  if (std::ranges::find(names, "any") != names.end()) return anything();
  Alternatives out;
  std::vector<Json> plain;
  for (const auto& name : names) {
    if (members.contains(name))
      out.push_back(Json::array({match("==", meta(key), "@" + set_name(name))}));
    else
      plain.emplace_back(name);
  }
  if (!plain.empty()) out.push_back(Json::array({match("==", meta(key), one_or_set(plain))}));
  return out;
}

// --- addresses

/// Sorted, without overlap or seam: nft refuses overlapping intervals in one set.
std::vector<IpRange> merged(std::vector<IpRange> ranges) {
  std::ranges::sort(ranges);
  std::vector<IpRange> out;
  for (const auto& r : ranges) {
    const bool joins = !out.empty() && (r.first <= out.back().last || r.first == out.back().last.next());
    if (joins)
      out.back().last = std::max(out.back().last, r.last);
    else
      out.push_back(r);
  }
  return out;
}

Json range_value(const IpRange& r) {
  if (r.first == r.last) return r.first.text();
  const auto prefixes = r.prefixes();
  if (prefixes.size() == 1) return {{"prefix", {{"addr", prefixes[0].address.text()}, {"len", prefixes[0].length}}}};
  return {{"range", {r.first.text(), r.last.text()}}};
}

/// What `list` wants of one family: nothing if it has none of it, no expression if all of it goes.
std::optional<Json> addresses(const char* field, const std::vector<IpRange>& list, Family family) {
  if (list.empty()) return Json::array();
  std::vector<IpRange> mine;
  std::ranges::copy_if(list, std::back_inserter(mine), [&](const IpRange& r) { return r.first.family() == family; });
  mine = merged(std::move(mine));
  if (mine.empty()) return std::nullopt;
  if (mine.front() == IpRange{IpAddress::any(family), IpAddress::highest(family)}) return Json::array();
  std::vector<Json> values;
  for (const auto& r : mine) values.push_back(range_value(r));
  const char* protocol = family == Family::v4 ? "ip" : "ip6";
  return Json::array({match("==", payload(protocol, field), one_or_set(values))});
}

struct AddressMatch {
  std::optional<Family> family;  // nothing: both
  Json expressions;
};

std::vector<AddressMatch> address_matches(const config::Policy& p) {
  if (p.srcaddr.empty() && p.dstaddr.empty()) return {{std::nullopt, Json::array()}};
  std::vector<AddressMatch> out;
  for (const Family family : {Family::v4, Family::v6}) {
    const auto src = addresses("saddr", p.srcaddr, family);
    const auto dst = addresses("daddr", p.dstaddr, family);
    if (!src || !dst) continue;
    Json all = Json::array();
    // Without an address to compare, the family must be named.
    if (src->empty() && dst->empty())
      all.push_back(match("==", meta("nfproto"), family == Family::v4 ? "ipv4" : "ipv6"));
    for (const auto* part : {&*src, &*dst})
      for (const auto& e : *part) all.push_back(e);
    out.push_back({family, std::move(all)});
  }
  return out;
}

// --- services

struct PortRange {
  std::uint16_t first, last;
  friend auto operator<=>(const PortRange&, const PortRange&) = default;
  [[nodiscard]] bool all() const { return first == 0 && last == 65535; }
};

Json ports_value(const PortRange& r) {
  if (r.first == r.last) return r.first;
  return {{"range", {r.first, r.last}}};
}

std::vector<PortRange> merged(std::vector<PortRange> ranges) {
  std::ranges::sort(ranges);
  std::vector<PortRange> out;
  for (const auto& r : ranges) {
    if (!out.empty() && r.first <= out.back().last + 1)
      out.back().last = std::max(out.back().last, r.last);
    else
      out.push_back(r);
  }
  return out;
}

/// TCP, UDP and the like: source range and merged destination ranges of one protocol.
Json ported(std::uint8_t protocol, const PortRange& source, const std::vector<PortRange>& destinations) {
  const char* name = name_of_ported(protocol);
  Json all = Json::array();
  if (!source.all()) all.push_back(match("==", payload(name, "sport"), ports_value(source)));
  const auto ranges = merged(destinations);
  if (!ranges.front().all()) {
    std::vector<Json> values;
    for (const auto& r : ranges) values.push_back(ports_value(r));
    all.push_back(match("==", payload(name, "dport"), one_or_set(values)));
  }
  if (all.empty()) all.push_back(match("==", meta("l4proto"), name));
  return all;
}

Json icmp(const config::ServiceMatch& s) {
  if (!s.icmp_type) return Json::array({match("==", meta("l4proto"), s.protocol)});
  const char* name = s.protocol == kIcmp ? "icmp" : "icmpv6";
  Json all = Json::array({match("==", payload(name, "type"), *s.icmp_type)});
  if (s.icmp_code) all.push_back(match("==", payload(name, "code"), *s.icmp_code));
  return all;
}

/// An ICMP type names its family, and nft refuses one beside an address of the other.
bool fits(const config::ServiceMatch& s, std::optional<Family> family) {
  if (!family || !s.icmp_type) return true;
  if (s.protocol == kIcmp) return *family == Family::v4;
  return s.protocol != kIcmp6 || *family == Family::v6;
}

Alternatives services(const std::vector<config::ServiceMatch>& list, std::optional<Family> family) {
  if (list.empty() || std::ranges::any_of(list, [](const auto& s) { return s.protocol == 0; })) return anything();
  std::map<std::pair<std::uint8_t, PortRange>, std::vector<PortRange>> by_ports;
  Alternatives out;
  for (const auto& s : list) {
    if (!fits(s, family)) continue;
    if (name_of_ported(s.protocol) != nullptr)
      by_ports[{s.protocol, {s.src_first, s.src_last}}].push_back({s.dst_first, s.dst_last});
    else if (s.protocol == kIcmp || s.protocol == kIcmp6)
      out.push_back(icmp(s));
    else
      out.push_back(Json::array({match("==", meta("l4proto"), s.protocol)}));
  }
  for (const auto& [key, destinations] : by_ports) out.push_back(ported(key.first, key.second, destinations));
  return out;
}

Json joined(std::initializer_list<const Json*> parts) {
  Json all = Json::array();
  for (const auto* part : parts)
    for (const auto& e : *part) all.push_back(e);
  return all;
}

}  // namespace

Json match(std::string_view op, Json left, Json right) {
  return {{"match", {{"op", op}, {"left", std::move(left)}, {"right", std::move(right)}}}};
}

Json meta(std::string_view key) { return {{"meta", {{"key", key}}}}; }

std::vector<Json> matches_of(const config::Policy& policy, const Members& members) {
  if (!policy.enabled || !policy.schedule_always) return {};
  const auto in = interfaces("iifname", policy.srcintf, members);
  const auto out = interfaces("oifname", policy.dstintf, members);
  std::vector<Json> all;
  for (const auto& address : address_matches(policy))
    for (const auto& service : services(policy.service, address.family))
      for (const auto& i : in)
        for (const auto& o : out) all.push_back(joined({&i, &o, &address.expressions, &service}));
  return all;
}

}  // namespace dormouse::nft
