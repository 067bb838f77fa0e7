#include "crypto/proposal.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace dormouse::crypto {
namespace {

Transform encr(EncrId id, std::uint16_t bits = 0) {
  return {TransformType::encr, static_cast<std::uint16_t>(id), bits};
}
Transform prf(PrfId id) { return {TransformType::prf, static_cast<std::uint16_t>(id)}; }
Transform integ(IntegId id) { return {TransformType::integ, static_cast<std::uint16_t>(id)}; }
Transform ke(KeId id) { return {TransformType::ke, static_cast<std::uint16_t>(id)}; }
Transform esn(EsnId id) { return {TransformType::esn, static_cast<std::uint16_t>(id)}; }

constexpr Suite kAes128{EncrId::aes_cbc, 128, PrfId::hmac_sha2_256, IntegId::hmac_sha2_256_128, KeId::modp2048};
constexpr Suite kAes256{EncrId::aes_cbc, 256, PrfId::hmac_sha2_256, IntegId::hmac_sha2_256_128, KeId::modp2048};
constexpr Suite kGcm128{EncrId::aes_gcm_16, 128, PrfId::hmac_sha2_256, IntegId::none, KeId::modp2048};
constexpr Suite kGcm256{EncrId::aes_gcm_16, 256, PrfId::hmac_sha2_384, IntegId::none, KeId::modp2048};
constexpr Suite kChacha{EncrId::chacha20_poly1305, 256, PrfId::hmac_sha2_256, IntegId::none, KeId::modp2048};

Suite with_ke(Suite s, KeId group) {
  s.ke = group;
  return s;
}

constexpr Suite kEspCbc{EncrId::aes_cbc, 128, PrfId::none, IntegId::hmac_sha1_96};
constexpr Suite kEspGcm{EncrId::aes_gcm_16, 128};

/// The five proposals FortiOS has by default, each with groups 14 and 5 (which is not ours), as seen on the wire.
std::vector<Proposal> fortios_ike() {
  const Transform modp1536{TransformType::ke, 5};
  const auto groups = [&](std::vector<Transform> t) {
    t.push_back(ke(KeId::modp2048));
    t.push_back(modp1536);
    return t;
  };
  std::vector<Proposal> out(5);
  for (std::size_t i = 0; i < out.size(); ++i) out[i].number = static_cast<std::uint8_t>(i + 1);
  out[0].transforms =
      groups({encr(EncrId::aes_cbc, 128), integ(IntegId::hmac_sha2_256_128), prf(PrfId::hmac_sha2_256)});
  out[1].transforms =
      groups({encr(EncrId::aes_cbc, 256), integ(IntegId::hmac_sha2_256_128), prf(PrfId::hmac_sha2_256)});
  out[2].transforms = groups({encr(EncrId::aes_gcm_16, 128), prf(PrfId::hmac_sha2_256)});
  out[3].transforms = groups({encr(EncrId::aes_gcm_16, 256), prf(PrfId::hmac_sha2_384)});
  out[4].transforms = groups({encr(EncrId::chacha20_poly1305, 256), prf(PrfId::hmac_sha2_256)});
  return out;
}

Proposal esp_offer(std::vector<Transform> transforms) {
  return {.number = 1, .protocol = Protocol::esp, .spi = {1, 2, 3, 4}, .transforms = std::move(transforms)};
}

Proposal ike_offer(std::vector<Transform> transforms, std::uint8_t number = 1) {
  return {.number = number, .protocol = Protocol::ike, .spi = {}, .transforms = std::move(transforms)};
}

Result<Choice> choose_one(const Proposal& offered, const Suite& allowed, bool want_ke = true) {
  return choose(std::array{offered}, std::array{allowed}, offered.protocol, want_ke);
}

TEST(Choose, each_suite_of_the_fortios_offer_can_be_had) {
  const auto offered = fortios_ike();
  const std::array suites{kAes128, kAes256, kGcm128, kGcm256, kChacha};
  for (std::size_t i = 0; i < suites.size(); ++i) {
    const auto c = choose(offered, std::array{suites[i]}, Protocol::ike);
    ASSERT_TRUE(c) << i;
    EXPECT_EQ(c->suite, suites[i]);
    EXPECT_EQ(c->number, i + 1);
  }
}

TEST(Choose, the_order_of_the_initiator_goes_before_ours) {
  const auto c = choose(fortios_ike(), std::array{kChacha, kGcm256, kAes256}, Protocol::ike);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->suite, kAes256);
  EXPECT_EQ(c->number, 2);
  EXPECT_EQ(c->allowed_index, 2U);
}

TEST(Choose, within_one_proposal_our_order_decides) {
  const auto p = ike_offer({encr(EncrId::aes_cbc, 128), encr(EncrId::aes_cbc, 256), integ(IntegId::hmac_sha2_256_128),
                            prf(PrfId::hmac_sha2_256), ke(KeId::x25519), ke(KeId::modp2048)},
                           7);
  const auto c = choose(std::array{p}, std::array{kAes256, kAes128, with_ke(kAes256, KeId::x25519)}, Protocol::ike);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->suite, kAes256);
  EXPECT_EQ(c->allowed_index, 0U);
  EXPECT_EQ(c->number, 7);
}

TEST(Choose, the_spi_of_the_offer_is_kept) {
  const auto c = choose_one(esp_offer({encr(EncrId::aes_gcm_16, 128), esn(EsnId::no)}), kEspGcm);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->spi, (std::vector<std::uint8_t>{1, 2, 3, 4}));
}

TEST(Choose, nothing_in_common_is_no_proposal) {
  const auto offered = fortios_ike();
  for (const auto& s : {with_ke(kAes128, KeId::x25519),
                        Suite{EncrId::aes_cbc, 192, PrfId::hmac_sha2_256, IntegId::hmac_sha2_256_128, KeId::modp2048},
                        Suite{EncrId::aes_cbc, 128, PrfId::hmac_sha1, IntegId::hmac_sha2_256_128, KeId::modp2048},
                        Suite{EncrId::aes_cbc, 128, PrfId::hmac_sha2_256, IntegId::hmac_sha1_96, KeId::modp2048},
                        Suite{EncrId::aes_gcm_16, 128, PrfId::hmac_sha2_384, IntegId::none, KeId::modp2048}}) {
    const auto c = choose(offered, std::array{s}, Protocol::ike);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.error().code, ErrorCode::no_proposal);
  }
  EXPECT_FALSE(choose({}, std::array{kAes128}, Protocol::ike));
  EXPECT_FALSE(choose(offered, {}, Protocol::ike));
}

TEST(Choose, a_proposal_of_another_protocol_is_passed_over) {
  auto offered = fortios_ike();
  for (auto& p : offered) p.protocol = Protocol::esp;
  EXPECT_FALSE(choose(offered, std::array{kAes128}, Protocol::ike));
  offered[3].protocol = Protocol::ike;
  EXPECT_EQ(choose(offered, std::array{kAes128, kGcm256}, Protocol::ike)->suite, kGcm256);
}

TEST(Choose, parts_of_two_proposals_are_never_mixed) {
  std::vector<Proposal> offered{
      ike_offer(
          {encr(EncrId::aes_cbc, 128), integ(IntegId::hmac_sha1_96), prf(PrfId::hmac_sha2_256), ke(KeId::modp2048)}, 1),
      ike_offer({encr(EncrId::aes_cbc, 256), integ(IntegId::hmac_sha2_256_128), prf(PrfId::hmac_sha2_256),
                 ke(KeId::modp2048)},
                2)};
  EXPECT_FALSE(choose(offered, std::array{kAes128}, Protocol::ike));
  EXPECT_TRUE(choose(offered, std::array{kAes256}, Protocol::ike));
}

TEST(Choose, each_type_of_the_suite_must_be_offered) {
  const auto whole = ike_offer(
      {encr(EncrId::aes_cbc, 128), integ(IntegId::hmac_sha2_256_128), prf(PrfId::hmac_sha2_256), ke(KeId::modp2048)});
  ASSERT_TRUE(choose_one(whole, kAes128));
  for (std::size_t i = 0; i < whole.transforms.size(); ++i) {
    auto p = whole;
    p.transforms.erase(p.transforms.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(choose_one(p, kAes128)) << "without transform " << i;
  }
}

TEST(Choose, an_aes_key_length_must_be_there_and_agree) {
  for (const std::uint16_t bits : std::initializer_list<std::uint16_t>{0, 127, 192, 256})
    EXPECT_FALSE(choose_one(esp_offer({encr(EncrId::aes_gcm_16, bits), esn(EsnId::no)}), kEspGcm)) << bits;
}

TEST(Choose, a_transform_with_an_unknown_attribute_never_matches) {
  auto odd = encr(EncrId::aes_gcm_16, 128);
  odd.unknown_attribute = true;
  EXPECT_FALSE(choose_one(esp_offer({odd, esn(EsnId::no)}), kEspGcm));
  EXPECT_TRUE(choose_one(esp_offer({odd, encr(EncrId::aes_gcm_16, 128), esn(EsnId::no)}), kEspGcm));
}

TEST(Choose, an_unknown_attribute_spoils_a_transform_of_any_type) {
  const auto whole = ike_offer(
      {encr(EncrId::aes_cbc, 128), integ(IntegId::hmac_sha2_256_128), prf(PrfId::hmac_sha2_256), ke(KeId::modp2048)});
  for (std::size_t i = 0; i < whole.transforms.size(); ++i) {
    auto p = whole;
    p.transforms[i].unknown_attribute = true;
    EXPECT_FALSE(choose_one(p, kAes128)) << "transform " << i;
  }
}

TEST(Choose, a_chacha_key_length_is_optional_and_echoed) {
  const Suite s{EncrId::chacha20_poly1305, 256};
  const auto with = choose_one(esp_offer({encr(EncrId::chacha20_poly1305, 256), esn(EsnId::no)}), s);
  ASSERT_TRUE(with);
  EXPECT_TRUE(with->chacha_key_len);
  EXPECT_EQ(answer(*with, Protocol::esp, {}, false).transforms.front(), encr(EncrId::chacha20_poly1305, 256));
  const auto without = choose_one(esp_offer({encr(EncrId::chacha20_poly1305), esn(EsnId::no)}), s);
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->chacha_key_len);
  EXPECT_EQ(answer(*without, Protocol::esp, {}, false).transforms.front(), encr(EncrId::chacha20_poly1305));
  EXPECT_FALSE(choose_one(esp_offer({encr(EncrId::chacha20_poly1305, 128), esn(EsnId::no)}), s));
}

TEST(Choose, an_aead_comes_without_integrity_or_with_none) {
  EXPECT_TRUE(choose_one(esp_offer({encr(EncrId::aes_gcm_16, 128), integ(IntegId::none), esn(EsnId::no)}), kEspGcm));
  EXPECT_FALSE(
      choose_one(esp_offer({encr(EncrId::aes_gcm_16, 128), integ(IntegId::hmac_sha1_96), esn(EsnId::no)}), kEspGcm));
  // Offered with a real algorithm and NONE, the AEAD takes NONE (RFC 7296 3.3).
  EXPECT_TRUE(choose_one(
      esp_offer({encr(EncrId::aes_gcm_16, 128), integ(IntegId::hmac_sha1_96), integ(IntegId::none), esn(EsnId::no)}),
      kEspGcm));
}

TEST(Choose, cbc_never_goes_without_integrity) {
  EXPECT_FALSE(choose_one(esp_offer({encr(EncrId::aes_cbc, 128), esn(EsnId::no)}), kEspCbc));
  EXPECT_FALSE(choose_one(esp_offer({encr(EncrId::aes_cbc, 128), integ(IntegId::none), esn(EsnId::no)}), kEspCbc));
}

TEST(Choose, esn_must_agree) {
  const auto offers = [](std::vector<Transform> t) {
    t.insert(t.begin(), encr(EncrId::aes_gcm_16, 128));
    return esp_offer(std::move(t));
  };
  auto extended = kEspGcm;
  extended.esn = EsnId::yes;
  EXPECT_TRUE(choose_one(offers({esn(EsnId::no), esn(EsnId::yes)}), kEspGcm));
  EXPECT_TRUE(choose_one(offers({esn(EsnId::no), esn(EsnId::yes)}), extended));
  EXPECT_FALSE(choose_one(offers({esn(EsnId::yes)}), kEspGcm));
  EXPECT_FALSE(choose_one(offers({esn(EsnId::no)}), extended));
  EXPECT_TRUE(choose_one(offers({}), kEspGcm)) << "left out means no ESN";
  EXPECT_FALSE(choose_one(offers({}), extended));
}

TEST(Choose, an_ike_proposal_has_no_esn) {
  const auto p =
      ike_offer({encr(EncrId::aes_gcm_16, 128), prf(PrfId::hmac_sha2_256), ke(KeId::modp2048), esn(EsnId::no)});
  EXPECT_FALSE(choose_one(p, kGcm128));
}

TEST(Choose, the_group_of_a_child_counts_only_where_a_key_exchange_is_wanted) {
  const auto without = esp_offer({encr(EncrId::aes_gcm_16, 128), esn(EsnId::no)});
  const auto with = esp_offer({encr(EncrId::aes_gcm_16, 128), ke(KeId::x25519), esn(EsnId::no)});
  const auto optional = esp_offer({encr(EncrId::aes_gcm_16, 128), ke(KeId::x25519), ke(KeId::none), esn(EsnId::no)});
  const auto pfs = with_ke(kEspGcm, KeId::x25519);
  EXPECT_TRUE(choose_one(with, pfs));
  EXPECT_FALSE(choose_one(with, with_ke(kEspGcm, KeId::ecp256)));
  EXPECT_FALSE(choose_one(without, pfs)) << "PFS is wanted and not offered";
  EXPECT_FALSE(choose_one(with, kEspGcm)) << "PFS is demanded and not wanted";
  EXPECT_TRUE(choose_one(optional, kEspGcm));
  EXPECT_TRUE(choose_one(optional, pfs));
  for (const auto& p : {without, with, optional})
    EXPECT_TRUE(choose_one(p, pfs, false)) << "IKE_AUTH has no key exchange";
}

TEST(Choose, an_unknown_transform_type_must_be_optional) {
  const auto type = static_cast<TransformType>(6);
  const auto p = [&](std::vector<Transform> extra) {
    extra.push_back(encr(EncrId::aes_gcm_16, 128));
    extra.push_back(esn(EsnId::no));
    return esp_offer(std::move(extra));
  };
  EXPECT_FALSE(choose_one(p({{type, 35}}), kEspGcm));
  EXPECT_TRUE(choose_one(p({{type, 35}, {type, 0}}), kEspGcm));
}

TEST(Choose, unknown_algorithms_beside_known_ones_do_no_harm) {
  const Transform camellia{TransformType::encr, 23, 256};
  EXPECT_TRUE(choose_one(esp_offer({camellia, encr(EncrId::aes_gcm_16, 128), esn(EsnId::no)}), kEspGcm));
  EXPECT_FALSE(choose_one(esp_offer({camellia, esn(EsnId::no)}), kEspGcm));
}

TEST(Offer, is_one_numbered_proposal_for_each_cipher_with_all_groups) {
  std::vector<Suite> suites;
  for (const auto& s : {kAes128, kAes256, kGcm128, kGcm256, kChacha})
    for (const auto group : {KeId::modp2048, KeId::x25519}) suites.push_back(with_ke(s, group));
  const auto out = offer(suites, Protocol::ike, {}, true);
  ASSERT_EQ(out.size(), 5U);
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_EQ(out[i].number, i + 1);
    EXPECT_EQ(out[i].protocol, Protocol::ike);
    EXPECT_TRUE(out[i].spi.empty());
  }
  EXPECT_EQ(out[0].transforms, (std::vector{encr(EncrId::aes_cbc, 128), prf(PrfId::hmac_sha2_256),
                                            integ(IntegId::hmac_sha2_256_128), ke(KeId::modp2048), ke(KeId::x25519)}));
  EXPECT_EQ(out[3].transforms, (std::vector{encr(EncrId::aes_gcm_16, 256), prf(PrfId::hmac_sha2_384),
                                            ke(KeId::modp2048), ke(KeId::x25519)}));
}

TEST(Offer, of_a_child_carries_esn_and_its_spi_and_groups_only_when_asked) {
  const std::array suites{with_ke(kEspCbc, KeId::modp2048), with_ke(kEspGcm, KeId::modp2048)};
  const std::array<std::uint8_t, 4> spi{9, 8, 7, 6};
  const auto plain = offer(suites, Protocol::esp, spi, false);
  ASSERT_EQ(plain.size(), 2U);
  for (const auto& p : plain) EXPECT_EQ(p.spi, to_bytes(spi));
  EXPECT_EQ(plain[0].transforms,
            (std::vector{encr(EncrId::aes_cbc, 128), integ(IntegId::hmac_sha1_96), esn(EsnId::no)}));
  EXPECT_EQ(plain[1].transforms, (std::vector{encr(EncrId::aes_gcm_16, 128), esn(EsnId::no)}));
  const auto pfs = offer(suites, Protocol::esp, spi, true);
  EXPECT_EQ(pfs[1].transforms, (std::vector{encr(EncrId::aes_gcm_16, 128), ke(KeId::modp2048), esn(EsnId::no)}));
}

TEST(Answer, is_chosen_from_the_offer_and_accepted_by_its_sender) {
  std::vector<Suite> suites;
  for (const auto& s : {kAes128, kAes256, kGcm128, kGcm256, kChacha})
    for (const auto group : {KeId::modp2048, KeId::ecp384, KeId::x25519}) suites.push_back(with_ke(s, group));
  const auto sent = offer(suites, Protocol::ike, {}, true);
  for (const auto& s : suites) {
    const auto chosen = choose(sent, std::array{s}, Protocol::ike);
    ASSERT_TRUE(chosen);
    const auto reply = answer(*chosen, Protocol::ike, {}, true);
    EXPECT_EQ(reply.number, chosen->number);
    const auto seen = verify_answer(std::array{reply}, suites, Protocol::ike, true);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->suite, s);
  }
}

TEST(VerifyAnswer, takes_exactly_one_proposal_with_one_transform_of_each_type) {
  const std::array sent{kAes128, with_ke(kAes128, KeId::x25519)};
  const auto good = ike_offer(
      {encr(EncrId::aes_cbc, 128), integ(IntegId::hmac_sha2_256_128), prf(PrfId::hmac_sha2_256), ke(KeId::x25519)});
  ASSERT_TRUE(verify_answer(std::array{good}, sent, Protocol::ike, true));
  EXPECT_FALSE(verify_answer({}, sent, Protocol::ike, true));
  EXPECT_FALSE(verify_answer(std::array{good, good}, sent, Protocol::ike, true));
  for (const auto& t : good.transforms) {
    auto twice = good;
    twice.transforms.push_back(t);
    EXPECT_FALSE(verify_answer(std::array{twice}, sent, Protocol::ike, true));
  }
  auto two_groups = good;
  two_groups.transforms.push_back(ke(KeId::modp2048));
  EXPECT_FALSE(verify_answer(std::array{two_groups}, sent, Protocol::ike, true));
}

TEST(VerifyAnswer, refuses_what_was_not_sent) {
  const auto answer_of = [](const Suite& s) {
    return answer(Choice{.suite = s, .number = 1, .spi = {}}, Protocol::ike, {}, true);
  };
  const std::array sent{kAes256, kGcm256};
  EXPECT_TRUE(verify_answer(std::array{answer_of(kAes256)}, sent, Protocol::ike, true));
  for (const auto& s : {kAes128, kGcm128, kChacha, with_ke(kGcm256, KeId::x25519)})
    EXPECT_FALSE(verify_answer(std::array{answer_of(s)}, sent, Protocol::ike, true));
}

TEST(VerifyAnswer, refuses_the_number_of_another_proposal) {
  const std::array sent{kAes256, kGcm256};  // numbered 1 and 2
  const auto answer_of = [](const Suite& s, std::uint8_t number) {
    return answer(Choice{.suite = s, .number = number, .spi = {}}, Protocol::ike, {}, true);
  };
  EXPECT_TRUE(verify_answer(std::array{answer_of(kAes256, 1)}, sent, Protocol::ike, true));
  EXPECT_TRUE(verify_answer(std::array{answer_of(kGcm256, 2)}, sent, Protocol::ike, true));
  EXPECT_FALSE(verify_answer(std::array{answer_of(kAes256, 2)}, sent, Protocol::ike, true));
  EXPECT_FALSE(verify_answer(std::array{answer_of(kGcm256, 1)}, sent, Protocol::ike, true));
  EXPECT_FALSE(verify_answer(std::array{answer_of(kGcm256, 3)}, sent, Protocol::ike, true));
  EXPECT_FALSE(verify_answer(std::array{answer_of(kGcm256, 0)}, sent, Protocol::ike, true));
}

Transform addke(std::size_t i, KeId id) { return {additional_ke(i), static_cast<std::uint16_t>(id)}; }
Suite hybrid(Suite s, KeId first, KeId second = KeId::none) {
  s.addke[0] = first;
  s.addke[1] = second;
  return s;
}

TEST(AdditionalKe, stand_in_proposals_of_their_own_before_those_without) {
  const std::array sent{hybrid(kAes256, KeId::ml_kem_768, KeId::ecp384), hybrid(kAes256, KeId::ml_kem_768), kAes256};
  const auto p = offer(sent, Protocol::ike, {}, true);
  ASSERT_EQ(p.size(), 2U);
  const std::vector<Transform> want{
      encr(EncrId::aes_cbc, 256), prf(PrfId::hmac_sha2_256),  integ(IntegId::hmac_sha2_256_128),
      ke(KeId::modp2048),         addke(0, KeId::ml_kem_768), addke(1, KeId::ecp384),
      addke(1, KeId::none)};
  EXPECT_EQ(p[0].transforms, want);
  EXPECT_EQ(without_additional(p), std::vector{p[1]});
}

TEST(AdditionalKe, an_offer_without_key_exchanges_names_each_suite_once) {
  const std::array sent{hybrid(kAes256, KeId::ml_kem_768), kAes256, kGcm256};
  const auto p = offer(sent, Protocol::ike, {}, false);
  ASSERT_EQ(p.size(), 2U);
  EXPECT_EQ(p[1].number, 2);
}

TEST(AdditionalKe, are_chosen_one_of_each_kind_and_answered_also_where_none_was_chosen) {
  const std::array sent{hybrid(kAes256, KeId::ml_kem_768, KeId::ecp384), hybrid(kAes256, KeId::ml_kem_768)};
  const auto offered = offer(sent, Protocol::ike, {}, true);
  const std::array ours{hybrid(kAes256, KeId::ml_kem_768)};
  const auto choice = choose(offered, ours, Protocol::ike);
  ASSERT_TRUE(choice);
  const auto p = answer(*choice, Protocol::ike, {}, true);
  EXPECT_EQ(p.transforms.back(), addke(1, KeId::none)) << "RFC 9370 2.2.1: one of each kind that was offered";
  const auto read = verify_answer(std::array{p}, sent, Protocol::ike, true);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->suite, ours[0]);
}

TEST(AdditionalKe, that_are_offered_must_be_taken_and_only_those) {
  const std::array hybrid_only{hybrid(kAes256, KeId::ml_kem_768)};
  const std::array plain_only{kAes256};
  EXPECT_FALSE(choose(offer(hybrid_only, Protocol::ike, {}, true), plain_only, Protocol::ike));
  EXPECT_FALSE(choose(offer(plain_only, Protocol::ike, {}, true), hybrid_only, Protocol::ike));
  const std::array other{hybrid(kAes256, KeId::ml_kem_1024)};
  EXPECT_FALSE(choose(offer(hybrid_only, Protocol::ike, {}, true), other, Protocol::ike));
}

TEST(AdditionalKe, are_refused_in_an_answer_that_doubles_one) {
  const std::array sent{hybrid(kAes256, KeId::ml_kem_768, KeId::ecp384),
                        hybrid(kAes256, KeId::ecp384, KeId::ml_kem_768)};
  auto p = answer({.suite = sent[0], .number = 1, .spi = {}}, Protocol::ike, {}, true);
  EXPECT_TRUE(verify_answer(std::array{p}, sent, Protocol::ike, true));
  p.transforms.back().id = static_cast<std::uint16_t>(KeId::ml_kem_768);  // offered there, but done already
  EXPECT_FALSE(verify_answer(std::array{p}, sent, Protocol::ike, true));
}

TEST(AdditionalKe, do_not_count_in_the_login_of_a_child) {
  Suite s = kEspGcm;
  s.addke[0] = KeId::ml_kem_768;
  EXPECT_TRUE(
      choose(offer(std::array{kEspGcm}, Protocol::esp, Bytes{1, 2, 3, 4}, false), std::array{s}, Protocol::esp, false));
}

}  // namespace
}  // namespace dormouse::crypto
