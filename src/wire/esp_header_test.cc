#include "wire/esp_header.h"

#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

using sample::unhex;

TEST(esp_header, spi_and_sequence_are_read_and_written) {
  const auto packet = unhex("c0ffee01 0000002a aabb");
  const auto h = parse_esp_header(packet);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->spi, EspSpi(0xc0ffee01));
  EXPECT_EQ(h->sequence, 42u);
  Bytes out(kEspHeaderSize);
  store_esp_header(*h, out);
  EXPECT_EQ(out, unhex("c0ffee01 0000002a"));
}

TEST(esp_header, short_packets_and_reserved_spis_are_refused) {
  EXPECT_EQ(parse_esp_header(unhex("c0ffee01 000000")).error().code, ErrorCode::truncated);
  EXPECT_EQ(parse_esp_header(unhex("00000000 00000001")).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_esp_header(unhex("000000ff 00000001")).error().code, ErrorCode::malformed);
  EXPECT_TRUE(parse_esp_header(unhex("00000100 00000001")));
}

TEST(udp_4500, the_three_kinds_of_datagram_are_told_apart) {
  EXPECT_EQ(classify_udp_4500(unhex("ff")), NatTraversalKind::keepalive);
  EXPECT_EQ(classify_udp_4500(unhex("00000000 0102")), NatTraversalKind::ike);
  EXPECT_EQ(classify_udp_4500(unhex("c0ffee01 00000001")), NatTraversalKind::esp);
  for (const auto* noise : {"", "00", "ffff", "c0ffee", "c0ffee01 000000"})
    EXPECT_EQ(classify_udp_4500(unhex(noise)), NatTraversalKind::noise) << noise;
}

TEST(udp_4500, the_marker_goes_before_ike_and_comes_off_again) {
  Bytes out;
  write_non_esp_marker(out);
  out.push_back(0xab);
  EXPECT_EQ(classify_udp_4500(out), NatTraversalKind::ike);
  EXPECT_EQ(to_bytes(strip_non_esp_marker(out)), unhex("ab"));
}

}  // namespace
}  // namespace dormouse::wire
