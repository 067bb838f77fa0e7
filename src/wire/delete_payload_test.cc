#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

Result<DeletePayload> parse(std::string_view hex) {
  auto p = sample::parse_body(PayloadType::delete_, hex);
  if (!p) return std::unexpected(p.error());
  return std::get<DeletePayload>(*p);
}
ErrorCode error_of(std::string_view hex) { return parse(hex).error().code; }

TEST(delete_payload, the_ike_sa_needs_no_spi) {
  const auto d = parse("01000000");
  ASSERT_TRUE(d);
  EXPECT_EQ(d->protocol, Protocol::ike);
  EXPECT_TRUE(d->spis.empty());
  EXPECT_EQ(sample::body_hex(*d), "01000000");
}

TEST(delete_payload, several_child_sas_are_named_by_spi) {
  const auto d = parse("03040002 c0ffee01 c0ffee02");
  ASSERT_TRUE(d);
  EXPECT_EQ(d->spis, (std::vector{EspSpi(0xc0ffee01), EspSpi(0xc0ffee02)}));
  EXPECT_EQ(sample::body_hex(*d), "03040002c0ffee01c0ffee02");
}

TEST(delete_payload, sizes_and_counts_must_fit) {
  EXPECT_EQ(error_of("01080001 0102030405060708"), ErrorCode::malformed);
  EXPECT_EQ(error_of("01000001"), ErrorCode::malformed);
  EXPECT_EQ(error_of("03080001 0102030405060708"), ErrorCode::malformed);
  EXPECT_EQ(error_of("03040002 c0ffee01"), ErrorCode::truncated);
  EXPECT_EQ(error_of("03040001 c0ffee01 c0ffee02"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00000000"), ErrorCode::malformed);
}

TEST(delete_payload, the_number_of_spis_is_bounded) {
  DeletePayload d{Protocol::esp, std::vector<EspSpi>(limits::kMaxDeleteSpis, EspSpi(0x1000))};
  EXPECT_TRUE(parse(sample::body_hex(d)));
  d.spis.emplace_back(0x1000u);
  EXPECT_EQ(error_of(sample::body_hex(d)), ErrorCode::too_large);
}

}  // namespace
}  // namespace dormouse::wire
