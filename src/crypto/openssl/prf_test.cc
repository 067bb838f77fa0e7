// HMAC and SHA-1 against RFC 4231 and RFC 2202.
#include <gtest/gtest.h>

#include "crypto/openssl/provider.h"
#include "crypto/testing/hex.h"

namespace dormouse::crypto::openssl {
namespace {

using testing::unhex;

struct HmacVector {
  Bytes key;
  Bytes data;
  const char *sha256, *sha384, *sha512;
};

std::vector<HmacVector> rfc4231() {
  return {
      {Bytes(20, 0x0b), to_bytes(as_bytes("Hi There")),
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
       "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
       "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f17"
       "02e696c"
       "203a126854"},
      {to_bytes(as_bytes("Jefe")), to_bytes(as_bytes("what do ya want for nothing?")),
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
       "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
       "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4"
       "b636e07"
       "0a38bce737"},
      {Bytes(20, 0xaa), Bytes(50, 0xdd), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
       "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
       "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942"
       "674278859"
       "e13292fb"},
      {unhex("0102030405060708090a0b0c0d0e0f10111213141516171819"), Bytes(50, 0xcd),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
       "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
       "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2"
       "de2adebeb"
       "10a298dd"},
      {Bytes(131, 0xaa), to_bytes(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")),
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
       "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
       "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0ae"
       "c8b915a98"
       "5d786598"},
      {Bytes(131, 0xaa),
       to_bytes(as_bytes(
           "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
           "hashed before being used by the HMAC algorithm.")),
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
       "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
       "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446"
       "065c97440"
       "fa8c6a58"},
  };
}

Bytes prf(PrfId alg, ByteView key, std::span<const ByteView> parts) {
  OpensslProvider engine;
  return to_bytes(engine.prf(alg, key, parts).value().reveal());
}

TEST(Prf, sha2_gives_the_values_of_rfc_4231) {
  for (const auto& v : rfc4231()) {
    const std::array<ByteView, 1> whole{v.data};
    EXPECT_EQ(prf(PrfId::hmac_sha2_256, v.key, whole), unhex(v.sha256));
    EXPECT_EQ(prf(PrfId::hmac_sha2_384, v.key, whole), unhex(v.sha384));
    EXPECT_EQ(prf(PrfId::hmac_sha2_512, v.key, whole), unhex(v.sha512));
  }
}

TEST(Prf, sha1_gives_the_values_of_rfc_2202) {
  const std::array hi{as_bytes("Hi There")};
  EXPECT_EQ(prf(PrfId::hmac_sha1, Bytes(20, 0x0b), hi), unhex("b617318655057264e28bc0b6fb378c8ef146be00"));
  const std::array what{as_bytes("what do ya want for nothing?")};
  EXPECT_EQ(prf(PrfId::hmac_sha1, as_bytes("Jefe"), what), unhex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
}

TEST(Prf, parts_are_joined_and_empty_ones_change_nothing) {
  const std::array parts{as_bytes("what do "), ByteView{}, as_bytes("ya want for"), as_bytes(" nothing?")};
  EXPECT_EQ(prf(PrfId::hmac_sha2_256, as_bytes("Jefe"), parts),
            unhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

TEST(Prf, an_empty_key_and_empty_data_are_a_key_and_data) {
  EXPECT_EQ(prf(PrfId::hmac_sha2_256, {}, {}),
            unhex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
}

TEST(Prf, none_is_an_error) {
  OpensslProvider engine;
  const auto r = engine.prf(PrfId::none, as_bytes("key"), {});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, ErrorCode::crypto);
}

TEST(Sha1, gives_the_value_of_its_standard) {
  OpensslProvider engine;
  const std::array parts{as_bytes("a"), as_bytes("bc")};
  EXPECT_EQ(to_bytes(engine.sha1(parts)), unhex("a9993e364706816aba3e25717850c26c9cd0d89d"));
  EXPECT_EQ(to_bytes(engine.sha1({})), unhex("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
}

}  // namespace
}  // namespace dormouse::crypto::openssl
