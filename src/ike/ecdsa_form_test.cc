// The two forms of an ECDSA signature, one made into the other.
#include "ike/ecdsa_form.h"

#include <gtest/gtest.h>

#include "crypto/testing/seeded_rng.h"

namespace dormouse::ike {
namespace {

Bytes raw_of(std::initializer_list<std::uint8_t> r, std::initializer_list<std::uint8_t> s, std::size_t half) {
  Bytes out(2 * half);
  std::copy(r.begin(), r.end(), out.begin() + static_cast<std::ptrdiff_t>(half - r.size()));
  std::copy(s.begin(), s.end(), out.begin() + static_cast<std::ptrdiff_t>(2 * half - s.size()));
  return out;
}

TEST(EcdsaForm, pads_short_numbers_to_the_width_of_the_curve) {
  const Bytes der{0x30, 0x07, 0x02, 0x01, 0x05, 0x02, 0x02, 0x00, 0x80};
  const auto raw = raw_of_ecdsa_der(der, 32);
  ASSERT_TRUE(raw);
  EXPECT_EQ(*raw, raw_of({0x05}, {0x80}, 32));
  EXPECT_EQ(*ecdsa_der_of_raw(*raw), der);
}

TEST(EcdsaForm, is_the_same_after_both_ways_for_every_curve) {
  crypto::testing::SeededRng rng(7);
  for (const std::size_t half : {32U, 48U, 66U})
    for (int i = 0; i < 300; ++i) {
      auto raw = rng.bytes(2 * half);
      for (std::size_t zeros = rng.below(half); zeros > 0; --zeros) raw[zeros - 1] = 0;
      const auto der = ecdsa_der_of_raw(raw);
      ASSERT_TRUE(der);
      const auto back = raw_of_ecdsa_der(*der, half);
      ASSERT_TRUE(back);
      EXPECT_EQ(*back, raw);
    }
}

TEST(EcdsaForm, refuses_every_other_way_to_write_the_same) {
  const auto refused = [](Bytes der) { return !raw_of_ecdsa_der(der, 32); };
  EXPECT_TRUE(refused({})) << "nothing";
  EXPECT_TRUE(refused({0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01})) << "cut";
  EXPECT_TRUE(refused({0x31, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06})) << "not a SEQUENCE";
  EXPECT_TRUE(refused({0x30, 0x06, 0x03, 0x01, 0x05, 0x02, 0x01, 0x06})) << "not an INTEGER";
  EXPECT_TRUE(refused({0x30, 0x06, 0x02, 0x01, 0x85, 0x02, 0x01, 0x06})) << "negative";
  EXPECT_TRUE(refused({0x30, 0x07, 0x02, 0x02, 0x00, 0x05, 0x02, 0x01, 0x06})) << "a zero too many";
  EXPECT_TRUE(refused({0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x06})) << "an empty INTEGER";
  EXPECT_TRUE(refused({0x30, 0x81, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06})) << "a long length for a short one";
  EXPECT_TRUE(refused({0x30, 0x80, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06, 0x00, 0x00})) << "an open length";
  EXPECT_TRUE(refused({0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06, 0x00})) << "something behind it";
  EXPECT_TRUE(refused({0x30, 0x09, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06, 0x02, 0x01, 0x07})) << "three numbers";
  EXPECT_FALSE(refused({0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x06}));
}

TEST(EcdsaForm, refuses_numbers_wider_than_the_curve) {
  const auto der = ecdsa_der_of_raw(raw_of({0x01, 0x02, 0x03}, {0x04}, 32));
  ASSERT_TRUE(der);
  EXPECT_FALSE(raw_of_ecdsa_der(*der, 2));
  EXPECT_TRUE(raw_of_ecdsa_der(*der, 3));
}

TEST(EcdsaForm, takes_no_raw_signature_of_odd_or_excessive_length) {
  EXPECT_FALSE(ecdsa_der_of_raw({}));
  EXPECT_FALSE(ecdsa_der_of_raw(Bytes(63, 1)));
  EXPECT_FALSE(ecdsa_der_of_raw(Bytes(134, 1)));
  EXPECT_TRUE(ecdsa_der_of_raw(Bytes(132, 1)));
}

}  // namespace
}  // namespace dormouse::ike
