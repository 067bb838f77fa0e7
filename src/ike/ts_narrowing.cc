#include "ike/ts_narrowing.h"

#include <algorithm>
#include <optional>

#include "base/limits.h"

namespace dormouse::ike {
namespace {

std::optional<TrafficSelector> intersect(const TrafficSelector& a, const TrafficSelector& b) {
  if (a.range.first.family() != b.range.first.family()) return std::nullopt;
  if (a.protocol != 0 && b.protocol != 0 && a.protocol != b.protocol) return std::nullopt;
  TrafficSelector out;
  out.protocol = std::max(a.protocol, b.protocol);
  out.first_port = std::max(a.first_port, b.first_port);
  out.last_port = std::min(a.last_port, b.last_port);
  out.range = {std::max(a.range.first, b.range.first), std::min(a.range.last, b.range.last)};
  if (out.first_port > out.last_port || out.range.first > out.range.last) return std::nullopt;
  return out;
}

bool inside(const TrafficSelector& inner, const TrafficSelector& outer) { return intersect(inner, outer) == inner; }

}  // namespace

NarrowedSelectors narrow(const TrafficSelectors& offered, const TrafficSelectors& allowed) {
  NarrowedSelectors out;
  for (const auto& a : offered)
    for (const auto& b : allowed)
      if (const auto both = intersect(a, b); both && std::ranges::find(out.selectors, *both) == out.selectors.end() &&
                                             out.selectors.size() < limits::kMaxTrafficSelectors)
        out.selectors.push_back(*both);
  // A selector that lies within another adds nothing; peers put the packet that woke them first (2.9).
  for (std::size_t i = 0; i < out.selectors.size();) {
    const bool redundant = std::ranges::any_of(out.selectors, [&](const auto& other) {
      return &other != &out.selectors[i] && inside(out.selectors[i], other);
    });
    if (redundant)
      out.selectors.erase(out.selectors.begin() + static_cast<std::ptrdiff_t>(i));
    else
      ++i;
  }
  if (out.selectors == allowed && out.selectors == offered)
    out.how = Narrowing::exact;
  else
    out.how = within(offered, allowed) ? Narrowing::subset : Narrowing::narrowed;
  return out;
}

bool within(const TrafficSelectors& inner, const TrafficSelectors& outer) {
  return std::ranges::all_of(
      inner, [&](const auto& i) { return std::ranges::any_of(outer, [&](const auto& o) { return inside(i, o); }); });
}

}  // namespace dormouse::ike
