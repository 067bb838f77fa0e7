// A fleet over simulated days: no login that the rules do not call for, no tunnel stuck, no lease leaked
// or given twice, no ticket accepted twice. DORMOUSE_SIM_SEED, DORMOUSE_FLEET_LAPTOPS and DORMOUSE_FLEET_DAYS run one
// story alone, DORMOUSE_FLEET_FOLLOW=n tells all of laptop n.
#include "sim/fleet.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace dormouse::sim {
namespace {

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* value = std::getenv(variable);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

FleetPlan story(std::uint64_t seed, unsigned laptops, unsigned hours) {
  return {.seed = seed,
          .laptops = laptops,
          .time = std::chrono::hours(hours),
          .reauth = seed % 2 == 1,
          .quick_crash = seed % 4 < 2,
          .follow = std::getenv("DORMOUSE_FLEET_FOLLOW")
                        ? std::optional(static_cast<unsigned>(number("DORMOUSE_FLEET_FOLLOW", 0)))
                        : std::nullopt};
}

void tell(const FleetPlan& plan, const FleetReport& report) {
  std::fprintf(stderr, "fleet: %u laptops, %lld hours, seed %llu, digest %016llx\n", plan.laptops,
               static_cast<long long>(plan.time / std::chrono::hours(1)), static_cast<unsigned long long>(plan.seed),
               static_cast<unsigned long long>(report.digest));
  for (const auto& [reason, count] : report.logins)
    std::fprintf(stderr, "  %8llu logins: %s\n", static_cast<unsigned long long>(count), reason.c_str());
  for (const auto& [what, count] : report.counts)
    std::fprintf(stderr, "  %8llu %s\n", static_cast<unsigned long long>(count), what.c_str());
  for (const auto& [way, slowest] : report.slowest)
    std::fprintf(stderr, "  slowest return by %s: %lld ms\n", way.c_str(), static_cast<long long>(slowest / 1ms));
}

void expect_in_order(const FleetPlan& plan) {
  SCOPED_TRACE("run it alone: DORMOUSE_SIM_SEED=" + std::to_string(plan.seed) +
               " DORMOUSE_FLEET_LAPTOPS=" + std::to_string(plan.laptops) +
               " DORMOUSE_FLEET_DAYS=" + std::to_string(plan.time / std::chrono::hours(24)));
  const auto report = Fleet(plan).run();
  tell(plan, report);
  EXPECT_EQ(report.violations, 0U);
  for (const auto& what : report.wrong) ADD_FAILURE() << what;
}

TEST(Fleet, lives_for_days_by_the_rules) {
  const auto laptops = static_cast<unsigned>(number("DORMOUSE_FLEET_LAPTOPS", 100));
  const auto days = static_cast<unsigned>(number("DORMOUSE_FLEET_DAYS", 2));
  if (std::getenv("DORMOUSE_SIM_SEED"))
    return expect_in_order(story(number("DORMOUSE_SIM_SEED", 0), laptops, days * 24));
  for (std::uint64_t seed = 1; seed <= 12; ++seed) expect_in_order(story(seed, laptops, days * 24));
  for (const std::uint64_t seed :
       {303U, 389U, 391U})  // a login though its ticket was good, or before the gateway knew its address
    expect_in_order(story(seed, laptops, days * 24));
}

TEST(Fleet, the_same_seed_tells_the_same_story) {
  const auto first = Fleet(story(4, 30, 12)).run().digest;
  EXPECT_EQ(Fleet(story(4, 30, 12)).run().digest, first);
  EXPECT_NE(Fleet(story(5, 30, 12)).run().digest, first);
}

}  // namespace
}  // namespace dormouse::sim
