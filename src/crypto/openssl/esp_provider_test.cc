// ESP packets of RFCs and other implementations, opened by the OpenSSL engine.
#include <gtest/gtest.h>
#include <set>

#include "crypto/openssl/ciphers.h"
#include "crypto/openssl/provider.h"
#include "crypto/testing/esp_packet.h"
#include "crypto/testing/hex.h"
#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/suites.h"

namespace dormouse::crypto::openssl {
namespace {

using testing::EspPacket;
using testing::unhex;

/// Opens `packet` (SPI to ICV) and gives the body, or nothing.
Bytes open_packet(EspCipher& c, Bytes packet, std::uint64_t seq) {
  const auto around = 8 + c.iv_size() + c.icv_size();
  EspJob job{packet.data(), static_cast<std::uint32_t>(packet.size() - around), seq, false};
  c.open({&job, 1});
  if (!job.ok) return {};
  const auto body = ByteView(packet).subspan(8 + c.iv_size(), job.body_size);
  return to_bytes(body);
}

TEST(Esp, opens_the_chacha_packet_of_rfc_7634) {
  OpensslEspProvider engine;
  const auto c =
      engine
          .cipher({.encr = EncrId::chacha20_poly1305, .key_bits = 256},
                  unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3"), {}, true)
          .value();
  const auto packet = unhex(
      "0102030400000005 1011121314151617"
      "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
      "14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
      "cbec163fac469b502773f6fb94e664da9165b82829f641e0"
      "76aaa8266b7fb0f7b11b369907e1ad43");
  EXPECT_EQ(open_packet(*c, packet, 5), unhex("45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10"
                                              "0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
                                              "2425262728292a2b2c2d2e2f303132333435363701020204"));
}

TEST(Esp, opens_a_gcm_packet_with_esn) {
  // The first vector of McGrew's collection for RFC 4106.
  OpensslEspProvider engine;
  const auto c = engine
                     .cipher({.encr = EncrId::aes_gcm_16, .key_bits = 128, .esn = EsnId::yes},
                             unhex("4c80cdefbb5d10da906ac73c3613a634 2e443b68"), {}, true)
                     .value();
  const auto packet = unhex(
      "0000432100000000 4956ed7e3b244cfe"
      "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf"
      "65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
      "61bc17d768fd9732459018148f6cbe722fd04796562dfdb4");
  EXPECT_EQ(open_packet(*c, packet, 0x8765432100000000),
            unhex("45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000000000"
                  "00045f736970045f756470037369700963796265726369747902646b000021000101020201"));
  EXPECT_TRUE(open_packet(*c, packet, 0x8765432000000000).empty()) << "another high half";
}

/// RFC 3602 gives packets without an ICV: it is computed here over SPI, sequence number, IV, ciphertext and, with ESN,
/// the high half (RFC 4303 3.3.2), as the receiver must.
Bytes with_icv(Bytes packet, ByteView key, const Suite& s, std::uint32_t high) {
  OpensslProvider engine;
  const auto prf = s.integ == IntegId::hmac_sha1_96        ? PrfId::hmac_sha1
                   : s.integ == IntegId::hmac_sha2_256_128 ? PrfId::hmac_sha2_256
                   : s.integ == IntegId::hmac_sha2_384_192 ? PrfId::hmac_sha2_384
                                                           : PrfId::hmac_sha2_512;
  std::array<std::uint8_t, 4> tail{};
  store32(tail.data(), high);
  const std::array<ByteView, 2> parts{packet, s.esn == EsnId::yes ? ByteView(tail) : ByteView{}};
  const auto mac = engine.prf(prf, key, parts).value();
  const auto icv = mac.reveal().first(integ_icv_size(s.integ));
  packet.insert(packet.end(), icv.begin(), icv.end());
  return packet;
}

TEST(Esp, opens_the_cbc_packet_of_rfc_3602_under_every_integrity_algorithm) {
  const auto packet = unhex(
      "0000876500000002 f4e765244f6407adf13dc1380f673f37"
      "773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8"
      "e4ecaec78ac53aad7a0f022b859243c647752e94a859352b8a4d4d2decd136e5"
      "c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d");
  const auto body = unhex(
      "45000054090400004001f988c0a87b03c0a87bc808009f76a90a0100b49c083d"
      "02a2040008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
      "2425262728292a2b2c2d2e2f30313233343536370102030405060708090a0a04");
  OpensslEspProvider engine;
  testing::SeededRng rng(1);
  for (const auto esn : {EsnId::no, EsnId::yes}) {
    for (auto s : testing::all_esp_suites(esn)) {
      if (s.encr != EncrId::aes_cbc || s.key_bits != 128) continue;
      SCOPED_TRACE(token_of(s, Protocol::esp));
      const auto integ = rng.bytes(integ_key_size(s.integ));
      const auto c = engine.cipher(s, unhex("0123456789abcdef0123456789abcdef"), integ, true).value();
      EXPECT_EQ(open_packet(*c, with_icv(packet, integ, s, 7), 7ULL << 32 | 2), body);
      EXPECT_EQ(open_packet(*c, with_icv(packet, integ, s, 7), 8ULL << 32 | 2).empty(), esn == EsnId::yes);
    }
  }
}

TEST(Cbc, gives_the_values_of_rfc_3602_and_of_its_standard) {
  struct Vector {
    std::uint16_t bits;
    const char *key, *iv, *plain, *cipher;
  };
  // RFC 3602 cases 2 and 4; SP 800-38A F.2.1, F.2.3, F.2.5 (first block).
  const std::array vectors{
      Vector{128, "c286696d887c9aa0611bbb3e2025a45a", "562e17996d093d28ddb3ba695a2e6f58",
             "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
             "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1"},
      Vector{128, "56e47a38c5598974bc46903dba290349", "8ce82eefbea0da3c44699ed7db51b7d9",
             "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
             "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf",
             "c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e"
             "35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55"},
      Vector{128, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
             "6bc1bee22e409f96e93d7e117393172a", "7649abac8119b246cee98e9b12e9197d"},
      Vector{192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "000102030405060708090a0b0c0d0e0f",
             "6bc1bee22e409f96e93d7e117393172a", "4f021db243bc633d7178183a9fa071e8"},
      Vector{256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
             "000102030405060708090a0b0c0d0e0f", "6bc1bee22e409f96e93d7e117393172a",
             "f58c4c04d6e5f1ba779eabfb5f7bfbd6"},
  };
  const Algorithms algorithms;
  for (const auto& v : vectors) {
    const auto* alg = algorithms.cipher(EncrId::aes_cbc, v.bits);
    Bytes data = unhex(v.plain);
    ASSERT_TRUE(Cbc(alg, unhex(v.key), true).run(unhex(v.iv).data(), data.data(), data.size()));
    EXPECT_EQ(data, unhex(v.cipher));
    ASSERT_TRUE(Cbc(alg, unhex(v.key), false).run(unhex(v.iv).data(), data.data(), data.size()));
    EXPECT_EQ(data, unhex(v.plain));
  }
}

TEST(Esp, the_iv_of_an_aead_is_the_sequence_number_and_that_of_cbc_is_random) {
  OpensslEspProvider engine;
  for (const auto& s : testing::all_esp_suites(EsnId::no)) {
    SCOPED_TRACE(token_of(s, Protocol::esp));
    const auto c =
        engine.cipher(s, Bytes(encr_key_size(s.encr, s.key_bits), 1), Bytes(integ_key_size(s.integ), 2), false).value();
    EspPacket a(*c, 1, 0x0102030405060708, Bytes(16));
    EspPacket b(a);
    ASSERT_TRUE(a.seal(*c));
    ASSERT_TRUE(b.seal(*c));
    if (is_aead(s.encr)) {
      EXPECT_EQ(load64(a.octets.data() + 8), 0x0102030405060708U);
    } else {
      EXPECT_FALSE(equal(ByteView(a.octets).subspan(8, 16), ByteView(b.octets).subspan(8, 16)));
    }
  }
}

TEST(Esp, the_random_ivs_of_a_large_batch_all_differ) {
  OpensslEspProvider engine;
  const Suite s{.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha1_96};
  const auto c = engine.cipher(s, Bytes(16, 1), Bytes(20, 2), false).value();
  std::vector<EspPacket> packets;
  std::vector<EspJob> jobs;
  packets.reserve(200);
  for (std::uint64_t seq = 1; seq <= 200; ++seq) {
    packets.emplace_back(*c, 1, seq, Bytes(16));
    jobs.push_back(packets.back().job);
  }
  c->seal(jobs);
  std::set<Bytes> ivs;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_TRUE(jobs[i].ok) << i;
    ivs.insert(to_bytes(ByteView(packets[i].octets).subspan(8, 16)));
  }
  EXPECT_EQ(ivs.size(), jobs.size());
}

TEST(Esp, a_cbc_body_that_is_no_whole_blocks_does_not_open) {
  OpensslEspProvider engine;
  const Suite s{.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha2_256_128};
  const Bytes integ(32, 3);
  const auto c = engine.cipher(s, Bytes(16, 1), integ, true).value();
  const auto packet = with_icv(Bytes(8 + 16 + 20, 5), integ, s, 0);
  EXPECT_TRUE(open_packet(*c, packet, 1).empty());
}

}  // namespace
}  // namespace dormouse::crypto::openssl
