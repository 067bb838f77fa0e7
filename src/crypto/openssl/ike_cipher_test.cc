// Protection of the SK payload: known messages, round trips, and every changed bit.
#include <algorithm>
#include <gtest/gtest.h>

#include "crypto/openssl/provider.h"
#include "crypto/testing/hex.h"
#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/suites.h"

namespace dormouse::crypto::openssl {
namespace {

using testing::SeededRng;
using testing::unhex;

constexpr std::size_t kHeader = 32;  // IKE header and the generic header of the SK payload

std::unique_ptr<IkeCipher> cipher(const Suite& s, std::uint64_t seed) {
  OpensslProvider engine;
  SeededRng rng(seed);
  const auto key = rng.bytes(encr_key_size(s.encr, s.key_bits));
  return engine.ike_cipher(s, key, rng.bytes(integ_key_size(s.integ))).value();
}

/// An unsealed message around `plain`.
Bytes message(const IkeCipher& c, ByteView plain) {
  Bytes out(kHeader + c.iv_size() + plain.size() + c.icv_size());
  for (std::size_t i = 0; i < kHeader; ++i) out[i] = static_cast<std::uint8_t>(i * 7);
  if (!plain.empty()) std::memcpy(out.data() + kHeader + c.iv_size(), plain.data(), plain.size());
  return out;
}

/// Opens a known message: associated data, IV, ciphertext and tag as their source gives them.
Bytes open_known(const Suite& s, const char* key, std::string_view aad, std::string_view rest) {
  OpensslProvider engine;
  const auto c = engine.ike_cipher(s, unhex(key), {}).value();
  Bytes m = unhex(aad);
  const auto header = m.size();
  const auto tail = unhex(rest);
  m.insert(m.end(), tail.begin(), tail.end());
  const auto plain = c->open(m, header);
  return plain ? to_bytes(*plain) : Bytes{};
}

TEST(IkeCipher, opens_the_chacha_message_of_rfc_7634) {
  const auto plain = open_known({.encr = EncrId::chacha20_poly1305, .key_bits = 256},
                                "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3",
                                "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029",
                                "1011121314151617 610394701f8d017f7c12924889 6b71bfe25236efd7cdc67066906315b2");
  EXPECT_EQ(plain, unhex("0000000c000040010000000a00"));
}

TEST(IkeCipher, opens_gcm_as_its_specification_does) {
  // Test cases 4 and 16: twenty octets of associated data, a last block that is not full.
  const char* aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
  const auto plain = unhex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  EXPECT_EQ(open_known({.encr = EncrId::aes_gcm_16, .key_bits = 128}, "feffe9928665731c6d6a8f9467308308 cafebabe", aad,
                       "facedbaddecaf888"
                       "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                       "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
                       "5bc94fbc3221a5db94fae95ae7121a47"),
            plain);
  EXPECT_EQ(open_known({.encr = EncrId::aes_gcm_16, .key_bits = 256},
                       "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308 cafebabe", aad,
                       "facedbaddecaf888"
                       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                       "76fc6ece0f4e1768cddf8853bb2d551b"),
            plain);
}

TEST(IkeCipher, what_one_end_seals_the_other_opens) {
  SeededRng rng(1);
  for (const auto& s : testing::all_esp_suites(EsnId::no)) {
    SCOPED_TRACE(token_of(s, Protocol::esp));
    const auto sender = cipher(s, 2);
    const auto receiver = cipher(s, 2);
    for (std::size_t size = sender->block_size(); size < 600; size += sender->block_size()) {
      const auto plain = rng.bytes(size);
      Bytes m = message(*sender, plain);
      const Bytes header(m.begin(), m.begin() + kHeader);
      ASSERT_TRUE(sender->seal(m, kHeader, rng));
      ASSERT_TRUE(equal(ByteView(m).first(kHeader), header));
      if (size >= 16) {
        ASSERT_FALSE(equal(ByteView(m).subspan(kHeader + sender->iv_size(), size), plain));
      }
      const auto opened = receiver->open(m, kHeader);
      ASSERT_TRUE(opened) << size;
      ASSERT_TRUE(equal(*opened, plain)) << size;
    }
  }
}

TEST(IkeCipher, a_change_of_any_bit_is_found) {
  SeededRng rng(3);
  for (const auto& s : testing::all_esp_suites(EsnId::no)) {
    SCOPED_TRACE(token_of(s, Protocol::esp));
    const auto c = cipher(s, 4);
    Bytes m = message(*c, rng.bytes(48));
    ASSERT_TRUE(c->seal(m, kHeader, rng));
    for (std::size_t bit = 0; bit < m.size() * 8; ++bit) {
      Bytes bad = m;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      const auto r = c->open(bad, kHeader);
      ASSERT_FALSE(r) << "bit " << bit;
      ASSERT_EQ(r.error().code, ErrorCode::auth_failed);
    }
    EXPECT_TRUE(c->open(m, kHeader));
  }
}

TEST(IkeCipher, a_message_cut_anywhere_does_not_open) {
  SeededRng rng(5);
  for (const auto& s : testing::all_esp_suites(EsnId::no)) {
    SCOPED_TRACE(token_of(s, Protocol::esp));
    const auto c = cipher(s, 6);
    Bytes m = message(*c, rng.bytes(64));
    ASSERT_TRUE(c->seal(m, kHeader, rng));
    for (std::size_t size = kHeader; size < m.size(); ++size) {
      Bytes cut(m.begin(), m.begin() + static_cast<std::ptrdiff_t>(size));
      const auto r = c->open(cut, kHeader);
      ASSERT_FALSE(r) << size;
      ASSERT_EQ(r.error().code, ErrorCode::auth_failed);
    }
  }
}

TEST(IkeCipher, ivs_do_not_repeat) {
  SeededRng rng(7);
  for (const auto& s : testing::all_esp_suites(EsnId::no)) {
    SCOPED_TRACE(token_of(s, Protocol::esp));
    const auto c = cipher(s, 8);
    std::vector<Bytes> seen;
    for (int i = 0; i < 50; ++i) {
      Bytes m = message(*c, Bytes(16));
      ASSERT_TRUE(c->seal(m, kHeader, rng));
      Bytes iv(m.begin() + kHeader, m.begin() + kHeader + static_cast<std::ptrdiff_t>(c->iv_size()));
      ASSERT_EQ(std::ranges::count(seen, iv), 0);
      seen.push_back(iv);
    }
  }
}

TEST(IkeCipher, another_key_does_not_open) {
  SeededRng rng(9);
  for (const auto& s : testing::all_esp_suites(EsnId::no)) {
    const auto c = cipher(s, 10);
    Bytes m = message(*c, rng.bytes(32));
    ASSERT_TRUE(c->seal(m, kHeader, rng));
    EXPECT_FALSE(cipher(s, 11)->open(m, kHeader));
  }
}

TEST(IkeCipher, a_body_that_is_no_whole_blocks_cannot_be_sealed) {
  SeededRng rng(12);
  const auto c = cipher({.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha2_256_128}, 13);
  Bytes m = message(*c, Bytes(17));
  EXPECT_FALSE(c->seal(m, kHeader, rng));
  Bytes small(kHeader + 4);
  EXPECT_FALSE(c->seal(small, kHeader, rng));
  const auto aead = cipher({.encr = EncrId::aes_gcm_16, .key_bits = 128}, 13);
  EXPECT_FALSE(aead->seal(small, kHeader, rng));
}

TEST(IkeCipher, keys_of_a_wrong_size_are_refused) {
  OpensslProvider engine;
  for (const auto& s : testing::all_esp_suites(EsnId::no)) {
    const Bytes key(encr_key_size(s.encr, s.key_bits));
    const Bytes integ(integ_key_size(s.integ));
    EXPECT_TRUE(engine.ike_cipher(s, key, integ));
    EXPECT_FALSE(engine.ike_cipher(s, ByteView(key).first(key.size() - 1), integ));
    EXPECT_FALSE(engine.ike_cipher(s, key, Bytes(integ.size() + 1)));
  }
  EXPECT_FALSE(engine.ike_cipher({.encr = EncrId::aes_cbc, .key_bits = 128}, Bytes(16), {})) << "no integrity";
  EXPECT_FALSE(engine.ike_cipher({.encr = EncrId::null, .integ = IntegId::hmac_sha2_256_128}, {}, Bytes(32)));
}

}  // namespace
}  // namespace dormouse::crypto::openssl
