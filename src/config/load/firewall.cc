// Policies with their addresses and services resolved.
#include <algorithm>
#include <tuple>

#include "config/load/builder.h"

namespace dormouse::config {
namespace {

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58, kSctp = 132;

std::uint16_t port_of(std::string_view digits) {
  unsigned n = 0;
  for (const char c : digits) n = n * 10 + static_cast<unsigned>(c - '0');
  return static_cast<std::uint16_t>(n);
}

/// "80" or "1-1023", checked by the row.
std::pair<std::uint16_t, std::uint16_t> span_of(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = port_of(text.substr(0, dash));
  return {first, dash == std::string_view::npos ? first : port_of(text.substr(dash + 1))};
}

void add_ports(const EntryReader& e, std::string_view attribute, std::uint8_t protocol,
               std::vector<ServiceMatch>& out) {
  for (const auto& text : e.list(attribute)) {
    const auto colon = text.find(':');
    ServiceMatch m{.protocol = protocol};
    std::tie(m.dst_first, m.dst_last) = span_of(std::string_view(text).substr(0, colon));
    if (colon != std::string::npos)
      std::tie(m.src_first, m.src_last) = span_of(std::string_view(text).substr(colon + 1));
    out.push_back(m);
  }
}

ServiceMatch port(std::uint8_t protocol, std::uint16_t n) {
  return {.protocol = protocol, .dst_first = n, .dst_last = n};
}

std::vector<ServiceMatch> predefined_service(std::string_view name) {
  if (name == "ALL_TCP") return {{.protocol = kTcp}};
  if (name == "ALL_UDP") return {{.protocol = kUdp}};
  if (name == "ALL_ICMP") return {{.protocol = kIcmp}};
  if (name == "PING") return {{.protocol = kIcmp, .icmp_type = std::uint8_t{8}}};
  if (name == "HTTP") return {port(kTcp, 80)};
  if (name == "HTTPS") return {port(kTcp, 443)};
  if (name == "SSH") return {port(kTcp, 22)};
  if (name == "DNS") return {port(kTcp, 53), port(kUdp, 53)};
  return {};
}

/// What one entry of `firewall service custom` matches; `all` is set if that is everything.
std::vector<ServiceMatch> custom_service(const EntryReader& e, bool& all) {
  std::vector<ServiceMatch> out;
  const auto family = e.text("protocol");
  if (family == "IP") {
    const auto n = static_cast<std::uint8_t>(e.number("protocol-number"));
    if (n == 0)
      all = true;
    else
      out.push_back({.protocol = n});
  } else if (family == "ICMP" || family == "ICMP6") {
    ServiceMatch m{.protocol = family == "ICMP" ? kIcmp : kIcmp6};
    if (e.has("icmptype")) m.icmp_type = static_cast<std::uint8_t>(e.number("icmptype"));
    if (e.has("icmpcode")) m.icmp_code = static_cast<std::uint8_t>(e.number("icmpcode"));
    out.push_back(m);
  } else {
    add_ports(e, "tcp-portrange", kTcp, out);
    add_ports(e, "udp-portrange", kUdp, out);
    add_ports(e, "sctp-portrange", kSctp, out);
  }
  return out;
}

std::optional<IpRange> range_of(const EntryReader& e) {
  const auto first = IpAddress::parse(e.text("start-ip"));
  const auto last = IpAddress::parse(e.text("end-ip"));
  if (!first || !last || first->family() != last->family() || *last < *first) return std::nullopt;
  return IpRange{*first, *last};
}

}  // namespace

void Builder::address_object(const EntryReader& e) {
  if (find("firewall addrgrp", e.entry().key)) error(e, "", "a group has the same name", "another name");
  if (e.is("type", "iprange") && e.has("start-ip") && e.has("end-ip") && !range_of(e))
    error(e, "end-ip", "the range is backwards, or of two families", "an address not below start-ip");
}

void Builder::service_object(const EntryReader& e) {
  bool all = false;
  if (find("firewall service group", e.entry().key)) error(e, "", "a group has the same name", "another name");
  if (custom_service(e, all).empty() && !all)
    error(e, "", "the service matches nothing", "set tcp-portrange, udp-portrange, sctp-portrange or protocol");
}

// An object that is written out comes before the predefined one of its name: backups of FortiOS define them all.
void Builder::add_address(const std::string& name, std::vector<IpRange>& out, bool& all, std::set<std::string>& seen) {
  if (!seen.insert(name).second) return;
  if (const auto* entry = find("firewall address", name)) {
    const EntryReader a(*find_table("firewall address"), *entry);
    if (a.is("type", "iprange")) {
      if (const auto range = range_of(a)) out.push_back(*range);
    } else if (const auto p = a.subnet("subnet")) {
      if (p->length == 0)
        all = true;
      else
        out.push_back({p->first(), p->last()});
    }
  } else if (const auto* group = find("firewall addrgrp", name)) {
    for (const auto& member : EntryReader(*find_table("firewall addrgrp"), *group).list("member"))
      add_address(member, out, all, seen);
  } else if (name == "all") {
    all = true;
  }
}

std::vector<IpRange> Builder::addresses(const std::vector<std::string>& names) {
  std::vector<IpRange> out;
  bool all = false;
  std::set<std::string> seen;
  for (const auto& n : names) add_address(n, out, all, seen);
  if (all) return {};
  // "none", or groups without members: no ranges at all would read as "all".
  if (out.empty()) out.push_back({IpAddress::v4(0), IpAddress::v4(0)});
  return out;
}

void Builder::add_service(const std::string& name, std::vector<ServiceMatch>& out, bool& all,
                          std::set<std::string>& seen) {
  if (!seen.insert(name).second) return;
  if (const auto* entry = find("firewall service custom", name)) {
    for (const auto& m : custom_service(EntryReader(*find_table("firewall service custom"), *entry), all))
      out.push_back(m);
  } else if (const auto* group = find("firewall service group", name)) {
    for (const auto& member : EntryReader(*find_table("firewall service group"), *group).list("member"))
      add_service(member, out, all, seen);
  } else if (name == "ALL") {
    all = true;
  } else {
    for (const auto& m : predefined_service(name)) out.push_back(m);
  }
}

std::optional<std::vector<ServiceMatch>> Builder::services(const std::vector<std::string>& names) {
  std::vector<ServiceMatch> out;
  bool all = false;
  std::set<std::string> seen;
  for (const auto& n : names) add_service(n, out, all, seen);
  if (all) return std::vector<ServiceMatch>{};
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

void Builder::policy(const EntryReader& e) {
  Policy p;
  p.id = e.key_number();
  p.name = e.text("name");
  p.enabled = e.enabled("status");
  p.accept = e.is("action", "accept");
  p.nat = e.enabled("nat");
  p.srcintf = e.list("srcintf");
  p.dstintf = e.list("dstintf");
  p.srcaddr = addresses(e.list("srcaddr"));
  p.dstaddr = addresses(e.list("dstaddr"));
  if (auto matches = services(e.list("service")))
    p.service = std::move(*matches);
  else if (e.has("service"))
    error(e, "service", "the services named match nothing", "a service with ports or a protocol");
  if (p.enabled) compare_policy(e);
  model.policies.push_back(std::move(p));
}

void Builder::compare_policy(const EntryReader& e) {
  std::string matches;
  for (const auto attribute : {"srcintf", "dstintf", "srcaddr", "dstaddr", "service"}) {
    auto names = e.list(attribute);
    std::ranges::sort(names);
    for (const auto& n : names) matches += in_quotes(n);
    matches += "\n";
  }
  const auto [before, is_first] = policies_by_match_.insert({matches, e.entry().key});
  if (!is_first)
    warn(e, "",
         "never matches: policy " + before->second + " before it has the same interfaces, addresses and services");
  if (!e.has("name") || e.text("name").empty()) return;
  const auto [other, is_new] = policies_by_name_.insert({e.text("name"), e.entry().key});
  if (!is_new) error(e, "name", "policy " + other->second + " has the same name", "another name");
}

}  // namespace dormouse::config
