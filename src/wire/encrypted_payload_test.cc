#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

using sample::unhex;

/// A message with the given first payload type and chain.
Bytes message(std::string_view first, std::string_view chain) {
  auto out = unhex("0102030405060708 1112131415161718" + std::string(first) + "20 25 08 00000001 00000000" +
                   std::string(chain));
  store32(out.data() + 24, static_cast<std::uint32_t>(out.size()));
  return out;
}

TEST(encrypted_payload, sk_tells_its_first_payload_and_where_the_iv_is) {
  const auto m = parse_message(message("2e", "2a000008 aabbccdd"));
  ASSERT_TRUE(m);
  ASSERT_TRUE(m->encrypted);
  EXPECT_EQ(m->encrypted->first_inner, PayloadType::delete_);
  EXPECT_EQ(m->encrypted->body_offset, 32u);
  EXPECT_EQ(m->encrypted->fragments, 0);
}

TEST(encrypted_payload, skf_tells_its_number_and_total) {
  const auto m = parse_message(message("35", "2300000c 00020003 aabbccdd"));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->encrypted->fragment, 2);
  EXPECT_EQ(m->encrypted->fragments, 3);
  EXPECT_EQ(m->encrypted->body_offset, 36u);
}

TEST(encrypted_payload, a_fragment_number_is_between_one_and_the_total) {
  for (const auto* numbers : {"00000000", "00000001", "00010000", "00040003"})
    EXPECT_EQ(parse_message(message("35", "00000008" + std::string(numbers))).error().code, ErrorCode::malformed)
        << numbers;
  EXPECT_EQ(parse_message(message("35", "00000006 0001")).error().code, ErrorCode::truncated);
}

TEST(encrypted_payload, it_must_be_the_last_payload) {
  EXPECT_EQ(parse_message(message("2e", "2a000008 aabbccdd 00000004")).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_message(message("35", "2a00000c 00010001 aabbccdd 00")).error().code, ErrorCode::malformed);
  EXPECT_STREQ(parse_message(message("2e", "2a000008 aabbccdd 00")).error().field, "after the encrypted payload");
}

TEST(encrypted_payload, clear_payloads_before_it_are_read) {
  const auto m = parse_message(message("2b", "2e000006 abcd 00000008 aabbccdd"));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->payloads.size(), 1u);
  EXPECT_EQ(m->encrypted->body_offset, 38u);
}

TEST(serialize_for_seal, room_and_padding_are_right_for_every_cipher_and_length) {
  for (const std::size_t block : {0u, 1u, 4u, 8u, 16u}) {
    for (std::size_t n = 0; n < 40; ++n) {
      Header h;
      h.spi_i = IkeSpi(1);
      std::size_t header_size = 0;
      const auto out = serialize_for_seal(h, {VendorIdPayload{Bytes(n, 0xaa)}}, 8, block, 16, header_size);
      ASSERT_EQ(header_size, kHeaderSize + 4);
      const auto m = parse_message(out);
      ASSERT_TRUE(m);
      ASSERT_EQ(m->encrypted->body_offset, header_size);
      ASSERT_EQ(m->encrypted->first_inner, PayloadType::vendor_id);
      const auto plaintext = ByteView(out).subspan(header_size + 8, out.size() - header_size - 8 - 16);
      if (block > 1) {
        ASSERT_EQ(plaintext.size() % block, 0u);
      }
      ASSERT_LT(plaintext.size(), n + 4 + 1 + std::max<std::size_t>(block, 1));
      const auto inner = strip_padding(plaintext);
      ASSERT_TRUE(inner);
      const auto back = parse_payloads(m->encrypted->first_inner, *inner, 40);
      ASSERT_TRUE(back);
      ASSERT_EQ(std::get<VendorIdPayload>(back->front()).data.size(), n);
    }
  }
}

TEST(serialize_for_seal, an_empty_message_names_no_payload) {
  Header h;
  h.spi_i = IkeSpi(1);
  std::size_t header_size = 0;
  const auto out = serialize_for_seal(h, {}, 8, 1, 16, header_size);
  EXPECT_EQ(out.size(), 57u);  // the size of an empty AES-GCM message of every other implementation
  EXPECT_EQ(parse_message(out)->encrypted->first_inner, PayloadType::none);
}

TEST(strip_padding, the_pad_length_may_cover_all_but_not_more) {
  EXPECT_EQ(strip_padding({}).error().code, ErrorCode::malformed);
  EXPECT_TRUE(strip_padding(unhex("00"))->empty());
  EXPECT_TRUE(strip_padding(unhex("000002"))->empty());
  EXPECT_EQ(strip_padding(unhex("000003")).error().code, ErrorCode::malformed);
  const auto octets = unhex("abcdef0001");
  EXPECT_EQ(to_bytes(*strip_padding(octets)), unhex("abcdef"));
}

}  // namespace
}  // namespace dormouse::wire
