#include "esp/selector_set.h"

#include <algorithm>

namespace dormouse::esp {
namespace {

bool has_any(const TrafficSelectors& selectors, Family f) {
  return std::ranges::find(selectors, TrafficSelector::any(f)) != selectors.end();
}

}  // namespace

SelectorSet::SelectorSet(const TrafficSelectors& local, const TrafficSelectors& remote)
    : local_(compile(local)),
      remote_(compile(remote)),
      everything4_(has_any(local, Family::v4) && has_any(remote, Family::v4)),
      everything6_(has_any(local, Family::v6) && has_any(remote, Family::v6)) {}

SelectorSet::Side SelectorSet::compile(const TrafficSelectors& selectors) {
  Side side;
  for (const auto& ts : selectors) {
    side.push_back({.v6 = !ts.range.first.is_v4(),
                    .any_port = ts.first_port == 0 && ts.last_port == 65535,
                    .protocol = ts.protocol,
                    .first_port = ts.first_port,
                    .last_port = ts.last_port,
                    .first = AddressBits::of(ts.range.first),
                    .last = AddressBits::of(ts.range.last)});
  }
  return side;
}

bool SelectorSet::side_fits(const Side& side, const InnerPacket& p, const AddressBits& address, std::uint16_t port) {
  return std::ranges::any_of(side, [&](const Entry& e) {
    if (e.v6 != p.v6 || address < e.first || e.last < address) return false;
    if (e.protocol != 0 && e.protocol != p.protocol) return false;
    // A later fragment shows no ports and fits only where any will do (RFC 4301 7.1).
    return e.any_port || (p.has_ports && port >= e.first_port && port <= e.last_port);
  });
}

std::vector<Prefix> SelectorSet::remote_prefixes() const {
  std::vector<Prefix> out;
  for (const auto& e : remote_)
    for (const auto& p : IpRange{e.first.address(e.v6), e.last.address(e.v6)}.prefixes())
      if (std::ranges::find(out, p) == out.end()) out.push_back(p);
  return out;
}

}  // namespace dormouse::esp
