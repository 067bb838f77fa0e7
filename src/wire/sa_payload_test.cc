#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

using sample::parse_body;

Result<SaPayload> parse(std::string_view hex) {
  auto p = parse_body(PayloadType::sa, hex);
  if (!p) return std::unexpected(p.error());
  return std::get<SaPayload>(*p);
}
ErrorCode error_of(std::string_view hex) { return parse(hex).error().code; }

// One ESP proposal with an SPI: ENCR AES_CBC 128, INTEG HMAC_SHA2_256_128, ESN no.
constexpr auto kEsp =
    "00000028 01030403 c0ffee01"
    "0300000c 0100000c 800e0080"
    "03000008 0300000c"
    "00000008 05000000";

TEST(sa_payload, proposal_spi_and_transforms_are_read) {
  const auto sa = parse(kEsp);
  ASSERT_TRUE(sa);
  const Proposal want{1,
                      Protocol::esp,
                      {0xc0, 0xff, 0xee, 0x01},
                      {{TransformType::encr, 12, 128}, {TransformType::integ, 12}, {TransformType::esn, 0}}};
  ASSERT_EQ(sa->proposals.size(), 1u);
  EXPECT_EQ(sa->proposals[0], want);
  EXPECT_EQ(sample::body_hex(*sa), sample::to_hex(sample::unhex(kEsp)));
}

TEST(sa_payload, reserved_octets_are_ignored_and_written_as_zero) {
  const auto sa = parse("00ff0010 01010001 00ff0008 02ff0005");
  ASSERT_TRUE(sa);
  EXPECT_EQ(sample::body_hex(*sa), "00000010010100010000000802000005");
}

TEST(sa_payload, an_unknown_attribute_in_either_form_marks_the_transform) {
  for (const auto* hex : {"0000001c 01010001 00000014 0100000c 800e0100 00110004 deadbeef",
                          "00000018 01010001 00000010 0100000c 800e0100 80120001"}) {
    const auto sa = parse(hex);
    ASSERT_TRUE(sa) << hex;
    EXPECT_TRUE(sa->proposals[0].transforms[0].unknown_attribute);
    EXPECT_EQ(sa->proposals[0].transforms[0].key_bits, 256);
  }
}

TEST(sa_payload, an_attribute_may_not_reach_past_its_transform) {
  EXPECT_EQ(error_of("0000001c 01010001 00000014 0100000c 800e0100 00110005 deadbeef"), ErrorCode::truncated);
}

TEST(sa_payload, a_key_length_in_long_form_or_twice_is_malformed) {
  EXPECT_EQ(error_of("00000016 01010001 0000000e 0100000c 000e0002 0080"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00000018 01010001 00000010 0100000c 800e0080 800e0080"), ErrorCode::malformed);
}

TEST(sa_payload, a_key_length_of_zero_never_passes_for_an_absent_one) {
  const auto sa = parse("00000014 01010001 0000000c 0100001c 800e0000");
  ASSERT_TRUE(sa);
  EXPECT_TRUE(sa->proposals[0].transforms[0].unknown_attribute);
}

TEST(sa_payload, last_markers_must_tell_the_truth) {
  EXPECT_EQ(error_of("02000010 01010001 00000008 02000005"), ErrorCode::malformed);  // more proposals: none
  EXPECT_EQ(error_of("00000010 01010001 03000008 02000005"), ErrorCode::malformed);  // more transforms: none
  EXPECT_EQ(error_of("01000010 01010001 00000008 02000005"), ErrorCode::malformed);  // no such marker
  EXPECT_EQ(error_of("00000010 01010001 00000008 02000005 00000010 02010001 00000008 02000005"), ErrorCode::malformed);
}

TEST(sa_payload, the_transform_count_must_be_right) {
  EXPECT_EQ(error_of("00000010 01010002 00000008 02000005"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00000018 01010001 03000008 02000005 00000008 02000006"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00000010 01010000 00000008 02000005"), ErrorCode::malformed);
}

TEST(sa_payload, lengths_must_be_exact) {
  EXPECT_EQ(error_of(""), ErrorCode::truncated);
  EXPECT_EQ(error_of("00000011 01010001 00000008 02000005"), ErrorCode::truncated);
  EXPECT_EQ(error_of("0000000f 01010001 00000008 02000005"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00000003 01010001 00000008 02000005"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00000010 01010001 00000007 02000005"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00000010 01010001 00000009 02000005"), ErrorCode::truncated);
}

TEST(sa_payload, spi_sizes_follow_the_protocol) {
  EXPECT_EQ(error_of("00000014 01010401 01020304 00000008 02000005"), ErrorCode::malformed);
  EXPECT_EQ(error_of("00000010 01030001 00000008 05000000"), ErrorCode::malformed);
  EXPECT_TRUE(parse("00000018 01010801 0102030405060708 00000008 02000005"));
}

TEST(sa_payload, a_proposal_for_a_protocol_of_the_future_does_not_spoil_the_others) {
  const auto sa = parse("02000012 01090201 abcd 00000008 01000001 00000010 02010001 00000008 02000005");
  ASSERT_TRUE(sa);
  EXPECT_EQ(sa->proposals[0].protocol, static_cast<Protocol>(9));
  EXPECT_EQ(sa->proposals[1].protocol, Protocol::ike);
}

TEST(sa_payload, the_number_of_proposals_is_bounded) {
  SaPayload sa;
  sa.proposals.resize(limits::kMaxProposals, Proposal{1, Protocol::ike, {}, {{TransformType::prf, 5}}});
  EXPECT_TRUE(parse(sample::body_hex(sa)));
  sa.proposals.push_back(sa.proposals.front());
  EXPECT_EQ(error_of(sample::body_hex(sa)), ErrorCode::too_large);
}

TEST(sa_payload, a_full_house_of_255_transforms_is_read) {
  SaPayload sa{
      {Proposal{1, Protocol::ike, {}, std::vector<Transform>(limits::kMaxTransforms, {TransformType::prf, 5})}}};
  const auto back = parse(sample::body_hex(sa));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->proposals, sa.proposals);
}

TEST(sa_payload, random_ones_survive_writing_and_reading) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto sa = sample::Generator(seed).sa();
    const auto back = parse(sample::body_hex(sa));
    ASSERT_TRUE(back) << seed << " " << back.error().field;
    ASSERT_EQ(back->proposals, sa.proposals) << seed;
  }
}

}  // namespace
}  // namespace dormouse::wire
