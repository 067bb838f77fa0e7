// Keys and AUTH of a resumed IKE SA (RFC 5723 5.1). The expected values were computed apart from this program; SKEYSEED
// and the keys of the same code were accepted by libreswan 5.2, whose own AUTH is the "message only" one.
#include <gtest/gtest.h>

#include "crypto/keymat.h"
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

// Whole messages: Ni and TICKET_OPAQUE out, Nr back.
const char* const kMessage1 =
    "0102030405060708000000000000000028202608000000000000005829000024404142434445464748494a4b4c4d4e4f5051525354555657"
    "58595a5b5c5d5e5f000000180000401d00112233445566778899aabbccddeeff";
const char* const kMessage2 =
    "0102030405060708111213141516171828202620000000000000004000000024808182838485868788898a8b8c8d8e8f9091929394959697"
    "98999a9b9c9d9e9f";

struct Vector {
  PrfId prf;
  unsigned sk_d_size;
  const char *skeyseed, *sk_d, *sk_ei, *sk_er, *sk_pi, *sk_pr, *auth_i, *auth_r, *alone_i, *alone_r;
};

const Vector kVectors[] = {
    {PrfId::hmac_sha2_256, 32, "eb2796b8af31610c6cad1f2f6413e1069a361ab84c209c0308317f4a0d7932f7",
     "03c93227fcd44a532a1d614641c4a5c94bdd7ef2d7a1c86fd9e327d7e77fa679",
     "5f6cb5315aeac5d68dd0491ecd41920799242a8a61dbd2825bef62421dfbe9f001f1548c",
     "dd442ff16b0a2503a3108da00bf656089201507cfaaa1cdbbf7a8bac6b46b3845141c862",
     "8596a524a6334037dce0f11a836c691094a67a5c386a73fc8739561e559ca58a",
     "1c5292574d5c5fbd219d7e005b88abd8565aaa5026749a29ac9266db1d9fc133",
     "0f700da7bd25d75a2a6666fb11ed15694b8abb1eff29308c471b7bfb68c6f5e7",
     "8f85006287e5e4ffce3d6082e56188e7d170e7d01a95e5e282e69d53baf49531",
     "7d16db675d97cde189fae258024d5f28cede030972933aa143db782dab632bf8",
     "2a2502e315dcdbc2ac990d97ca227cee0be4dd56ea9af47bfcf77fe5410f974d"},
    {PrfId::hmac_sha2_512, 64,
     "597c874d3f59f2b5a5e45e1b933882fce8ca149a4c3ec22563496a8c5fd626dd3fe48e488700dd845cf03e0cc4af430d1e55220498d7fd14"
     "012b5942532a6bff",
     "ded712cca579bb404b1908227cffe6d258cce35a1a6b5f1bf613eec819634ee00090882bf391c9f030a2c08a1f8edcdf8ba2aa4e07ff7731"
     "a18d16b5b8d46496",
     "ccf1e0c66e73c79150cce5499414e19f7811a5f900dd2855e49ea740fb57722259550ea8",
     "ecd7a7b46dde8064efbd9caa4adb44706cc64fd0017a951093ac604bb4d10fb087ea2899",
     "37c92c8bcd9bbb4ed1396c646359cff057914e6b47f4c552809f62338aee53cc55b9010fc6a6722af963673f575fafa73427d297b121f56c"
     "385676fb3fffb877",
     "44f2309513fc41c9347a8a2d116466bd98c91a7de56b5acf2fb3ef4930ca2186cfdd44d123a0062c7f6a9b63b03d774f913b14d38ceda67a"
     "ac64f9e3aa872965",
     "71762da039b358b4bc378e079fc46c010f42c4da31c4f406c448ac7b7b48664de6ff701f5c18cc5db57cc526a0685fcf5b811400318becc1"
     "9b623c93df24c033",
     "54f35ce02e3dcb571adfb525eec8e37d69fd1678b5e3269285ca51d7356ca240970ad242aba6e7b1b5b4585c2f37bbc8fec55e836522e9f6"
     "baae0f04a48bc673",
     "59d9e735cefbb4e348fb251099d4cc9a3e6ea34098bf479bc0d1f5d523c890b07ec83fece79d46458d992da234451d9b63fbfb9a73dd8407"
     "04651eae575aeac3",
     "d30871d605696aeaefb0dd83cbe9decb63ce4962bccf7633517e92da676691a13c362b56d4ed53a95cb07a072044aab96e192138a8d3382c"
     "ded87eeb493bb582"},
};

TEST(ResumeKeymat, is_that_of_the_vectors) {
  OpensslProvider engine;
  const Bytes ni = count_up(0x40, 0x60), nr = count_up(0x80, 0xa0);
  const IkeSpi i{0x0102030405060708}, r{0x1112131415161718};
  for (const auto& v : kVectors) {
    const Suite suite{EncrId::aes_gcm_16, 256, v.prf, IntegId::none, KeId::x25519, EsnId::no};
    const auto seed = skeyseed_resume(engine, v.prf, count_up(0, v.sk_d_size), ni, nr);
    ASSERT_TRUE(seed);
    EXPECT_EQ(to_bytes(seed->reveal()), unhex(v.skeyseed));
    const auto k = derive_ike_keys(engine, suite, seed->reveal(), ni, nr, i, r);
    ASSERT_TRUE(k);
    EXPECT_EQ(to_bytes(k->sk_d.reveal()), unhex(v.sk_d));
    EXPECT_EQ(to_bytes(k->sk_ei.reveal()), unhex(v.sk_ei));
    EXPECT_EQ(to_bytes(k->sk_er.reveal()), unhex(v.sk_er));
    EXPECT_EQ(to_bytes(k->sk_pi.reveal()), unhex(v.sk_pi));
    EXPECT_EQ(to_bytes(k->sk_pr.reveal()), unhex(v.sk_pr));
    const Bytes west = unhex("0200000077657374"), east = unhex("0200000065617374");
    const auto auth_i = resume_auth(engine, v.prf, unhex(kMessage1), nr, k->sk_pi.reveal(), west);
    const auto auth_r = resume_auth(engine, v.prf, unhex(kMessage2), ni, k->sk_pr.reveal(), east);
    EXPECT_EQ(to_bytes(auth_i->reveal()), unhex(v.auth_i));
    EXPECT_EQ(to_bytes(auth_r->reveal()), unhex(v.auth_r));
    const Bytes m1 = unhex(kMessage1), m2 = unhex(kMessage2);
    const std::array<ByteView, 1> alone1{m1}, alone2{m2};
    EXPECT_EQ(to_bytes(engine.prf(v.prf, k->sk_pi.reveal(), alone1)->reveal()), unhex(v.alone_i));
    EXPECT_EQ(to_bytes(engine.prf(v.prf, k->sk_pr.reveal(), alone2)->reveal()), unhex(v.alone_r));
  }
}

}  // namespace
}  // namespace dormouse::crypto::openssl
