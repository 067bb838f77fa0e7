#include "crypto/openssl/key_exchange.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/param_build.h>

#include "crypto/testing/hex.h"

namespace dormouse::crypto::openssl {
namespace {

using testing::unhex;

constexpr std::array kGroups{KeId::modp2048, KeId::modp3072, KeId::modp4096, KeId::ecp256,
                             KeId::ecp384,   KeId::ecp521,   KeId::x25519};
constexpr std::array kModp{KeId::modp2048, KeId::modp3072, KeId::modp4096};

using Bignum = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

Bignum number(ByteView octets) { return Bignum(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr)); }
Bytes octets(const BIGNUM* n, std::size_t size) {
  Bytes out(size);
  EXPECT_EQ(BN_bn2binpad(n, out.data(), static_cast<int>(size)), static_cast<int>(size));
  return out;
}

Pkey from_params(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  EXPECT_EQ(EVP_PKEY_fromdata_init(ctx.get()), 1);
  EXPECT_EQ(EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.get()), 1);
  return Pkey(key);
}

std::unique_ptr<KeyExchange> ecp(KeId group, const char* curve, ByteView private_value, ByteView public_value) {
  const ParamBuilder b(OSSL_PARAM_BLD_new());
  Bytes point{4};
  point.insert(point.end(), public_value.begin(), public_value.end());
  const auto secret = number(private_value);
  OSSL_PARAM_BLD_push_utf8_string(b.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
  OSSL_PARAM_BLD_push_octet_string(b.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  return exchange_of(group, from_params("EC", b.get())).value();
}

std::unique_ptr<KeyExchange> modp(KeId group, const char* name, const BIGNUM* private_value,
                                  const BIGNUM* public_value) {
  const ParamBuilder b(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(b.get(), OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
  OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_PUB_KEY, public_value);
  OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_PRIV_KEY, private_value);
  return exchange_of(group, from_params("DH", b.get())).value();
}

std::unique_ptr<KeyExchange> x25519(ByteView private_value) {
  Pkey key(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, private_value.data(), private_value.size()));
  return exchange_of(KeId::x25519, std::move(key)).value();
}

Bignum prime(KeId group) {
  switch (group) {
    case KeId::modp2048: return Bignum(BN_get_rfc3526_prime_2048(nullptr));
    case KeId::modp3072: return Bignum(BN_get_rfc3526_prime_3072(nullptr));
    default: return Bignum(BN_get_rfc3526_prime_4096(nullptr));
  }
}

void expect_refused(KeyExchange& own, ByteView peer) {
  const auto r = own.shared_secret(peer);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, ErrorCode::bad_key_share);
}

struct EcpVector {
  KeId group;
  const char* curve;
  const char *i, *gi, *r, *gr, *girx;
};
// RFC 5903 section 8
constexpr std::array kEcpVectors{
    EcpVector{KeId::ecp256, "P-256", "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
              "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"
              "5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3",
              "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53",
              "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
              "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
              "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE"},
    EcpVector{KeId::ecp384, "P-384",
              "099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194",
              "667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA"
              "9482ED1FC0EEB9CAFC4984625CCFC23F65032149E0E144ADA024181535A0F38EEB9FCFF3C2C947DAE69B4C634573A81C",
              "41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942E0308312916B8ED2960E4BD55A7448FC",
              "E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D0D1AC43A0336DEF96FDA41D0774A3571"
              "DCFBEC7AACF3196472169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FFF83FA40142209DFF5EAAD96DB9E6386C",
              "11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746"},
    EcpVector{KeId::ecp521, "P-521",
              "0037ADE9319A89F4DABDB3EF411AACCCA5123C61ACAB57B5393DCE47608172A095AA85A30FE1C2952C6771D937BA9777F5957B26"
              "39BAB072"
              "462F68C27A57382D4A52",
              "0015417E84DBF28C0AD3C278713349DC7DF153C897A1891BD98BAB4357C9ECBEE1E3BF42E00B8E380AEAE57C2D10756494188594"
              "2AF5A7F4"
              "601723C4195D176CED3E"
              "017CAE20B6641D2EEB695786D8C946146239D099E18E1D5A514C739D7CB4A10AD8A788015AC405D7799DC75E7B7D5B6CF2261A6A"
              "7F150743"
              "8BF01BEB6CA3926F9582",
              "0145BA99A847AF43793FDD0E872E7CDFA16BE30FDC780F97BCCC3F078380201E9C677D600B343757A3BDBF2A3163E4C2F869CCA7"
              "458AA4A4"
              "EFFC311F5CB151685EB9",
              "00D0B3975AC4B799F5BEA16D5E13E9AF971D5E9B984C9F39728B5E5739735A219B97C356436ADC6E95BB0352F6BE64A6C2912D4E"
              "F2D0433C"
              "ED2B6171640012D9460F"
              "015C68226383956E3BD066E797B623C27CE0EAC2F551A10C2C724D9852077B87220B6536C5C408A1D2AEBB8E86D678AE49CB5709"
              "1F473229"
              "6579AB44FCD17F0FC56A",
              "01144C7D79AE6956BC8EDB8E7C787C4521CB086FA64407F97894E5E6B2D79B04D1427E73CA4BAA240A34786859810C06B3C715A3"
              "A8CC3151"
              "F2BEE417996D19F3DDEA"},
};

TEST(KeyExchange, ecp_gives_the_values_of_rfc_5903) {
  for (const auto& v : kEcpVectors) {
    const auto i = ecp(v.group, v.curve, unhex(v.i), unhex(v.gi));
    const auto r = ecp(v.group, v.curve, unhex(v.r), unhex(v.gr));
    EXPECT_TRUE(equal(i->public_value(), unhex(v.gi)));
    EXPECT_TRUE(equal(r->public_value(), unhex(v.gr)));
    EXPECT_TRUE(equal(i->shared_secret(r->public_value()).value().reveal(), unhex(v.girx)));
    EXPECT_TRUE(equal(r->shared_secret(i->public_value()).value().reveal(), unhex(v.girx)));
  }
}

TEST(KeyExchange, x25519_gives_the_values_of_rfc_7748) {
  const auto alice = x25519(unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto bob = x25519(unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_TRUE(equal(alice->public_value(), unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")));
  EXPECT_TRUE(equal(bob->public_value(), unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")));
  const auto k = unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_TRUE(equal(alice->shared_secret(bob->public_value()).value().reveal(), k));
  EXPECT_TRUE(equal(bob->shared_secret(alice->public_value()).value().reveal(), k));
}

TEST(KeyExchange, modp_raises_to_the_power_modulo_the_prime_of_rfc_3526) {
  const std::array names{"modp_2048", "modp_3072", "modp_4096"};
  for (std::size_t g = 0; g < kModp.size(); ++g) {
    const auto size = ke_public_size(kModp[g]);
    const auto p = prime(kModp[g]);
    std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>> ctx(BN_CTX_new());
    const Bignum x = number(unhex("c0ffee00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0011223344"));
    const Bignum y = number(unhex("0badcafe99112233445566778899aabbccddeeff0011223344556677889912345678"));
    const Bignum two = number(unhex("02"));
    const Bignum gx(BN_new());
    const Bignum gy(BN_new());
    const Bignum gxy(BN_new());
    ASSERT_EQ(BN_mod_exp(gx.get(), two.get(), x.get(), p.get(), ctx.get()), 1);
    ASSERT_EQ(BN_mod_exp(gy.get(), two.get(), y.get(), p.get(), ctx.get()), 1);
    ASSERT_EQ(BN_mod_exp(gxy.get(), gy.get(), x.get(), p.get(), ctx.get()), 1);
    const auto own = modp(kModp[g], names[g], x.get(), gx.get());
    EXPECT_TRUE(equal(own->public_value(), octets(gx.get(), size)));
    EXPECT_TRUE(equal(own->shared_secret(octets(gy.get(), size)).value().reveal(), octets(gxy.get(), size)));
  }
}

TEST(KeyExchange, modp_values_keep_their_leading_zeros) {
  const Bignum three = number(unhex("03"));
  const Bignum eight = number(unhex("08"));
  const auto own = modp(KeId::modp2048, "modp_2048", three.get(), eight.get());
  EXPECT_TRUE(equal(own->public_value(), octets(eight.get(), 256)));
  const Bignum four = number(unhex("04"));
  const Bignum sixty_four = number(unhex("40"));
  EXPECT_TRUE(equal(own->shared_secret(octets(four.get(), 256)).value().reveal(), octets(sixty_four.get(), 256)));
}

TEST(KeyExchange, both_ends_agree_in_every_group) {
  for (const auto group : kGroups) {
    const auto a = make_key_exchange(group).value();
    const auto b = make_key_exchange(group).value();
    EXPECT_EQ(a->group(), group);
    EXPECT_EQ(a->public_value().size(), ke_public_size(group));
    EXPECT_FALSE(equal(a->public_value(), b->public_value()));
    const auto ab = a->shared_secret(b->public_value()).value();
    EXPECT_TRUE(ab == b->shared_secret(a->public_value()).value());
    const bool point = group == KeId::ecp256 || group == KeId::ecp384 || group == KeId::ecp521;
    EXPECT_EQ(ab.size(), point ? ke_public_size(group) / 2 : ke_public_size(group));
  }
}

TEST(KeyExchange, values_of_another_length_are_refused) {
  for (const auto group : kGroups) {
    const auto own = make_key_exchange(group).value();
    const auto other = make_key_exchange(group).value();
    Bytes value = to_bytes(other->public_value());
    expect_refused(*own, ByteView(value).first(value.size() - 1));
    value.push_back(0);
    expect_refused(*own, value);
    value.insert(value.begin(), 4);
    expect_refused(*own, ByteView(value).first(ke_public_size(group) + 1));
    expect_refused(*own, {});
  }
}

TEST(KeyExchange, modp_values_outside_two_to_p_minus_two_are_refused) {
  for (const auto group : kModp) {
    const auto own = make_key_exchange(group).value();
    const auto size = ke_public_size(group);
    expect_refused(*own, Bytes(size));
    Bytes one(size);
    one.back() = 1;
    expect_refused(*own, one);
    expect_refused(*own, Bytes(size, 0xff));
    const auto p = prime(group);
    expect_refused(*own, octets(p.get(), size));
    BN_sub_word(p.get(), 1);
    expect_refused(*own, octets(p.get(), size));
    BN_sub_word(p.get(), 1);
    EXPECT_TRUE(own->shared_secret(octets(p.get(), size)));
    BN_add_word(p.get(), 3);
    expect_refused(*own, octets(p.get(), size));
    Bytes two(size);
    two.back() = 2;
    EXPECT_TRUE(own->shared_secret(two));
  }
}

TEST(KeyExchange, points_beside_the_curve_are_refused) {
  for (const auto group : {KeId::ecp256, KeId::ecp384, KeId::ecp521}) {
    const auto own = make_key_exchange(group).value();
    const auto other = make_key_exchange(group).value();
    const auto size = ke_public_size(group);
    for (const std::size_t at : {size / 2 - 1, size - 1}) {
      Bytes beside = to_bytes(other->public_value());
      beside[at] ^= 1;
      expect_refused(*own, beside);
    }
    expect_refused(*own, Bytes(size));
    expect_refused(*own, Bytes(size, 0xff));
  }
}

TEST(KeyExchange, x25519_points_of_small_order_are_refused) {
  const auto own = make_key_exchange(KeId::x25519).value();
  // Orders 1, 2, 4 and 8, and zero written as the prime itself.
  for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"})
    expect_refused(*own, unhex(point));
}

TEST(KeyExchange, an_unknown_group_is_an_error) {
  for (const auto group : {KeId::none, static_cast<KeId>(2), static_cast<KeId>(0xffff)}) {
    const auto r = make_key_exchange(group);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, ErrorCode::bad_group);
    EXPECT_EQ(r.error().detail, static_cast<std::uint32_t>(group));
  }
}

}  // namespace
}  // namespace dormouse::crypto::openssl
