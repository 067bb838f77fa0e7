#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

Result<NotifyPayload> parse(std::string_view hex) {
  auto p = sample::parse_body(PayloadType::notify, hex);
  if (!p) return std::unexpected(p.error());
  return std::get<NotifyPayload>(*p);
}

TEST(notify_payload, protocol_spi_type_and_data_are_read) {
  const auto n = parse("03044009 c0ffee01 abcd");
  ASSERT_TRUE(n);
  EXPECT_EQ(n->protocol, Protocol::esp);
  EXPECT_EQ(n->type, NotifyType::rekey_sa);
  EXPECT_EQ(n->spi, sample::unhex("c0ffee01"));
  EXPECT_EQ(n->data, sample::unhex("abcd"));
  EXPECT_EQ(sample::body_hex(*n), "03044009c0ffee01abcd");
}

TEST(notify_payload, data_of_known_and_unknown_types_stays_opaque) {
  EXPECT_EQ(parse("00004004 0102")->data, sample::unhex("0102"));
  const auto n = parse("0000ffff");
  ASSERT_TRUE(n);
  EXPECT_EQ(notify_name(n->type), "65535");
  EXPECT_TRUE(n->data.empty());
}

TEST(notify_payload, an_spi_of_a_child_sa_has_four_octets) {
  EXPECT_EQ(parse("03034009 c0ffee").error().code, ErrorCode::malformed);
  EXPECT_EQ(parse("03084009 0102030405060708").error().code, ErrorCode::malformed);
  EXPECT_EQ(parse("03044009 c0ffee").error().code, ErrorCode::truncated);
  EXPECT_TRUE(parse("0300000e"));
}

TEST(notify_payload, an_ike_spi_is_tolerated_but_nothing_longer) {
  EXPECT_TRUE(parse("01084000 0102030405060708"));
  EXPECT_EQ(parse("01094000 010203040506070809").error().code, ErrorCode::malformed);
}

TEST(notify_payload, a_cookie_has_1_to_64_octets) {
  EXPECT_EQ(parse("00004006").error().code, ErrorCode::malformed);
  EXPECT_TRUE(parse("00004006" + std::string(2 * 64, 'a')));
  EXPECT_EQ(parse("00004006" + std::string(2 * 65, 'a')).error().code, ErrorCode::malformed);
}

TEST(notify_payload, types_below_16384_are_errors) {
  EXPECT_TRUE(is_error(NotifyType::child_sa_not_found));
  EXPECT_TRUE(is_error(static_cast<NotifyType>(16383)));
  EXPECT_FALSE(is_error(NotifyType::initial_contact));
}

}  // namespace
}  // namespace dormouse::wire
