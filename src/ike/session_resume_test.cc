// RFC 5723 between two ends: the exchange, its keys and AUTH, and what implementers have got wrong before.
#include <gtest/gtest.h>

#include "crypto/keymat.h"
#include "ike/cookie.h"
#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

using wire::NotifyType;

class SessionResume : public ::testing::Test {
 protected:
  SessionResume() { pair.a.policy.session_resume = pair.b.policy.session_resume = true; }
  /// A login, then both ends forget the SA; the ticket stays.
  void sleep_after_login() {
    pair.login();
    ASSERT_TRUE(pair.one_tunnel());
    ASSERT_TRUE(pair.a.ticket);
    forget();
  }
  void forget() {
    for (End* e : {&pair.a, &pair.b}) {
      e->sas.clear();
      e->children.clear();
      e->events.clear();
    }
  }
  ResumeState ticket() {
    const auto& t = *pair.a.ticket;
    return {t.ticket, t.sk_d.clone(), t.suite};
  }
  static std::optional<wire::Message> parsed(const Bytes& b) {
    auto m = wire::parse_message(b);
    return m ? std::optional(std::move(*m)) : std::nullopt;
  }
  static Bytes with(const Bytes& like, std::vector<wire::Payload> payloads) {
    return wire::serialize_clear(*wire::parse_header(like), payloads);
  }
  crypto::testing::ToyProvider engine;
  Pair pair;
};

TEST_F(SessionResume, brings_the_tunnel_back_without_a_secret_or_a_key_exchange) {
  sleep_after_login();
  pair.a.psk = secret("not the secret at all");
  pair.begin(ticket());
  const auto request = parsed(pair.a.wire.back().message);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->header.exchange, wire::ExchangeType::ike_session_resume);
  EXPECT_EQ(wire::find<wire::SaPayload>(request->payloads), nullptr);
  EXPECT_EQ(wire::find<wire::KePayload>(request->payloads), nullptr);
  EXPECT_TRUE(wire::find_notify(request->payloads, NotifyType::nat_detection_source_ip)) << "not remembered: sent anew";
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_TRUE(pair.b.saw("resumed by client"));
  EXPECT_TRUE(pair.a.saw("ticket")) << "the old one is spent";
  EXPECT_EQ(pair.b.asked.size(), 1U) << "by the first login alone";
}

TEST_F(SessionResume, serves_again_from_the_resumed_sa) {
  sleep_after_login();
  for (int i = 0; i < 3; ++i) {
    pair.begin(ticket());
    pair.settle();
    ASSERT_TRUE(pair.one_tunnel()) << i;
    forget();
  }
}

TEST_F(SessionResume, does_not_say_initial_contact) {
  sleep_after_login();
  pair.begin(ticket());
  pair.settle();
  for (const auto& q : pair.b.asked) EXPECT_TRUE(q.initial_contact) << "of the login";
  EXPECT_EQ(pair.b.asked.size(), 1U);
}

TEST_F(SessionResume, answers_a_repeated_question_with_the_same_octets) {
  sleep_after_login();
  pair.begin(ticket());
  const auto question = pair.a.wire.front().message;
  pair.hand(pair.b, question, 500);
  const auto first = pair.b.wire.back().message;
  pair.hand(pair.b, question, 500);
  EXPECT_EQ(pair.b.wire.back().message, first);
  EXPECT_EQ(pair.b.opened, 1U);
}

TEST_F(SessionResume, signs_the_message_with_the_cookie) {
  sleep_after_login();
  pair.begin(ticket());
  const auto first = *parsed(pair.a.wire.back().message);
  pair.a.wire.clear();
  CookieJar jar(engine, pair.b.dice());
  const auto cookie =
      jar.make(wire::find<wire::NoncePayload>(first.payloads)->data, pair.a_at, first.header.spi_i, pair.now);
  const auto challenge = CookieJar::response(first.header, cookie);
  EXPECT_EQ(parsed(challenge)->header.exchange, wire::ExchangeType::ike_session_resume);
  pair.hand(pair.a, challenge, 500);
  ASSERT_EQ(pair.a.wire.size(), 1U);
  const auto second = *parsed(pair.a.wire.back().message);
  const auto* back = wire::find_notify(second.payloads, NotifyType::cookie);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->data, cookie);
  EXPECT_EQ(&std::get<wire::NotifyPayload>(second.payloads.front()), back) << "first of all payloads";
  EXPECT_EQ(second.header.spi_i, first.header.spi_i);
  EXPECT_EQ(wire::find<wire::NoncePayload>(second.payloads)->data,
            wire::find<wire::NoncePayload>(first.payloads)->data);
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(SessionResume, a_challenger_without_end_is_left) {
  sleep_after_login();
  pair.begin(ticket());
  const auto header = *wire::parse_header(pair.a.wire.back().message);
  for (std::uint8_t round = 1; round < 20; ++round)
    pair.hand(pair.a, CookieJar::response(header, Bytes(16, round)), 500);
  EXPECT_TRUE(pair.a.saw("closed: refused"));
}

TEST_F(SessionResume, a_refusal_in_clear_is_a_hint_and_the_answer_may_still_come) {
  sleep_after_login();
  pair.begin(ticket());
  auto h = *wire::parse_header(pair.a.wire.front().message);
  h.response = true;
  h.initiator = false;
  pair.hand(pair.a, wire::serialize_clear(h, {wire::NotifyPayload{.type = NotifyType::ticket_nack}}), 500);
  EXPECT_TRUE(pair.a.saw("ticket refused"));
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(SessionResume, an_unknown_ticket_is_refused_and_leaves_nothing) {
  sleep_after_login();
  auto bad = ticket();
  bad.ticket[0] ^= 1;
  pair.begin(std::move(bad));
  pair.deliver_one(pair.a);
  ASSERT_EQ(pair.b.wire.size(), 1U);
  const auto answer = *parsed(pair.b.wire.back().message);
  EXPECT_TRUE(wire::find_notify(answer.payloads, NotifyType::ticket_nack));
  EXPECT_EQ(answer.header.spi_r.value(), 0U);
  EXPECT_TRUE(pair.b.sas.empty());
  pair.settle();
  EXPECT_TRUE(pair.a.saw("ticket refused"));
}

TEST_F(SessionResume, who_has_the_ticket_but_not_the_key_comes_to_nothing) {
  sleep_after_login();
  auto stolen = ticket();
  stolen.sk_d = SecretBytes(stolen.sk_d.size());
  pair.begin(std::move(stolen));
  pair.settle();
  EXPECT_FALSE(pair.b.saw("established"));
  EXPECT_FALSE(pair.b.saw("resumed by client"));
  EXPECT_EQ(pair.b.tickets.size(), 1U) << "nothing was given, nothing is spent";
}

TEST_F(SessionResume, another_identity_than_the_tickets_is_refused) {
  sleep_after_login();
  pair.a.identity = name_id("somebody-else");
  pair.begin(ticket());
  pair.settle();
  EXPECT_FALSE(pair.b.saw("established"));
  EXPECT_TRUE(pair.a.saw("closed: authentication failed")) << ::testing::PrintToString(pair.a.events);
}

TEST_F(SessionResume, the_layer_above_may_still_say_no) {
  sleep_after_login();
  pair.b.refuse_resumed = true;
  pair.begin(ticket());
  pair.settle();
  EXPECT_FALSE(pair.b.saw("established"));
  EXPECT_TRUE(pair.a.saw("closed: authentication failed")) << ::testing::PrintToString(pair.a.events);
}

TEST_F(SessionResume, nothing_but_auth_is_heard_before_auth) {
  sleep_after_login();
  pair.begin(ticket());
  pair.deliver_one(pair.a);
  auto& half_open = *pair.b.only_sa();
  EXPECT_EQ(half_open.state(), SaState::half_open);
  pair.deliver_one(pair.b);  // the client has all keys now; it asks for a Child SA instead of AUTH
  ASSERT_EQ(pair.a.wire.size(), 1U);
  auto forged = pair.a.wire.front().message;
  forged[18] = static_cast<std::uint8_t>(wire::ExchangeType::create_child_sa);
  pair.hand(pair.b, forged, 500);
  EXPECT_TRUE(pair.b.children.empty());
  EXPECT_FALSE(pair.b.saw("established"));
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(SessionResume, the_keys_are_those_of_the_rfc) {
  sleep_after_login();
  const auto old = ticket();
  pair.begin(ticket());
  const auto ni = wire::find<wire::NoncePayload>(parsed(pair.a.wire.back().message)->payloads)->data;
  pair.deliver_one(pair.a);
  const auto nr = wire::find<wire::NoncePayload>(parsed(pair.b.wire.back().message)->payloads)->data;
  const auto seed = crypto::skeyseed_resume(engine, old.suite.prf, old.sk_d.reveal(), ni, nr);
  ASSERT_TRUE(seed);
  pair.settle();
  const auto& sa = *pair.a.only_sa();
  const auto keys = crypto::derive_ike_keys(engine, old.suite, seed->reveal(), ni, nr, sa.spi_i(), sa.spi_r());
  ASSERT_TRUE(keys);
  EXPECT_EQ(pair.a.ticket->sk_d, keys->sk_d) << "what the next ticket is of";
}

TEST_F(SessionResume, the_libreswan_form_of_auth_needs_both_ends) {
  sleep_after_login();
  pair.a.policy.libreswan_resume = pair.b.policy.libreswan_resume = true;
  pair.begin(ticket());
  pair.settle();
  ASSERT_TRUE(pair.one_tunnel());
  forget();
  pair.b.policy.libreswan_resume = false;
  pair.begin(ticket());
  pair.settle();
  EXPECT_FALSE(pair.b.saw("established"));
}

TEST_F(SessionResume, a_rekey_by_the_client_brings_a_new_ticket) {
  pair.login();
  const auto first = pair.a.ticket->ticket;
  pair.use(pair.a, *pair.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  EXPECT_NE(pair.a.ticket->ticket, first);
  EXPECT_EQ(pair.a.ticket->sa, pair.a.newest_sa()->id()) << "of the new IKE SA";
  forget();
  pair.begin(ticket());
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(SessionResume, after_a_rekey_by_the_gateway_the_client_asks_for_one) {
  pair.login();
  const auto first = pair.a.ticket->ticket;
  pair.use(pair.b, *pair.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  pair.pass(1s);
  EXPECT_NE(pair.a.ticket->ticket, first);
  EXPECT_EQ(pair.a.ticket->sa, pair.a.newest_sa()->id());
  EXPECT_EQ(pair.b.ticket, std::nullopt) << "a gateway is given none";
}

TEST_F(SessionResume, a_ticket_too_long_for_the_answer_is_fetched_later) {
  pair.b.ticket_size = 800;
  pair.login();
  EXPECT_FALSE(pair.a.ticket);
  pair.pass(3s);
  ASSERT_TRUE(pair.a.ticket);
  EXPECT_EQ(pair.a.ticket->ticket.size(), 800U);
}

TEST_F(SessionResume, a_gateway_without_tickets_says_so_and_the_login_stands) {
  pair.b.policy.session_resume = false;
  pair.login();
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_FALSE(pair.a.ticket);
}

TEST_F(SessionResume, a_new_ticket_is_asked_for_before_the_old_one_ends) {
  pair.login();
  const auto first = pair.a.ticket->ticket;
  pair.pass(46min);  // of an hour
  EXPECT_NE(pair.a.ticket->ticket, first);
}

}  // namespace
}  // namespace dormouse::ike::testing
