// REDIRECT (RFC 5685), both ends.
#include "ike/redirect.h"

#include <gtest/gtest.h>

#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

const IpAddress kOther = *IpAddress::parse("192.0.2.77"), kOther6 = *IpAddress::parse("2001:db8::77");

TEST(RedirectNotify, names_a_gateway_by_either_address_or_by_name) {
  for (const auto* text : {"192.0.2.77", "2001:db8::77", "gw2.example.org"}) {
    const auto gateway = parse_gateway(text);
    ASSERT_TRUE(gateway);
    EXPECT_EQ(gateway->text(), text);
    EXPECT_EQ(read_redirect(redirect_notify(*gateway)), gateway);
  }
  EXPECT_EQ(redirect_notify({kOther, {}}).data, (Bytes{1, 4, 192, 0, 2, 77}));
  EXPECT_EQ(redirected_from_notify(kOther).data, (Bytes{1, 4, 192, 0, 2, 77}));
}

TEST(RedirectNotify, is_not_taken_with_anything_wrong_about_it) {
  for (const auto* text : {"", "gw 2", "-gw", ".example.org", "10.1.2", "gw2.example.org:500"})
    EXPECT_FALSE(parse_gateway(text)) << text;
  const Bytes nonce(32, 7);
  const auto good = redirect_notify({kOther, {}}, nonce);
  EXPECT_TRUE(read_redirect(good, nonce));
  EXPECT_FALSE(read_redirect(good)) << "a nonce where none belongs";
  EXPECT_FALSE(read_redirect(redirect_notify({kOther, {}}), nonce)) << "none where one belongs";
  EXPECT_FALSE(read_redirect(good, Bytes(32, 8)));
  for (std::size_t size = 0; size < good.data.size(); ++size) {
    auto cut = good;
    cut.data.resize(size);
    EXPECT_FALSE(read_redirect(cut, nonce)) << size;
  }
  for (const Bytes& data : {Bytes{2, 4, 1, 2, 3, 4}, Bytes{1, 3, 1, 2, 3}, Bytes{9, 4, 1, 2, 3, 4}, Bytes{3, 1, ' '}})
    EXPECT_FALSE(read_redirect({.type = wire::NotifyType::redirect, .data = data}));
}

struct Redirect : ::testing::Test {
  Redirect() { pair.a.policy.redirect = true; }
  /// What a gateway answers that sends an initiator on, in clear.
  Bytes answer_in_clear(ByteView request, ByteView nonce) {
    auto h = wire::parse_message(request)->header;
    h.initiator = false;
    h.response = true;
    return wire::serialize_clear(h, {redirect_notify({kOther, {}}, nonce)});
  }
  static Bytes nonce_of(ByteView request) {
    return wire::find<wire::NoncePayload>(wire::parse_message(request)->payloads)->data;
  }
  Pair pair;
};

TEST_F(Redirect, in_the_answer_to_ike_sa_init_is_followed_with_our_nonce_alone) {
  pair.begin();
  const auto request = pair.a.wire.front().message;
  Bytes wrong = nonce_of(request);
  wrong[0] ^= 1;
  pair.hand(pair.a, answer_in_clear(request, wrong), 500);
  pair.hand(pair.a, answer_in_clear(request, {}), 500);
  EXPECT_TRUE(pair.a.events.empty() && pair.a.only_sa()) << "it goes on waiting";
  pair.hand(pair.a, answer_in_clear(request, nonce_of(request)), 500);
  EXPECT_EQ(pair.a.events, (std::vector<std::string>{"redirected to 192.0.2.77, in clear", "closed: redirected"}));
}

TEST_F(Redirect, is_ignored_by_a_client_that_does_not_follow) {
  pair.a.policy.redirect = false;
  pair.begin();
  const auto request = pair.a.wire.front().message;
  EXPECT_FALSE(wire::find_notify(wire::parse_message(request)->payloads, wire::NotifyType::redirect_supported));
  pair.hand(pair.a, answer_in_clear(request, nonce_of(request)), 500);
  EXPECT_TRUE(pair.a.events.empty());
  pair.b.sends_to = OtherGateway{kOther, {}};
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel()) << "the gateway does not ask it to";
  EXPECT_FALSE(pair.b.asked.at(0).follows);
  pair.use(pair.b, *pair.b.only_sa(),
           [&](IkeSa& s, Outbox& out) { EXPECT_FALSE(s.redirect({kOther, {}}, pair.now, out)); });
}

TEST_F(Redirect, at_login_comes_after_both_ends_have_proved_themselves_and_leaves_nothing) {
  pair.b.sends_to = OtherGateway{kOther, {}};
  pair.login();
  EXPECT_EQ(pair.a.events, (std::vector<std::string>{"redirected to 192.0.2.77", "closed: redirected"}));
  EXPECT_EQ(pair.b.events, (std::vector<std::string>{"closed: deleted by peer"})) << "no Established";
  EXPECT_TRUE(pair.a.sas.empty() && pair.b.sas.empty());
  EXPECT_TRUE(pair.a.spis.empty() && pair.b.spis.empty());
}

TEST_F(Redirect, at_login_does_not_wait_for_a_delete_that_is_lost) {
  pair.b.sends_to = OtherGateway{kOther, {}};
  pair.begin();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(pair.deliver_one(pair.a) && pair.deliver_one(pair.b));
  ASSERT_TRUE(pair.a.saw("closed: redirected"));
  pair.lose(pair.a);
  pair.pass(11s);
  EXPECT_TRUE(pair.b.sas.empty());
}

TEST_F(Redirect, of_somebody_who_cannot_prove_to_be_the_gateway_is_not_followed) {
  pair.b.sends_to = OtherGateway{kOther, {}};
  pair.expected_peer = name_id("another gateway");
  pair.login();
  EXPECT_FALSE(pair.a.saw("redirected to 192.0.2.77"));
  EXPECT_TRUE(pair.a.saw("closed: authentication failed"));
}

TEST_F(Redirect, in_a_session_is_answered_and_leaves_the_sa_standing) {
  pair.login();
  pair.use(pair.b, *pair.b.only_sa(),
           [&](IkeSa& s, Outbox& out) { EXPECT_TRUE(s.redirect({kOther6, {}}, pair.now, out)); });
  pair.settle();
  EXPECT_TRUE(pair.a.saw("redirected to 2001:db8::77"));
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_FALSE(pair.b.only_sa()->status().request_pending);
}

TEST_F(Redirect, in_a_session_goes_on_to_be_possible_after_a_rekey) {
  pair.login();
  pair.use(pair.a, *pair.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  ASSERT_TRUE(pair.one_tunnel());
  pair.use(pair.b, *pair.b.only_sa(),
           [&](IkeSa& s, Outbox& out) { EXPECT_TRUE(s.redirect({kOther, {}}, pair.now, out)); });
  pair.settle();
  EXPECT_TRUE(pair.a.saw("redirected to 192.0.2.77"));
}

TEST_F(Redirect, is_the_gateways_to_say_and_not_the_clients) {
  pair.b.policy.redirect = true;
  pair.login();
  pair.use(pair.a, *pair.a.only_sa(),
           [&](IkeSa& s, Outbox& out) { EXPECT_FALSE(s.redirect({kOther, {}}, pair.now, out)); });
}

TEST_F(Redirect, says_from_where_it_comes) {
  pair.redirected_from = kOther6;
  pair.begin();
  const auto m = wire::parse_message(pair.a.wire.front().message);
  const auto* n = wire::find_notify(m->payloads, wire::NotifyType::redirected_from);
  ASSERT_TRUE(n);
  EXPECT_EQ(n->data.size(), 18U);
  EXPECT_FALSE(wire::find_notify(m->payloads, wire::NotifyType::redirect_supported));
  pair.settle();
  EXPECT_TRUE(pair.b.asked.at(0).follows) << "it may be sent on";
}

TEST_F(Redirect, is_signalled_anew_with_a_ticket_and_sends_its_holder_on) {
  pair.a.policy.session_resume = pair.b.policy.session_resume = true;
  pair.login();
  auto t = std::move(*pair.a.ticket);
  for (End* e : {&pair.a, &pair.b}) {
    e->sas.clear();
    e->children.clear();
    e->events.clear();
  }
  pair.b.sends_to = OtherGateway{kOther, {}};
  pair.begin(ResumeState{t.ticket, t.sk_d.clone(), t.suite});
  const auto m = wire::parse_message(pair.a.wire.front().message);
  EXPECT_TRUE(wire::find_notify(m->payloads, wire::NotifyType::redirect_supported));
  pair.settle();
  EXPECT_EQ(pair.a.events, (std::vector<std::string>{"redirected to 192.0.2.77", "closed: redirected"}));
  EXPECT_TRUE(pair.b.sas.empty());
}

}  // namespace
}  // namespace dormouse::ike::testing
