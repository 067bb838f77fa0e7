#include "wire/dump.h"

#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

TEST(dump, a_message_is_shown_field_by_field) {
  Message m;
  m.header.spi_i = IkeSpi(0x0102030405060708);
  m.header.exchange = ExchangeType::ike_sa_init;
  m.header.initiator = true;
  m.header.length = 200;
  m.payloads = {SaPayload{{Proposal{1, Protocol::ike, {}, {{TransformType::encr, 12, 128}, {TransformType::ke, 19}}}}},
                KePayload{KeId::ecp256, {1, 2}},
                NotifyPayload{Protocol::esp, {0xc0, 0xff, 0xee, 1}, NotifyType::rekey_sa, {}},
                DeletePayload{Protocol::esp, {EspSpi(0xc0ffee01)}},
                TsPayload{true, {TrafficSelector::any(Family::v4)}},
                ConfigPayload{1, {{1, {}}}},
                UnknownPayload{200, {9}}};
  m.encrypted = EncryptedPart{PayloadType::id_i, 180, 1, 2};
  EXPECT_EQ(dump(m),
            "SA_INIT spi_i=0102030405060708 spi_r=0000000000000000 from=initiator message_id=0 length=200\n"
            "  SA\n"
            "    proposal 1 IKE spi=-\n"
            "      ENCR AES_CBC (key_len = 128)\n"
            "      KE ECP256\n"
            "  KE group=ECP256 data=0102\n"
            "  N REKEY_SA protocol=ESP spi=c0ffee01\n"
            "  D protocol=ESP spi=c0ffee01\n"
            "  TSr\n"
            "    protocol=0 ports=0-65535 addresses=0.0.0.0-255.255.255.255\n"
            "  CP type=1\n"
            "    attribute 1 value=-\n"
            "  200 body=09\n"
            "  SKF fragment=1/2 first=IDi offset=180\n");
}

TEST(dump, long_octet_strings_are_cut_and_their_size_told) {
  const auto text = dump({Payload{VendorIdPayload{Bytes(65, 0xab)}}});
  EXPECT_EQ(text.substr(0, 11), "V data=abab");
  EXPECT_NE(text.find("... (65 octets)\n"), std::string::npos);
}

TEST(dump, whatever_the_peer_sent_the_text_is_printable) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto text = dump(sample::Generator(seed).payloads());
    for (const char c : text) ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << seed;
  }
}

}  // namespace
}  // namespace dormouse::wire
