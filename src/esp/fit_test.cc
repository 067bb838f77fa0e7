#include "esp/fit.h"

#include <gtest/gtest.h>

namespace dormouse::esp {
namespace {

const Suite kGcm{.encr = EncrId::aes_gcm_16, .key_bits = 128};
const Suite kChacha{.encr = EncrId::chacha20_poly1305, .key_bits = 256};
const Suite kCbcSha1{.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha1_96};
const Suite kCbcSha256{.encr = EncrId::aes_cbc, .key_bits = 256, .integ = IntegId::hmac_sha2_256_128};
const Suite kCbcSha384{.encr = EncrId::aes_cbc, .key_bits = 192, .integ = IntegId::hmac_sha2_384_192};
const Suite kCbcSha512{.encr = EncrId::aes_cbc, .key_bits = 256, .integ = IntegId::hmac_sha2_512_256};
const Suite kSuites[] = {kGcm, kChacha, kCbcSha1, kCbcSha256, kCbcSha384, kCbcSha512};

TEST(Fit, the_largest_packet_that_fits_is_the_largest) {
  for (const auto& suite : kSuites) {
    const auto format = PacketFormat::of(suite);
    for (const bool v6 : {false, true})
      for (const Encap encap : {Encap::udp, Encap::none})
        for (std::uint32_t mtu = 500; mtu <= 1600; ++mtu) {
          const auto room = inner_room(format, v6, encap, mtu);
          ASSERT_LE(outer_headers(v6, encap) + format.total(room), mtu) << mtu;
          ASSERT_GT(outer_headers(v6, encap) + format.total(room + 1), mtu) << mtu;
        }
  }
}

TEST(Fit, a_plain_cbc_sha256_sa_on_ethernet_has_the_mtu_that_fortios_shows) {
  EXPECT_EQ(inner_room(PacketFormat::of(kCbcSha256), false, Encap::none, 1500), 1438U);
}

TEST(Fit, an_interface_fits_the_worst_of_its_suites) {
  EXPECT_EQ(inner_room(kSuites, true, Encap::udp, 1500),
            inner_room(PacketFormat::of(kCbcSha512), true, Encap::udp, 1500));
  EXPECT_EQ(inner_room(kSuites, true, Encap::udp, 1500), 1390U);
  EXPECT_EQ(inner_room(std::span(kSuites, 1), false, Encap::udp, 1500), 1438U);
}

TEST(Fit, nothing_fits_a_path_without_room_for_one_block) {
  EXPECT_EQ(inner_room(PacketFormat::of(kCbcSha512), true, Encap::udp, 119), 0U);
  EXPECT_EQ(inner_room(PacketFormat::of(kCbcSha512), true, Encap::udp, 120), 14U);
}

TEST(Fit, a_large_packet_is_treated_as_its_family_its_bit_and_the_rules_say) {
  struct Row {
    int line;
    bool v6, dont_fragment;
    std::uint32_t size, room;
    bool honor_df, fragment_inner;
    Fit fit;
  };
  const Row rows[] = {
      {1, false, true, 1400, 1300, true, false, Fit::answer}, {2, false, true, 1400, 1300, true, true, Fit::answer},
      {3, false, false, 1400, 1300, true, false, Fit::whole}, {4, false, false, 1400, 1300, true, true, Fit::fragment},
      {5, false, true, 1400, 1300, false, false, Fit::whole}, {6, false, true, 1400, 1300, false, true, Fit::fragment},
      {7, true, true, 1400, 1300, true, false, Fit::answer},  {8, true, true, 1400, 1300, false, true, Fit::answer},
      {9, true, true, 1281, 1200, true, true, Fit::answer},   {10, true, true, 1280, 1200, true, true, Fit::whole},
      {11, false, false, 1400, 60, true, true, Fit::whole},
  };
  for (const auto& r : rows)
    EXPECT_EQ(fit_of_large(r.v6, r.dont_fragment, r.size, r.room,
                           {.honor_df = r.honor_df, .fragment_inner = r.fragment_inner}),
              r.fit)
        << "line " << r.line;
  EXPECT_EQ(mtu_to_tell(true, 1200), 1280U) << "an IPv6 host takes no less for an answer";
  EXPECT_EQ(mtu_to_tell(true, 1300), 1300U);
  EXPECT_EQ(mtu_to_tell(false, 500), 500U);
}

}  // namespace
}  // namespace dormouse::esp
