// The key schedule with the real PRFs. The expected values come from a few lines of Python's hmac, not from this
// program.
#include "crypto/keymat.h"

#include <gtest/gtest.h>

#include "crypto/openssl/provider.h"
#include "crypto/testing/hex.h"

namespace dormouse::crypto::openssl {
namespace {

using testing::unhex;

Bytes count_up(unsigned first, unsigned end) {
  Bytes out;
  for (unsigned i = first; i < end; ++i) out.push_back(static_cast<std::uint8_t>(i));
  return out;
}

const IkeSpi kSpiI{0x0102030405060708};
const IkeSpi kSpiR{0x1112131415161718};

void expect_hex(const SecretBytes& have, const char* want) { EXPECT_EQ(to_bytes(have.reveal()), unhex(want)); }

struct LoginVector {
  Suite suite;
  const char *skeyseed, *sk_d, *sk_ai, *sk_ar, *sk_ei, *sk_er, *sk_pi, *sk_pr;
  const char* rekeyed;
  const char *encr_i, *integ_i, *encr_r, *integ_r;
  const char *pfs_encr_i, *pfs_integ_r;
  const char* auth;
};

const std::array kLogins{
    LoginVector{.suite = {EncrId::aes_cbc, 128, PrfId::hmac_sha2_256, IntegId::hmac_sha2_256_128},
                .skeyseed = "3bc1b12fc08c002b0b61d60267b95e73ecc287392f21d1477d2c87c5cd6e3bba",
                .sk_d = "5eb522af2ffc96db925aab7023a91e66120217d21a091c0c96929dbf5978ecc3",
                .sk_ai = "ba4f9da85544ce7cdd1cd14c57afa6ab7ae196a2c37fbeaf4a1430d5c4681a58",
                .sk_ar = "23399d7632ec1f5de7a89e16b7b91fa61deb457cc112d5df8e61402134487273",
                .sk_ei = "dfa203d19d0b31531369c94a1d0fd40a",
                .sk_er = "b2fc79199fdd2e377ba07323a336b825",
                .sk_pi = "f78be38b01cfc8717a3a12fff219bb0a4f9b08be2d1f0a4ba31a82a7e1690e0d",
                .sk_pr = "24f52dcea86f6af46383fff7cbfe127588774455f7e9abc09741e7e884aad69a",
                .rekeyed = "450429af4d1189b528243b106566377ba26c4c27f67c1df6297f7cfd8c88c722",
                .encr_i = "7615c1ae16e51eb38a44fe273471d5f1",
                .integ_i = "a0c389af3f2ec7c44a278b518fa7bd7b2a15cdd286148c8f074af15bedb21254",
                .encr_r = "699e89d9fed6e94e2fa8fc7accb32487",
                .integ_r = "b63274388810a0fd8508f5c058c3d31eca19c245bca5ab856c1bf58eb0a5b1a2",
                .pfs_encr_i = "acafb1d79b6f40a69a56bd004daf983e",
                .pfs_integ_r = "c85d539e3b53704275c582b65fcc3aeaf46af06ffcb534a0d1d152810aef295b",
                .auth = "232c7feeed5abd1125736fd4603a01e8dc5b2b769aa876425f44dfba7d18e20b"},
    LoginVector{
        .suite = {EncrId::aes_cbc, 256, PrfId::hmac_sha2_384, IntegId::hmac_sha2_384_192},
        .skeyseed = "c01fe2fb33bdbca36e989a3c4e26a643bbc65eecaad6d1b3456607b1cacb6c363cdf71e551349254d1ca1c100fca730f",
        .sk_d = "016a18340a033e6d0859dcec4ca0971ec9bb2ddc3964a2f6bdcc665b9eed60ec62d2cb3b2bcd533c72d794a6db10c541",
        .sk_ai = "363058a763268e17c2dc11a17d9a012ecd9e95d6633ab7506f177a221b144c59f8a000101dc1f2d0c9789483ba05a831",
        .sk_ar = "811e9424af2d089a31f73bec99277de2bbea5393ec748dd05eea5c569a5c2fde6d152f72f4db0c4001262841b0ba8bd0",
        .sk_ei = "000902d76b72bbc93375dec2dbbd33591afa01ef92397da369b8ee8432c3e665",
        .sk_er = "f18d893ecb3882b36c48779989271fa15d4e8ed7058b06b4935a7c69ebc8dd5d",
        .sk_pi = "502966b64042ed9df46630539c70675f60b25697eed12c74fef6fe5de6eb3a87d74f1d3c8ddf37b964b5606fac6af4a2",
        .sk_pr = "e0fee7faaba1655f8eb7993f2060152edf709cb7f9d5e94ab7de3210ef6a21fad0cd08875b5bb450defd5432614e2a1e",
        .rekeyed = "a9ed483d6858126a4f230f84a347a0d524cd3e20d277a84456ba982beaf05bd1edb44e57ddef116aabda0a689d84ac9e",
        .encr_i = "599f13b2e7fd063b16d0060dd53b7cd290431118c2492593358ab4add43c1ea3",
        .integ_i = "5bf1447e41e520a66c5796e229800235497385672cf4ca15833fddf2f3f7a1f30bf090f1690154f4be0a0c3ab1c23693",
        .encr_r = "8ad9f3569449d0e019e392830abcbfcb39f96803be9f636b178a44483c556f40",
        .integ_r = "91e2557e7f15b1eb4cf0cc791d522f5e40641ea693711bb3fcd3586570c492df1d0ed4eaa977a78270b5b75567d4611d",
        .pfs_encr_i = "dc47ea32a06f7e679da58606bb09e02bf61be5f3ec21fd4e65bdcaa2700e0318",
        .pfs_integ_r =
            "2e88db27f7270ac030b4ac3b9a26b8b4272d080f035861abbcd98cdf6327b40e662340572054585f942a222a67a76e63",
        .auth = "ae764232e7f660e274b4e98cd9e16869257280025f36051106b9bcdddae0815d2e634eff5c3b149de397c31df990fa71"},
};

TEST(Keymat, a_login_has_the_keys_computed_elsewhere) {
  OpensslProvider engine;
  const auto ni = count_up(0x40, 0x60);
  const auto nr = count_up(0x80, 0xa0);
  const auto g_ir = count_up(0, 256);
  for (const auto& v : kLogins) {
    const auto prf = v.suite.prf;
    const auto seed = skeyseed_initial(engine, prf, ni, nr, g_ir).value();
    expect_hex(seed, v.skeyseed);
    const auto k = derive_ike_keys(engine, v.suite, seed.reveal(), ni, nr, kSpiI, kSpiR).value();
    expect_hex(k.sk_d, v.sk_d);
    expect_hex(k.sk_ai, v.sk_ai);
    expect_hex(k.sk_ar, v.sk_ar);
    expect_hex(k.sk_ei, v.sk_ei);
    expect_hex(k.sk_er, v.sk_er);
    expect_hex(k.sk_pi, v.sk_pi);
    expect_hex(k.sk_pr, v.sk_pr);
    expect_hex(skeyseed_rekey(engine, prf, k.sk_d.reveal(), g_ir, ni, nr).value(), v.rekeyed);

    const auto child = derive_child_keys(engine, prf, v.suite, k.sk_d.reveal(), {}, ni, nr).value();
    expect_hex(child.encr_i, v.encr_i);
    expect_hex(child.integ_i, v.integ_i);
    expect_hex(child.encr_r, v.encr_r);
    expect_hex(child.integ_r, v.integ_r);
    const auto pfs = derive_child_keys(engine, prf, v.suite, k.sk_d.reveal(), g_ir, ni, nr).value();
    expect_hex(pfs.encr_i, v.pfs_encr_i);
    expect_hex(pfs.integ_r, v.pfs_integ_r);

    const auto id = unhex("02000000 77657374");
    expect_hex(
        psk_auth(engine, prf, as_bytes("correct horse"), as_bytes("the message"), nr, k.sk_pi.reveal(), id).value(),
        v.auth);
  }
}

TEST(Keymat, an_aead_suite_has_no_integrity_keys_and_a_salt_behind_each_cipher_key) {
  OpensslProvider engine;
  const auto ni = count_up(0x40, 0x60);
  const auto nr = count_up(0x80, 0xa0);
  const Suite s{EncrId::aes_gcm_16, 256, PrfId::hmac_sha2_256};
  const auto k = derive_ike_keys(engine, s, unhex("eb2796b8af31610c6cad1f2f6413e1069a361ab84c209c0308317f4a0d7932f7"),
                                 ni, nr, kSpiI, kSpiR)
                     .value();
  expect_hex(k.sk_d, "03c93227fcd44a532a1d614641c4a5c94bdd7ef2d7a1c86fd9e327d7e77fa679");
  EXPECT_TRUE(k.sk_ai.empty());
  EXPECT_TRUE(k.sk_ar.empty());
  expect_hex(k.sk_ei, "5f6cb5315aeac5d68dd0491ecd41920799242a8a61dbd2825bef62421dfbe9f001f1548c");
  expect_hex(k.sk_er, "dd442ff16b0a2503a3108da00bf656089201507cfaaa1cdbbf7a8bac6b46b3845141c862");
  expect_hex(k.sk_pi, "8596a524a6334037dce0f11a836c691094a67a5c386a73fc8739561e559ca58a");
  expect_hex(k.sk_pr, "1c5292574d5c5fbd219d7e005b88abd8565aaa5026749a29ac9266db1d9fc133");
}

TEST(Keymat, sha512_fills_the_longest_schedule) {
  OpensslProvider engine;
  const auto ni = count_up(0x40, 0x60);
  const auto nr = count_up(0x80, 0xa0);
  const Suite s{EncrId::aes_gcm_16, 256, PrfId::hmac_sha2_512};
  const auto seed = unhex(
      "597c874d3f59f2b5a5e45e1b933882fce8ca149a4c3ec22563496a8c5fd626dd3fe48e488700dd845cf03e0cc4af430d1e55220498d7fd14"
      "012b594253"
      "2a6bff");
  const auto k = derive_ike_keys(engine, s, seed, ni, nr, kSpiI, kSpiR).value();
  expect_hex(k.sk_er, "ecd7a7b46dde8064efbd9caa4adb44706cc64fd0017a951093ac604bb4d10fb087ea2899");
  expect_hex(k.sk_pr,
             "44f2309513fc41c9347a8a2d116466bd98c91a7de56b5acf2fb3ef4930ca2186cfdd44d123a0062c7f6a9b63b03d774f913b14d38"
             "ceda67aac64f9e3"
             "aa872965");
}

}  // namespace
}  // namespace dormouse::crypto::openssl
