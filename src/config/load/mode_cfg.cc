// Mode configuration of a phase 1: the pools with their holes, and what else clients are told.
#include <algorithm>
#include <bit>

#include "config/load/builder.h"

namespace dormouse::config {
namespace {

IpAddress before(const IpAddress& a) {
  Bytes octets = to_bytes(a.bytes());
  for (auto i = octets.size(); i-- > 0;)
    if (octets[i]-- != 0) break;
  return a.is_v4() ? IpAddress::v4(octets) : IpAddress::v6(octets);
}

bool overlap(const IpRange& a, const IpRange& b) {
  return a.first.family() == b.first.family() && a.first <= b.last && b.first <= a.last;
}

/// `ranges` without `hole`.
std::vector<IpRange> without(const std::vector<IpRange>& ranges, const IpRange& hole) {
  std::vector<IpRange> out;
  for (const auto& r : ranges) {
    if (!overlap(r, hole)) {
      out.push_back(r);
      continue;
    }
    if (r.first < hole.first) out.push_back({r.first, before(hole.first)});
    if (hole.last < r.last) out.push_back({hole.last.next(), r.last});
  }
  return out;
}

std::string of(Family f, const char* name) { return (f == Family::v4 ? "ipv4-" : "ipv6-") + std::string(name); }

}  // namespace

std::vector<IpRange> Builder::pool(const EntryReader& e, Family family) {
  const auto start = of(family, "start-ip"), end = of(family, "end-ip"), excluded = of(family, "exclude-range");
  const auto first = e.address(start), last = e.address(end);
  if (first.has_value() != last.has_value()) {
    const auto& present = first ? start : end;
    const auto& absent = first ? end : start;
    error(e, present, "a pool has a first and a last address", "set " + absent + " too, or unset " + present);
    return {};
  }
  if (!first) return {};
  if (*last < *first) {
    error(e, end, "the pool is backwards", "an address not below " + start + " " + first->text());
    return {};
  }
  std::vector<IpRange> out{{*first, *last}};
  if (const auto* holes = e.entry().section(excluded))
    for (const auto& h : holes->entries) {
      const EntryReader hole(*find_table(excluded, "vpn ipsec phase1-interface"), h);
      require_mandatory(hole, path_of(e.entry()) + " " + excluded + " " + in_quotes(h.key));
      const auto from = hole.address("start-ip"), to = hole.address("end-ip");
      if (from && to && *to < *from)
        found.push_back({false, hole.place("end-ip"), path_of(e.entry()) + " " + excluded + " " + in_quotes(h.key),
                         "end-ip", "the range is backwards", "an address not below start-ip"});
      else if (from && to)
        out = without(out, {*from, *to});
    }
  if (out.empty()) error(e, start, "the pool is empty: " + excluded + " takes all of it", "a wider pool");
  return out;
}

void Builder::split_include(const EntryReader& e, Family family, ModeCfg& out) {
  const auto attribute = of(family, "split-include");
  if (!e.has(attribute)) return;
  std::vector<Prefix> networks;
  for (const auto& range : addresses({e.text(attribute)}))
    if (range.first.family() == family && !range.first.is_unspecified())
      for (const auto& p : range.prefixes()) networks.push_back(p);
  if (networks.size() > 32)
    error(e, attribute, "these are " + std::to_string(networks.size()) + " networks, more than one message holds",
          "an address or group of at most 32 networks");
  if (networks.empty()) warn(e, attribute, "it names all addresses or none, so clients route everything");
  out.split_include.insert(out.split_include.end(), networks.begin(), networks.end());
}

void Builder::mode_cfg(const EntryReader& e, Phase1& p) {
  auto& m = p.mode_cfg;
  m.enabled = e.enabled("mode-cfg");
  if (!m.enabled || p.type == Phase1Type::static_peer) return;
  m.client_selector = e.enabled("mode-cfg-allow-client-selector");
  m.reclaim = e.enabled("client-resume-reclaim");
  if (e.enabled("assign-ip")) {
    const auto errors = found.size();
    m.pool4 = pool(e, Family::v4);
    m.pool6 = pool(e, Family::v6);
    if (!m.assigns() && found.size() == errors)
      error(e, "mode-cfg", "there is no pool to give addresses from",
            "set ipv4-start-ip and ipv4-end-ip (or those of ipv6), or set assign-ip disable");
    const auto mask = IpAddress::parse(e.text("ipv4-netmask"));
    m.length4 = mask ? static_cast<unsigned>(std::countl_one(mask->v4_value())) : 32;
    if (mask && *mask != v4_mask(m.length4))
      error(e, "ipv4-netmask", "'" + mask->text() + "' is not a mask", "a mask such as 255.255.255.0");
    m.length6 = e.number("ipv6-prefix");
  }
  for (const auto family : {Family::v4, Family::v6}) {
    for (const auto name : {"dns-server1", "dns-server2", "dns-server3"})
      if (const auto server = e.address(of(family, name))) m.dns.push_back(*server);
    split_include(e, family, m);
  }
  m.domain = e.text("domain");
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (!std::ranges::all_of(m.domain, plain))
    error(e, "domain", "'" + m.domain + "' is not a domain name", "letters, digits, '-', '_' and '.'");
}

void Builder::compare_pools(const EntryReader& e, const Phase1& p, const Phase1& before) {
  for (const auto family : {Family::v4, Family::v6}) {
    const auto& mine = family == Family::v4 ? p.mode_cfg.pool4 : p.mode_cfg.pool6;
    const auto& theirs = family == Family::v4 ? before.mode_cfg.pool4 : before.mode_cfg.pool6;
    const bool shared = std::ranges::any_of(
        mine, [&](const auto& a) { return std::ranges::any_of(theirs, [&](const auto& b) { return overlap(a, b); }); });
    if (shared)
      error(e, of(family, "start-ip"), "the pool overlaps that of " + in_quotes(before.name),
            "a range of its own; two clients must not get one address");
  }
}

void Builder::compare_pool_with_interfaces(const EntryReader& e, const Phase1& p) {
  for (const auto& i : model.interfaces)
    for (const auto& [address, length] : i.addresses) {
      const auto& ranges = address.is_v4() ? p.mode_cfg.pool4 : p.mode_cfg.pool6;
      if (std::ranges::any_of(ranges, [&a = address](const auto& r) { return r.contains(a); }))
        error(e, of(address.family(), "start-ip"),
              "the pool has " + address.text() + " in it, which is the address of " + in_quotes(i.name),
              "a pool without it, or an entry of " + of(address.family(), "exclude-range"));
    }
}

}  // namespace dormouse::config
