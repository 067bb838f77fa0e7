#include "wire/payload_chain.h"

#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

using sample::unhex;

constexpr auto kPrivate = static_cast<PayloadType>(200);

TEST(payload_chain, an_unknown_payload_is_kept_and_its_neighbours_read) {
  const auto chain = unhex("2b000006 abcd 00000006 1234");
  const auto p = parse_payloads(kPrivate, chain);
  ASSERT_TRUE(p);
  ASSERT_EQ(p->size(), 2u);
  EXPECT_EQ(std::get<UnknownPayload>((*p)[0]).type, 200);
  EXPECT_EQ(std::get<UnknownPayload>((*p)[0]).body, unhex("abcd"));
  EXPECT_EQ(std::get<VendorIdPayload>((*p)[1]).data, unhex("1234"));
}

TEST(payload_chain, an_unknown_critical_payload_is_an_error_that_names_its_type) {
  const auto p = parse_payloads(kPrivate, unhex("00800006 abcd"));
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().code, ErrorCode::unsupported_critical);
  EXPECT_EQ(p.error().detail, 200u);
}

TEST(payload_chain, the_payload_types_of_ikev1_are_unknown) {
  EXPECT_EQ(parse_payloads(static_cast<PayloadType>(1), unhex("00800004")).error().code,
            ErrorCode::unsupported_critical);
}

TEST(payload_chain, the_critical_bit_means_nothing_on_a_known_payload) {
  EXPECT_TRUE(parse_payloads(PayloadType::vendor_id, unhex("00ff0006 abcd")));
}

TEST(payload_chain, the_critical_and_reserved_bits_are_written_as_zero) {
  const auto p = parse_payloads(PayloadType::vendor_id, unhex("00ff0006 abcd"));
  Bytes out;
  PayloadType first{};
  serialize_payloads(*p, out, first);
  EXPECT_EQ(out, unhex("00000006 abcd"));
  EXPECT_EQ(first, PayloadType::vendor_id);
}

TEST(payload_chain, lengths_below_the_header_or_past_the_end_are_errors) {
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, unhex("00000003")).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, unhex("00000000")).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, unhex("00000005")).error().code, ErrorCode::truncated);
}

TEST(payload_chain, octets_after_the_last_payload_are_an_error) {
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, unhex("00000004 00")).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_payloads(PayloadType::none, unhex("00")).error().code, ErrorCode::malformed);
}

TEST(payload_chain, a_chain_that_names_a_payload_which_is_not_there_is_truncated) {
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, unhex("2b000004")).error().code, ErrorCode::truncated);
  EXPECT_EQ(parse_payloads(PayloadType::sa, {}).error().code, ErrorCode::truncated);
}

TEST(payload_chain, an_empty_chain_is_allowed) { EXPECT_TRUE(parse_payloads(PayloadType::none, {})->empty()); }

TEST(payload_chain, the_number_of_payloads_is_bounded) {
  std::vector<Payload> many(limits::kMaxPayloads, VendorIdPayload{});
  const auto written = [&many] {
    Bytes out;
    PayloadType first{};
    serialize_payloads(many, out, first);
    return out;
  };
  EXPECT_TRUE(parse_payloads(PayloadType::vendor_id, written()));
  many.emplace_back(VendorIdPayload{});
  EXPECT_EQ(parse_payloads(PayloadType::vendor_id, written()).error().code, ErrorCode::too_large);
}

TEST(payload_chain, nothing_encrypted_stands_inside_the_encrypted_part) {
  for (const auto type : {PayloadType::encrypted, PayloadType::encrypted_fragment}) {
    EXPECT_EQ(parse_payloads(type, unhex("00000008 00010001")).error().code, ErrorCode::malformed);
    EXPECT_FALSE(parse_payloads(type, {}));
  }
}

TEST(payload_chain, errors_tell_the_offset_in_the_whole_message) {
  const auto p = parse_payloads(PayloadType::vendor_id, unhex("29000005 ff 00000008 03034009"), 100);
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().offset, 100u + 5 + 4 + 1);
  EXPECT_STREQ(p.error().field, "SPI size");
}

}  // namespace
}  // namespace dormouse::wire
