#include "crypto/openssl/kem.h"

#include <gtest/gtest.h>

#include "crypto/openssl/handles.h"
#include "crypto/openssl/provider.h"
#include "crypto/testing/hex.h"
#include "crypto/testing/seeded_rng.h"

namespace dormouse::crypto::openssl {
namespace {

using testing::unhex;

constexpr std::array kKems{KeId::ml_kem_512, KeId::ml_kem_768, KeId::ml_kem_1024};

class MlKem : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_kem(KeId::ml_kem_768)) GTEST_SKIP() << "this OpenSSL is older than 3.5";
  }
};

/// One sponge that is asked for its first `size` octets. OpenSSL 3.0 cannot be squeezed step by step.
Bytes shake128(ByteView input, std::size_t size) {
  const MdCtx ctx(EVP_MD_CTX_new());
  const Md md(EVP_MD_fetch(nullptr, "SHAKE-128", nullptr));
  Bytes out(size);
  EVP_DigestInit_ex2(ctx.get(), md.get(), nullptr);
  EVP_DigestUpdate(ctx.get(), input.data(), input.size());
  EVP_DigestFinalXOF(ctx.get(), out.data(), out.size());
  return out;
}

void append(Bytes& to, ByteView what) { to.insert(to.end(), what.begin(), what.end()); }

/// 100 rounds with the octets of SHAKE-128("") as d | z, m and a random ciphertext; SHAKE-128 over ek, ct, k and the
/// k of the random ciphertext (an implicit rejection) of all of them.
Bytes accumulated(KeId group) {
  constexpr std::size_t kRounds = 100, kSeed = 64, kMessage = 32;
  const auto ciphertext = ke_answer_size(group);
  const Bytes stream = shake128({}, kRounds * (kSeed + kMessage + ciphertext));
  ByteView left = stream;
  const auto draw = [&](std::size_t n) {
    const auto out = left.first(n);
    left = left.subspan(n);
    return out;
  };
  Bytes all;
  for (std::size_t i = 0; i < kRounds; ++i) {
    const auto own = kem_of_seed(group, draw(kSeed)).value();
    const auto answer = encapsulate(group, own->public_value(), draw(kMessage)).value();
    EXPECT_TRUE(equal(own->shared_secret(answer.public_value).value().reveal(), answer.secret.reveal()));
    append(all, own->public_value());
    append(all, answer.public_value);
    append(all, answer.secret.reveal());
    append(all, own->shared_secret(draw(ciphertext)).value().reveal());
  }
  return shake128(all, 32);
}

// The hash for ML-KEM-768 is the one that Go's crypto/mlkem is tested with; for the others PQClean, kyber-py and CIRCL
// agree on it.
TEST_F(MlKem, gives_what_other_implementations_of_fips_203_give) {
  EXPECT_EQ(accumulated(KeId::ml_kem_512), unhex("86b1b4703b8ffef6f7f3290c6dbce4ad954498a0673ded401a94828e8c519a59"));
  EXPECT_EQ(accumulated(KeId::ml_kem_768), unhex("1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415"));
  EXPECT_EQ(accumulated(KeId::ml_kem_1024), unhex("800018fec3e2723f73f1d657fe239b4d5d8782efaade297e8cd448e54cc2ac00"));
}

TEST_F(MlKem, both_halves_agree_and_are_fresh_each_time) {
  for (const auto group : kKems) {
    const auto a = make_kem(group).value(), b = make_kem(group).value();
    EXPECT_EQ(a->group(), group);
    EXPECT_EQ(a->public_value().size(), ke_public_size(group));
    EXPECT_FALSE(equal(a->public_value(), b->public_value()));
    const auto x = encapsulate(group, a->public_value()).value(), y = encapsulate(group, a->public_value()).value();
    EXPECT_EQ(x.public_value.size(), ke_answer_size(group));
    EXPECT_NE(x.public_value, y.public_value);
    EXPECT_TRUE(equal(a->shared_secret(x.public_value).value().reveal(), x.secret.reveal()));
    EXPECT_FALSE(equal(b->shared_secret(x.public_value).value().reveal(), x.secret.reveal()));
  }
}

TEST_F(MlKem, a_spoiled_ciphertext_gives_another_secret_and_no_error) {
  const auto own = make_kem(KeId::ml_kem_768).value();
  auto answer = encapsulate(KeId::ml_kem_768, own->public_value()).value();
  answer.public_value[17] ^= 1;
  const auto secret = own->shared_secret(answer.public_value);
  ASSERT_TRUE(secret);
  EXPECT_FALSE(equal(secret->reveal(), answer.secret.reveal()));
}

TEST_F(MlKem, refuses_values_of_another_size_and_keys_out_of_range) {
  for (const auto group : kKems) {
    const auto own = make_kem(group).value();
    Bytes key = to_bytes(own->public_value());
    for (const std::size_t size : {std::size_t{0}, std::size_t{32}, key.size() - 1}) {
      EXPECT_EQ(encapsulate(group, ByteView(key).first(size)).error().code, ErrorCode::bad_key_share);
      EXPECT_EQ(own->shared_secret(Bytes(size)).error().code, ErrorCode::bad_key_share);
    }
    key[0] = 0x01;  // the first coefficient, 12 bits, little end first: 0xd01 = 3329 = q
    key[1] = static_cast<std::uint8_t>((key[1] & 0xf0) | 0x0d);
    EXPECT_EQ(encapsulate(group, key).error().code, ErrorCode::bad_key_share);
  }
}

TEST(Kem, an_openssl_without_it_says_so) {
  OpensslProvider engine;
  testing::SeededRng rng(1);
  Suite s{EncrId::aes_gcm_16, 256, PrfId::hmac_sha2_256, IntegId::none, KeId::x25519, EsnId::no};
  EXPECT_TRUE(engine.supports(s, Protocol::ike));
  s.addke[0] = KeId::ecp256;
  EXPECT_TRUE(engine.supports(s, Protocol::ike));
  s.addke[1] = KeId::ml_kem_768;
  EXPECT_EQ(engine.supports(s, Protocol::ike), has_kem(KeId::ml_kem_768));
  EXPECT_EQ(engine.key_exchange(KeId::ml_kem_768, rng).has_value(), has_kem(KeId::ml_kem_768));
  if (!has_kem(KeId::ml_kem_768)) {
    EXPECT_EQ(engine.key_exchange(KeId::ml_kem_768, rng).error().code, ErrorCode::bad_group);
    EXPECT_EQ(engine.answer_key_exchange(KeId::ml_kem_768, Bytes(1184), rng).error().code, ErrorCode::bad_group);
  }
  EXPECT_FALSE(has_kem(KeId::x25519));
}

TEST(Kem, a_classical_group_is_answered_by_the_same_call) {
  OpensslProvider engine;
  testing::SeededRng rng(1);
  const auto own = engine.key_exchange(KeId::x25519, rng).value();
  const auto answer = engine.answer_key_exchange(KeId::x25519, own->public_value(), rng).value();
  EXPECT_TRUE(equal(own->shared_secret(answer.public_value).value().reveal(), answer.secret.reveal()));
  EXPECT_EQ(engine.answer_key_exchange(KeId::x25519, Bytes(32), rng).error().code, ErrorCode::bad_key_share);
}

}  // namespace
}  // namespace dormouse::crypto::openssl
