// The formulas of RFC 7296 2.13-2.18, seen as calls of the PRF: a recording engine stands in for the real one.
#include "crypto/keymat.h"

#include <gtest/gtest.h>

namespace dormouse::crypto {
namespace {

/// Remembers key and data of each prf call; answers with its number in every octet.
class RecordingEngine final : public Provider {
 public:
  struct Call {
    PrfId alg;
    Bytes key, data;
  };
  std::vector<Call> calls;
  std::size_t fail_at = SIZE_MAX;

  bool supports(const Suite&, Protocol) const override { return true; }
  Result<std::unique_ptr<KeyExchange>> key_exchange(KeId, Rng&) override { return fail(ErrorCode::crypto, "KE"); }
  Result<std::unique_ptr<IkeCipher>> ike_cipher(const Suite&, ByteView, ByteView) override {
    return fail(ErrorCode::crypto, "cipher");
  }
  std::array<std::uint8_t, 20> sha1(std::span<const ByteView>) override { return {}; }
  Result<SecretBytes> prf(PrfId alg, ByteView key, std::span<const ByteView> parts) override {
    if (calls.size() == fail_at) return fail(ErrorCode::crypto, "prf");
    Bytes data;
    for (const auto p : parts) data.insert(data.end(), p.begin(), p.end());
    calls.push_back({alg, to_bytes(key), data});
    return SecretBytes(ByteView(Bytes(prf_size(alg), static_cast<std::uint8_t>(calls.size()))));
  }
};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes of(std::string_view text) { return to_bytes(as_bytes(text)); }

const IkeSpi kSpiI{0x1111111111111111};
const IkeSpi kSpiR{0x2222222222222222};

TEST(PrfPlus, each_block_hashes_the_one_before_the_seed_and_a_counter) {
  RecordingEngine e;
  const Bytes s1 = of("se");
  const Bytes s2 = of("ed");
  const std::array<ByteView, 2> seed{s1, s2};
  const auto out = prf_plus(e, PrfId::hmac_sha2_256, as_bytes("key"), seed, 70).value();
  ASSERT_EQ(e.calls.size(), 3U);
  EXPECT_EQ(e.calls[0].data, of("seed") + Bytes{1});
  EXPECT_EQ(e.calls[1].data, Bytes(32, 1) + of("seed") + Bytes{2});
  EXPECT_EQ(e.calls[2].data, Bytes(32, 2) + of("seed") + Bytes{3});
  for (const auto& c : e.calls) EXPECT_EQ(c.key, of("key"));
  EXPECT_EQ(to_bytes(out.reveal()), Bytes(32, 1) + Bytes(32, 2) + Bytes(6, 3));
}

TEST(PrfPlus, a_whole_number_of_blocks_asks_for_no_more) {
  RecordingEngine e;
  EXPECT_EQ(prf_plus(e, PrfId::hmac_sha2_256, {}, {}, 64).value().size(), 64U);
  EXPECT_EQ(e.calls.size(), 2U);
  EXPECT_EQ(prf_plus(e, PrfId::hmac_sha2_256, {}, {}, 0).value().size(), 0U);
  EXPECT_EQ(e.calls.size(), 2U);
}

TEST(PrfPlus, ends_after_255_blocks) {
  RecordingEngine e;
  EXPECT_EQ(prf_plus(e, PrfId::hmac_sha1, {}, {}, 255 * 20).value().size(), 255U * 20);
  EXPECT_EQ(e.calls.back().data.back(), 255);
  const auto r = prf_plus(e, PrfId::hmac_sha1, {}, {}, 255 * 20 + 1);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, ErrorCode::exhausted);
  EXPECT_FALSE(prf_plus(e, PrfId::none, {}, {}, 1));
}

TEST(Skeyseed, a_first_exchange_is_keyed_by_the_nonces) {
  RecordingEngine e;
  ASSERT_TRUE(skeyseed_initial(e, PrfId::hmac_sha2_256, of("Ni"), of("Nr"), of("g_ir")));
  ASSERT_EQ(e.calls.size(), 1U);
  EXPECT_EQ(e.calls[0].key, of("NiNr"));
  EXPECT_EQ(e.calls[0].data, of("g_ir"));
}

TEST(Skeyseed, a_rekey_is_keyed_by_the_old_sk_d) {
  RecordingEngine e;
  ASSERT_TRUE(skeyseed_rekey(e, PrfId::hmac_sha2_384, of("SK_d"), of("g_ir"), of("Ni"), of("Nr")));
  ASSERT_EQ(e.calls.size(), 1U);
  EXPECT_EQ(e.calls[0].alg, PrfId::hmac_sha2_384);
  EXPECT_EQ(e.calls[0].key, of("SK_d"));
  EXPECT_EQ(e.calls[0].data, of("g_irNiNr"));
}

TEST(IkeKeys, are_cut_in_the_order_of_the_rfc) {
  RecordingEngine e;
  // SHA-1: blocks of 20, so that every key begins where the stream says and not at a block of its own.
  const Suite s{EncrId::aes_cbc, 128, PrfId::hmac_sha1, IntegId::hmac_sha2_256_128};
  const auto k = derive_ike_keys(e, s, of("SKEYSEED"), of("Ni"), of("Nr"), kSpiI, kSpiR).value();
  EXPECT_EQ(e.calls[0].key, of("SKEYSEED"));
  EXPECT_EQ(e.calls[0].data, of("NiNr") + Bytes(8, 0x11) + Bytes(8, 0x22) + Bytes{1});
  Bytes stream;
  for (std::size_t i = 0; i < e.calls.size(); ++i) stream = stream + Bytes(20, static_cast<std::uint8_t>(i + 1));
  std::size_t at = 0;
  const std::array<std::pair<const SecretBytes*, std::size_t>, 7> order{
      {{&k.sk_d, 20}, {&k.sk_ai, 32}, {&k.sk_ar, 32}, {&k.sk_ei, 16}, {&k.sk_er, 16}, {&k.sk_pi, 20}, {&k.sk_pr, 20}}};
  for (const auto& [key, size] : order) {
    EXPECT_TRUE(equal(key->reveal(), ByteView(stream).subspan(at, size))) << "at " << at;
    at += size;
  }
}

TEST(ChildKeys, take_the_initiators_direction_first_and_encryption_before_integrity) {
  RecordingEngine e;
  const Suite s{EncrId::aes_cbc, 256, PrfId::none, IntegId::hmac_sha1_96};
  const auto k = derive_child_keys(e, PrfId::hmac_sha1, s, of("SK_d"), {}, of("Ni"), of("Nr")).value();
  EXPECT_EQ(e.calls[0].key, of("SK_d"));
  EXPECT_EQ(e.calls[0].data, of("NiNr") + Bytes{1});
  Bytes stream;
  for (std::size_t i = 0; i < e.calls.size(); ++i) stream = stream + Bytes(20, static_cast<std::uint8_t>(i + 1));
  EXPECT_TRUE(equal(k.encr_i.reveal(), ByteView(stream).subspan(0, 32)));
  EXPECT_TRUE(equal(k.integ_i.reveal(), ByteView(stream).subspan(32, 20)));
  EXPECT_TRUE(equal(k.encr_r.reveal(), ByteView(stream).subspan(52, 32)));
  EXPECT_TRUE(equal(k.integ_r.reveal(), ByteView(stream).subspan(84, 20)));
}

TEST(ChildKeys, with_pfs_the_shared_secret_comes_before_the_nonces) {
  RecordingEngine e;
  const Suite s{EncrId::aes_gcm_16, 128};
  const auto k = derive_child_keys(e, PrfId::hmac_sha2_256, s, of("SK_d"), of("g_ir"), of("Ni"), of("Nr")).value();
  EXPECT_EQ(e.calls[0].data, of("g_irNiNr") + Bytes{1});
  EXPECT_EQ(k.encr_i.size(), 20U);
  EXPECT_EQ(k.encr_r.size(), 20U);
  EXPECT_TRUE(k.integ_i.empty());
  EXPECT_TRUE(k.integ_r.empty());
}

TEST(PskAuth, pads_the_secret_and_signs_message_nonce_and_identity) {
  RecordingEngine e;
  ASSERT_TRUE(psk_auth(e, PrfId::hmac_sha2_256, of("secret"), of("message"), of("nonce"), of("SK_p"), of("id")));
  ASSERT_EQ(e.calls.size(), 3U);
  EXPECT_EQ(e.calls[0].key, of("secret"));
  EXPECT_EQ(e.calls[0].data, of("Key Pad for IKEv2"));
  EXPECT_EQ(e.calls[1].key, of("SK_p"));
  EXPECT_EQ(e.calls[1].data, of("id"));
  EXPECT_EQ(e.calls[2].key, Bytes(32, 1));
  EXPECT_EQ(e.calls[2].data, of("messagenonce") + Bytes(32, 2));
}

TEST(Keymat, a_failing_engine_is_an_error_at_every_step) {
  const Suite s{EncrId::aes_cbc, 128, PrfId::hmac_sha1, IntegId::hmac_sha1_96};
  for (std::size_t n = 0; n < 3; ++n) {
    RecordingEngine e;
    e.fail_at = n;
    EXPECT_FALSE(derive_ike_keys(e, s, of("seed"), of("Ni"), of("Nr"), kSpiI, kSpiR));
    RecordingEngine child;
    child.fail_at = n;
    EXPECT_FALSE(derive_child_keys(child, PrfId::hmac_sha1, s, of("SK_d"), {}, of("Ni"), of("Nr")));
    RecordingEngine auth;
    auth.fail_at = n;
    EXPECT_FALSE(psk_auth(auth, PrfId::hmac_sha1, of("secret"), of("m"), of("n"), of("p"), of("i")));
  }
}

}  // namespace
}  // namespace dormouse::crypto
