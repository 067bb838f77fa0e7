#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

Result<TsPayload> parse(std::string_view hex, PayloadType type = PayloadType::ts_i) {
  auto p = sample::parse_body(type, hex);
  if (!p) return std::unexpected(p.error());
  return std::get<TsPayload>(*p);
}
ErrorCode error_of(std::string_view hex) { return parse(hex).error().code; }

TEST(ts_payload, both_families_are_read) {
  const std::string_view hex =
      "02000000 07000010 0000ffff 0a010000 0a01ffff"
      "08110028 01f401f4 20010db8000000000000000000000001 20010db80000000000000000000000ff";
  const auto ts = parse(hex, PayloadType::ts_r);
  ASSERT_TRUE(ts);
  EXPECT_TRUE(ts->responder);
  ASSERT_EQ(ts->selectors.size(), 2u);
  EXPECT_EQ(ts->selectors[0], TrafficSelector::of(*Prefix::parse("10.1.0.0/16")));
  EXPECT_EQ(ts->selectors[1].protocol, 17);
  EXPECT_EQ(ts->selectors[1].first_port, 500);
  EXPECT_EQ(ts->selectors[1].range.last.text(), "2001:db8::ff");
  EXPECT_EQ(sample::body_hex(*ts), sample::to_hex(sample::unhex(hex)));
}

TEST(ts_payload, unknown_types_are_skipped_and_the_rest_kept) {
  const auto ts = parse("02000000 0a000008 deadbeef 07000010 0000ffff 0a000000 0a0000ff");
  ASSERT_TRUE(ts);
  ASSERT_EQ(ts->selectors.size(), 1u);
  EXPECT_EQ(ts->selectors[0].range.first.text(), "10.0.0.0");
}

TEST(ts_payload, a_list_of_unknown_types_is_empty_and_no_error) {
  const auto ts = parse("01000000 0a000008 deadbeef");
  ASSERT_TRUE(ts);
  EXPECT_TRUE(ts->selectors.empty());
}

TEST(ts_payload, count_and_lengths_must_be_exact) {
  EXPECT_EQ(error_of("02000000 07000010 0000ffff 0a000000 0a0000ff"), ErrorCode::truncated);
  EXPECT_EQ(error_of("00000000 07000010 0000ffff 0a000000 0a0000ff"), ErrorCode::malformed);
  EXPECT_EQ(error_of("01000000 0700000f 0000ffff 0a000000 0a0000"), ErrorCode::truncated);
  EXPECT_EQ(error_of("01000000 07000014 0000ffff 0a000000 0a0000ff 00000000"), ErrorCode::malformed);
  EXPECT_EQ(error_of("01000000 08000010 0000ffff 0a000000 0a0000ff"), ErrorCode::truncated);
  EXPECT_EQ(error_of("01000000 0a000003 deadbeef"), ErrorCode::malformed);
}

TEST(ts_payload, a_range_that_runs_backwards_is_malformed) {
  EXPECT_EQ(error_of("01000000 07000010 0000ffff 0a0000ff 0a000000"), ErrorCode::malformed);
  EXPECT_EQ(error_of("01000000 07000010 00020001 0a000000 0a0000ff"), ErrorCode::malformed);
}

TEST(ts_payload, opaque_ports_are_the_one_exception) {
  const auto ts = parse("01000000 07000010 ffff0000 0a000000 0a0000ff");
  ASSERT_TRUE(ts);
  EXPECT_EQ(ts->selectors[0].first_port, 65535);
  EXPECT_EQ(ts->selectors[0].last_port, 0);
}

TEST(ts_payload, the_number_of_selectors_is_bounded) {
  TsPayload ts{false, TrafficSelectors(limits::kMaxTrafficSelectors, TrafficSelector::any(Family::v4))};
  EXPECT_TRUE(parse(sample::body_hex(ts)));
  ts.selectors.push_back(ts.selectors.front());
  EXPECT_EQ(error_of(sample::body_hex(ts)), ErrorCode::too_large);
}

TEST(ts_payload, random_ones_survive_writing_and_reading) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto ts = sample::Generator(seed).ts();
    const auto back = parse(sample::body_hex(ts));
    ASSERT_TRUE(back) << seed << " " << back.error().field;
    ASSERT_EQ(back->selectors, ts.selectors) << seed;
  }
}

}  // namespace
}  // namespace dormouse::wire
