// Post-quantum preshared keys (RFC 8784).
#include <gtest/gtest.h>

#include "ike/clear_provider_for_test.h"
#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

PpkPolicy ppk(PpkMode mode, std::string_view identity = "ours", std::string_view key = "32 random octets") {
  return {.mode = mode, .identity = std::string(identity), .secret = std::make_shared<const SecretBytes>(secret(key))};
}

class Ppk : public ::testing::Test {
 protected:
  Pair pair;
  bool works(PpkPolicy a, PpkPolicy b) {
    pair.a.policy.ppk = std::move(a);
    pair.b.policy.ppk = std::move(b);
    pair.begin();
    pair.settle();
    if (!pair.a.only_sa() || pair.a.children.empty()) pair.pass(200s);
    return pair.one_tunnel();
  }
};

struct Case {
  PpkMode a, b;
  bool same_id;
  bool works;
};
class PpkTable : public ::testing::TestWithParam<Case> {};

TEST_P(PpkTable, is_as_the_rfc_has_it) {
  const auto& c = GetParam();
  Pair p;
  if (c.a != PpkMode::never) p.a.policy.ppk = ppk(c.a);
  if (c.b != PpkMode::never) p.b.policy.ppk = ppk(c.b, c.same_id ? "ours" : "another");
  p.begin();
  p.settle();
  p.pass(200s);
  EXPECT_EQ(p.one_tunnel(), c.works);
  if (!c.works) {
    EXPECT_TRUE(p.a.children.empty() && p.b.children.empty());
    EXPECT_FALSE(p.a.saw("established") || p.b.saw("established"));
  }
}

constexpr auto kNever = PpkMode::never, kAllow = PpkMode::allow, kRequire = PpkMode::require;
INSTANTIATE_TEST_SUITE_P(Rfc8784, PpkTable,
                         ::testing::Values(Case{kNever, kAllow, true, true}, Case{kNever, kRequire, true, false},
                                           Case{kAllow, kNever, true, true}, Case{kRequire, kNever, true, false},
                                           Case{kAllow, kAllow, true, true}, Case{kAllow, kRequire, true, true},
                                           Case{kRequire, kAllow, true, true}, Case{kRequire, kRequire, true, true},
                                           Case{kAllow, kAllow, false, true}, Case{kRequire, kAllow, false, false},
                                           Case{kAllow, kRequire, false, false},
                                           Case{kRequire, kRequire, false, false}));

TEST_F(Ppk, another_secret_under_the_same_name_lets_nobody_in) {
  EXPECT_FALSE(works(ppk(kAllow), ppk(kAllow, "ours", "other random octets!")));
  EXPECT_FALSE(pair.b.saw("established")) << "AUTH without it does not count where it is known";
}

TEST_F(Ppk, the_keys_depend_on_it) {
  const auto key = [](std::optional<PpkPolicy> with) {
    Pair p(7);
    if (with) p.a.policy.ppk = p.b.policy.ppk = *with;
    p.login();
    EXPECT_TRUE(p.one_tunnel());
    return to_bytes(p.a.children.begin()->second.encr_in.reveal());
  };
  const auto none = key(std::nullopt), one = key(ppk(kAllow)), other = key(ppk(kAllow, "ours", "another secret"));
  EXPECT_NE(none, one);
  EXPECT_NE(one, other);
}

TEST_F(Ppk, goes_with_additional_key_exchanges_rekeys_and_tickets) {
  for (End* e : {&pair.a, &pair.b}) {
    e->policy.suites[0].addke[0] = KeId::ml_kem_768;
    e->policy.session_resume = true;
  }
  ASSERT_TRUE(works(ppk(kRequire), ppk(kRequire)));
  pair.use(pair.b, *pair.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  pair.pass(5s);
  ASSERT_TRUE(pair.one_tunnel());
  ASSERT_TRUE(pair.a.ticket);
  ResumeState state{pair.a.ticket->ticket, pair.a.ticket->sk_d.clone(), pair.a.ticket->suite};
  for (End* e : {&pair.a, &pair.b}) e->sas.clear(), e->children.clear();
  pair.begin(std::move(state));
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel()) << "it is in SK_d, and not asked for again";
}

TEST_F(Ppk, goes_with_a_cookie_and_a_wrong_guess_of_the_group) {
  pair.a.policy.suites = {ike_suite(KeId::modp2048), ike_suite(KeId::x25519)};
  pair.b.policy.suites = {ike_suite(KeId::x25519)};
  EXPECT_TRUE(works(ppk(kRequire), ppk(kRequire)));
}

TEST_F(Ppk, who_takes_it_out_of_the_first_message_is_found_out) {
  ClearProvider clear;
  Pair p(clear, 1);
  p.a.policy.ppk = p.b.policy.ppk = ppk(kAllow);
  p.begin();
  auto t = std::move(p.a.wire.front());
  p.a.wire.pop_front();
  auto m = *wire::parse_message(t.message);
  std::erase_if(m.payloads, [](const wire::Payload& x) {
    const auto* n = std::get_if<wire::NotifyPayload>(&x);
    return n && n->type == wire::NotifyType::use_ppk;
  });
  p.hand(p.b, wire::serialize_clear(m.header, m.payloads), t.path.remote.port);
  p.settle();
  p.pass(200s);
  EXPECT_FALSE(p.a.saw("established") || p.b.saw("established"));
}

}  // namespace
}  // namespace dormouse::ike::testing
