#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

using sample::unhex;

// SPIs, next payload none, version 2.0, INFORMATIONAL, flags, message id 7, length 28.
Bytes plain(std::string_view version = "20", std::string_view flags = "08", std::string_view length = "0000001c") {
  return unhex("0102030405060708 1112131415161718 00" + std::string(version) + "25" + std::string(flags) + "00000007" +
               std::string(length));
}

TEST(header, every_field_is_read) {
  const auto h = parse_header(plain());
  ASSERT_TRUE(h);
  EXPECT_EQ(h->spi_i, IkeSpi(0x0102030405060708));
  EXPECT_EQ(h->spi_r, IkeSpi(0x1112131415161718));
  EXPECT_EQ(h->next_payload, PayloadType::none);
  EXPECT_EQ(h->exchange, ExchangeType::informational);
  EXPECT_TRUE(h->initiator);
  EXPECT_FALSE(h->response);
  EXPECT_EQ(h->message_id, MessageId(7));
  EXPECT_EQ(h->length, 28u);
}

TEST(header, the_version_flag_and_the_reserved_flags_do_not_matter) {
  const auto h = parse_header(plain("20", "f7"));
  ASSERT_TRUE(h);
  EXPECT_FALSE(h->initiator);
  EXPECT_TRUE(h->response);
}

TEST(header, a_higher_minor_version_is_accepted) { EXPECT_TRUE(parse_header(plain("2f"))); }

TEST(header, another_major_version_is_refused_and_named) {
  for (const auto* version : {"10", "30", "00"}) {
    const auto h = parse_header(plain(version));
    ASSERT_FALSE(h);
    EXPECT_EQ(h.error().code, ErrorCode::unsupported_version);
    EXPECT_EQ(h.error().detail, unhex(version)[0]);
    EXPECT_EQ(h.error().offset, 17u);
  }
}

TEST(header, a_length_other_than_the_datagram_s_is_refused) {
  for (const auto* length : {"0000001b", "0000001d", "00000000", "ffffffff"}) {
    const auto h = parse_header(plain("20", "08", length));
    ASSERT_FALSE(h);
    EXPECT_EQ(h.error().code, ErrorCode::malformed);
    EXPECT_EQ(h.error().offset, 24u);
  }
}

TEST(header, an_initiator_spi_of_zero_is_refused) {
  auto octets = plain();
  std::fill_n(octets.begin(), 8, std::uint8_t{0});
  EXPECT_EQ(parse_header(octets).error().code, ErrorCode::malformed);
}

TEST(header, any_prefix_is_truncated) {
  const auto octets = plain();
  for (std::size_t n = 0; n < octets.size(); ++n)
    EXPECT_EQ(parse_header(ByteView(octets).first(n)).error().code, ErrorCode::truncated) << n;
}

TEST(header, more_than_a_datagram_is_too_large) {
  EXPECT_EQ(parse_header(Bytes(limits::kMaxIkeMessage + 1)).error().code, ErrorCode::too_large);
}

TEST(header, writing_gives_the_octets_read) {
  for (const auto* flags : {"00", "08", "20", "28"}) {
    const auto octets = plain("20", flags);
    EXPECT_EQ(serialize_clear(*parse_header(octets), {}), octets);
  }
}

}  // namespace
}  // namespace dormouse::wire
