// Agreement on traffic selectors (RFC 7296 2.9): the intersection of what the peer asks and what we allow. Pure.
#pragma once
#include "base/transform.h"

namespace dormouse::ike {

enum class Narrowing : std::uint8_t { exact, subset, narrowed };
struct NarrowedSelectors {
  TrafficSelectors selectors;  ///< empty: nothing in common
  Narrowing how = Narrowing::exact;
};
/// `offered` of one side (TSi or TSr) against `allowed`. A pair of ranges that share addresses, protocol and ports
/// gives one selector.
[[nodiscard]] NarrowedSelectors narrow(const TrafficSelectors& offered, const TrafficSelectors& allowed);

/// True if every selector of `inner` lies within some selector of `outer`: the check of a responder's answer.
[[nodiscard]] bool within(const TrafficSelectors& inner, const TrafficSelectors& outer);

}  // namespace dormouse::ike
