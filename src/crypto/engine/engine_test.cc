#include "crypto/engine/engine.h"

#include <gtest/gtest.h>
#include <set>

#include "crypto/openssl/provider.h"
#include "crypto/testing/esp_packet.h"
#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/suites.h"
#ifdef DORMOUSE_IPSEC_MB
#include "crypto/ipsecmb/esp_provider.h"
#endif

namespace dormouse::crypto {
namespace {

using testing::EspPacket;
using testing::SeededRng;

constexpr std::uint64_t kSeq = 0x1122334455667788;

/// Both directions of one suite, keyed alike, by two engines.
struct Pair {
  std::unique_ptr<EspCipher> ours_out, ours_in, theirs_out, theirs_in;

  Pair(EspProvider& ours, EspProvider& theirs, const Suite& s, SeededRng& rng) {
    const auto key = rng.bytes(encr_key_size(s.encr, s.key_bits));
    const auto integ = rng.bytes(integ_key_size(s.integ));
    ours_out = ours.cipher(s, key, integ, false).value();
    ours_in = ours.cipher(s, key, integ, true).value();
    theirs_out = theirs.cipher(s, key, integ, false).value();
    theirs_in = theirs.cipher(s, key, integ, true).value();
  }
};

std::vector<Suite> suites() {
  auto out = testing::all_esp_suites(EsnId::no);
  const auto esn = testing::all_esp_suites(EsnId::yes);
  out.insert(out.end(), esn.begin(), esn.end());
  return out;
}

std::string name(const Suite& s) { return token_of(s, Protocol::esp) + (s.esn == EsnId::yes ? " esn" : ""); }

TEST(Engine, each_engine_opens_what_the_other_sealed_for_every_suite_and_size) {
  SeededRng rng(1);
  const auto ours = make_esp_provider();
  openssl::OpensslEspProvider theirs;
  for (const auto& s : suites()) {
    SCOPED_TRACE(name(s));
    Pair p(*ours, theirs, s, rng);
    const auto block = p.ours_out->block_size();
    ASSERT_EQ(p.ours_out->iv_size(), p.theirs_in->iv_size());
    ASSERT_EQ(p.ours_out->icv_size(), p.theirs_in->icv_size());
    ASSERT_EQ(block, p.theirs_in->block_size());
    for (std::size_t size = block; size <= 2100; size += block) {
      const auto body = rng.bytes(size);
      EspPacket there(*p.ours_out, 0xc0ffee01, kSeq + size, body);
      ASSERT_TRUE(there.seal(*p.ours_out));
      ASSERT_FALSE(equal(there.body(), body));
      ASSERT_TRUE(there.open(*p.theirs_in)) << size;
      ASSERT_TRUE(equal(there.body(), body)) << size;
      EspPacket back(*p.ours_out, 0xc0ffee02, kSeq + size, body);
      ASSERT_TRUE(back.seal(*p.theirs_out));
      ASSERT_TRUE(back.open(*p.ours_in)) << size;
      ASSERT_TRUE(equal(back.body(), body)) << size;
    }
  }
}

TEST(Engine, aead_packets_of_both_engines_are_the_same_octets) {
  SeededRng rng(2);
  const auto ours = make_esp_provider();
  openssl::OpensslEspProvider theirs;
  for (const auto& s : suites()) {
    if (!is_aead(s.encr)) continue;
    SCOPED_TRACE(name(s));
    Pair p(*ours, theirs, s, rng);
    for (const std::size_t size : {4U, 16U, 60U, 64U, 256U, 1024U, 1400U, 9000U, 65400U}) {
      const auto body = rng.bytes(size);
      EspPacket a(*p.ours_out, 7, kSeq, body);
      EspPacket b(a);
      ASSERT_TRUE(a.seal(*p.ours_out));
      ASSERT_TRUE(b.seal(*p.theirs_out));
      EXPECT_EQ(a.octets, b.octets) << size;
    }
  }
}

TEST(Engine, a_change_of_any_bit_is_found) {
  SeededRng rng(3);
  const auto ours = make_esp_provider();
  openssl::OpensslEspProvider theirs;
  for (const auto& s : suites()) {
    SCOPED_TRACE(name(s));
    Pair p(*ours, theirs, s, rng);
    EspPacket sealed(*p.ours_out, 9, kSeq, rng.bytes(48));
    ASSERT_TRUE(sealed.seal(*p.ours_out));
    for (std::size_t bit = 0; bit < sealed.octets.size() * 8; ++bit) {
      EspPacket bad(sealed);
      bad.octets[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      // With ESN the low half is authenticated from the job, which the receiver filled from the header.
      bad.job.seq = (kSeq & ~0xffffffffULL) | load32(bad.octets.data() + 4);
      EspPacket again(bad);
      ASSERT_FALSE(bad.open(*p.ours_in)) << "bit " << bit;
      ASSERT_FALSE(again.open(*p.theirs_in)) << "bit " << bit;
    }
    EXPECT_TRUE(sealed.open(*p.ours_in));
  }
}

TEST(Engine, the_high_half_of_the_sequence_number_counts_only_with_esn) {
  SeededRng rng(4);
  const auto ours = make_esp_provider();
  openssl::OpensslEspProvider theirs;
  for (const auto& s : suites()) {
    SCOPED_TRACE(name(s));
    Pair p(*ours, theirs, s, rng);
    EspPacket sealed(*p.ours_out, 9, kSeq, rng.bytes(64));
    ASSERT_TRUE(sealed.seal(*p.ours_out));
    sealed.job.seq += 1ULL << 32;
    EspPacket again(sealed);
    const bool accepted = s.esn == EsnId::no;
    EXPECT_EQ(sealed.open(*p.ours_in), accepted);
    EXPECT_EQ(again.open(*p.theirs_in), accepted);
  }
}

TEST(Engine, a_batch_marks_each_packet_for_itself) {
  constexpr std::size_t kMany = 150;
  SeededRng rng(5);
  const auto ours = make_esp_provider();
  openssl::OpensslEspProvider theirs;
  for (const auto& s : suites()) {
    SCOPED_TRACE(name(s));
    Pair p(*ours, theirs, s, rng);
    std::vector<Bytes> bodies;
    std::vector<EspPacket> packets;
    std::vector<EspJob> jobs;
    packets.reserve(kMany);
    for (std::size_t i = 0; i < kMany; ++i) {
      bodies.push_back(rng.bytes(16 * (1 + i % 9)));
      packets.emplace_back(*p.ours_out, 5, i + 1, bodies.back());
      jobs.push_back(packets.back().job);
    }
    p.ours_out->seal(jobs);
    for (std::size_t i = 0; i < kMany; i += 3) packets[i].octets.back() ^= 1;
    for (auto& j : jobs) j.ok = !j.ok;
    p.ours_in->open(jobs);
    for (std::size_t i = 0; i < kMany; ++i) {
      ASSERT_EQ(jobs[i].ok, i % 3 != 0) << i;
      if (jobs[i].ok) {
        ASSERT_TRUE(equal(packets[i].body(), bodies[i])) << i;
      }
    }
  }
}

TEST(Engine, another_key_or_another_salt_opens_nothing) {
  SeededRng rng(6);
  const auto ours = make_esp_provider();
  for (const auto& s : suites()) {
    SCOPED_TRACE(name(s));
    const auto key = rng.bytes(encr_key_size(s.encr, s.key_bits));
    const auto integ = rng.bytes(integ_key_size(s.integ));
    const auto out = ours->cipher(s, key, integ, false).value();
    EspPacket sealed(*out, 3, kSeq, rng.bytes(32));
    ASSERT_TRUE(sealed.seal(*out));
    auto other = is_aead(s.encr) ? key : integ;
    other.back() ^= 1;
    const auto in =
        is_aead(s.encr) ? ours->cipher(s, other, {}, true).value() : ours->cipher(s, key, other, true).value();
    EXPECT_FALSE(sealed.open(*in));
  }
}

TEST(Engine, keys_of_a_wrong_size_are_refused) {
  SeededRng rng(7);
  const auto ours = make_esp_provider();
  for (const auto& s : suites()) {
    SCOPED_TRACE(name(s));
    ASSERT_TRUE(ours->supports(s));
    const auto key = rng.bytes(encr_key_size(s.encr, s.key_bits));
    const auto integ = rng.bytes(integ_key_size(s.integ));
    EXPECT_FALSE(ours->cipher(s, ByteView(key).first(key.size() - 1), integ, true));
    EXPECT_FALSE(ours->cipher(s, rng.bytes(key.size() + 1), integ, true));
    EXPECT_FALSE(ours->cipher(s, key, rng.bytes(integ.size() + 1), true));
    EXPECT_FALSE(ours->cipher(s, {}, integ, false));
  }
}

TEST(Engine, suites_that_are_not_ours_are_refused) {
  const auto ours = make_esp_provider();
  for (const auto& s :
       {Suite{.encr = EncrId::aes_gcm_16, .key_bits = 64}, Suite{.encr = EncrId::aes_cbc, .key_bits = 128},
        Suite{.encr = EncrId::aes_cbc, .key_bits = 100, .integ = IntegId::hmac_sha2_256_128}, Suite{}}) {
    EXPECT_FALSE(ours->supports(s));
    EXPECT_FALSE(ours->cipher(s, Bytes(encr_key_size(s.encr, s.key_bits)), Bytes(integ_key_size(s.integ)), false));
  }
}

TEST(Engine, ciphers_outlive_their_engine) {
  SeededRng rng(8);
  for (const auto& s : suites()) {
    SCOPED_TRACE(name(s));
    auto ours = make_esp_provider();
    openssl::OpensslEspProvider theirs;
    Pair p(*ours, theirs, s, rng);
    ours.reset();
    EspPacket packet(*p.ours_out, 3, kSeq, rng.bytes(32));
    EXPECT_TRUE(packet.seal(*p.ours_out));
    EXPECT_TRUE(packet.open(*p.ours_in));
  }
}

TEST(Engine, random_octets_do_not_repeat) {
  const auto rng = make_rng();
  std::set<Bytes> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(rng->bytes(16)).second);
  rng->fill({});
}

TEST(Engine, the_ike_engine_speaks_every_suite_of_the_configuration) {
  const auto engine = make_provider();
  for (auto s : suites())
    for (const auto ke :
         {KeId::modp2048, KeId::modp3072, KeId::modp4096, KeId::ecp256, KeId::ecp384, KeId::ecp521, KeId::x25519})
      for (const auto prf : {PrfId::hmac_sha1, PrfId::hmac_sha2_256, PrfId::hmac_sha2_384, PrfId::hmac_sha2_512}) {
        s.ke = ke;
        s.prf = prf;
        EXPECT_TRUE(engine->supports(s, Protocol::ike)) << name(s);
      }
  EXPECT_FALSE(engine->supports({.encr = EncrId::aes_gcm_16, .key_bits = 128, .ke = KeId::x25519}, Protocol::ike))
      << "no PRF";
}

#ifdef DORMOUSE_IPSEC_MB
TEST(Engine, the_fast_engine_takes_gcm_where_it_runs) {
  const auto fast = ipsecmb::make_ipsec_mb_esp_provider();
  if (!fast) GTEST_SKIP() << "this processor has no AES instructions";
  EXPECT_STREQ(fast->name(), "ipsec-mb");
  EXPECT_STREQ(make_esp_provider()->name(), "ipsec-mb");
  for (const auto& s : suites()) EXPECT_EQ(fast->supports(s), s.encr == EncrId::aes_gcm_16) << name(s);
}
#endif

}  // namespace
}  // namespace dormouse::crypto
