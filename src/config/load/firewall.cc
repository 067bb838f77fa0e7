// Policies with their addresses and services resolved.
#include <algorithm>

#include "config/load/builder.h"

namespace dormouse::config {
namespace {

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58, kSctp = 132;

std::pair<std::uint16_t, std::uint16_t> range_of(std::string_view text) {
  const auto parts = split(text, '-');
  const auto first = static_cast<std::uint16_t>(std::stoi(std::string(parts.front())));
  return {first, static_cast<std::uint16_t>(std::stoi(std::string(parts.back())))};
}

void add_ports(const EntryReader& e, std::string_view attribute, std::uint8_t protocol, std::vector<ServiceMatch>& out) {
  for (const auto& text : e.list(attribute)) {
    const auto halves = split(text, ':');
    ServiceMatch m{.protocol = protocol};
    std::tie(m.dst_first, m.dst_last) = range_of(halves[0]);
    if (halves.size() > 1) std::tie(m.src_first, m.src_last) = range_of(halves[1]);
    out.push_back(m);
  }
}

ServiceMatch port(std::uint8_t protocol, std::uint16_t n) { return {.protocol = protocol, .dst_first = n, .dst_last = n}; }

std::vector<ServiceMatch> predefined(std::string_view name) {
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

}  // namespace

void Builder::add_address(const EntryReader& at, const std::string& name, std::vector<IpRange>& out, bool& all, std::set<std::string>& seen) {
  if (name == "all") all = true;
  if (is_predefined("firewall address", name) || !seen.insert(name).second) return;
  if (const auto* s = tree_.find("firewall address"))
    if (const auto* e = s->find(name)) {
      const EntryReader a(*find_table("firewall address"), *e);
      if (a.is("type", "iprange")) {
        const auto first = IpAddress::parse(a.text("start-ip"));
        const auto last = IpAddress::parse(a.text("end-ip"));
        if (first && last && *first <= *last) out.push_back({*first, *last});
        else error(at, "", "address " + quoted(name) + " has a backward range", "end-ip not below start-ip");
      } else if (const auto p = a.subnet("subnet")) {
        if (p->length == 0) all = true;
        else out.push_back({p->first(), p->last()});
      }
      return;
    }
  if (const auto* s = tree_.find("firewall addrgrp"))
    if (const auto* e = s->find(name)) {
      const EntryReader g(*find_table("firewall addrgrp"), *e);
      for (const auto& member : g.list("member")) add_address(at, member, out, all, seen);
    }
}

std::vector<IpRange> Builder::addresses(const EntryReader& at, const std::vector<std::string>& names) {
  std::vector<IpRange> out;
  bool all = false;
  std::set<std::string> seen;
  for (const auto& n : names) add_address(at, n, out, all, seen);
  if (all) return {};
  // "none", or groups without members: a range that nothing is in would read as "all" if left empty.
  if (out.empty()) out.push_back({IpAddress::v4(0), IpAddress::v4(0)});
  return out;
}

void Builder::add_service(const EntryReader& at, const std::string& name, std::vector<ServiceMatch>& out, bool& all, std::set<std::string>& seen) {
  if (name == "ALL") all = true;
  if (!seen.insert(name).second) return;
  for (const auto& m : predefined(name)) out.push_back(m);
  if (is_predefined("firewall service custom", name)) return;
  if (const auto* s = tree_.find("firewall service custom"))
    if (const auto* e = s->find(name)) {
      const EntryReader c(*find_table("firewall service custom"), *e);
      const auto family = c.text("protocol");
      if (family == "IP") {
        const auto n = static_cast<std::uint8_t>(c.number("protocol-number"));
        if (n == 0) all = true;
        else out.push_back({.protocol = n});
      } else if (family == "ICMP" || family == "ICMP6") {
        ServiceMatch m{.protocol = family == "ICMP" ? kIcmp : kIcmp6};
        if (c.has("icmptype")) m.icmp_type = static_cast<std::uint8_t>(c.number("icmptype"));
        if (c.has("icmpcode")) m.icmp_code = static_cast<std::uint8_t>(c.number("icmpcode"));
        out.push_back(m);
      } else {
        add_ports(c, "tcp-portrange", kTcp, out);
        add_ports(c, "udp-portrange", kUdp, out);
        add_ports(c, "sctp-portrange", kSctp, out);
      }
      return;
    }
  if (const auto* s = tree_.find("firewall service group"))
    if (const auto* e = s->find(name)) {
      const EntryReader g(*find_table("firewall service group"), *e);
      for (const auto& member : g.list("member")) add_service(at, member, out, all, seen);
    }
}

std::vector<ServiceMatch> Builder::services(const EntryReader& at, const std::vector<std::string>& names) {
  std::vector<ServiceMatch> out;
  bool all = false;
  std::set<std::string> seen;
  for (const auto& n : names) add_service(at, n, out, all, seen);
  if (all) return {};
  if (out.empty()) error(at, "service", "the services named match nothing", "a service with ports or a protocol");
  return out;
}

void Builder::policy(const EntryReader& e) {
  Policy p;
  p.id = static_cast<std::uint32_t>(std::stoul(e.entry().key));
  p.name = e.text("name");
  p.enabled = e.enabled("status");
  p.accept = e.is("action", "accept");
  p.nat = e.enabled("nat");
  bool whole = true;
  for (const auto name : {"srcintf", "dstintf", "srcaddr", "dstaddr", "schedule", "service"}) whole = mandatory(e, name, "the policy's " + std::string(name)) && whole;
  if (!whole) return;
  p.srcintf = e.list("srcintf");
  p.dstintf = e.list("dstintf");
  p.srcaddr = addresses(e, e.list("srcaddr"));
  p.dstaddr = addresses(e, e.list("dstaddr"));
  p.service = services(e, e.list("service"));
  model.policies.push_back(std::move(p));
}

}  // namespace dormouse::config
