// RFC 6290: tokens exchanged under the SA, shown in clear after a crash, and believed only if they are right.
#include "ike/qcd.h"

#include <gtest/gtest.h>

#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

class Qcd : public ::testing::Test {
 protected:
  Qcd() {
    pair.a.qcd = maker(1);
    pair.b.qcd = maker(2);
  }
  QcdMaker maker(std::uint8_t seed) {
    return {engine, std::make_shared<const SecretBytes>(ByteView(Bytes(QcdMaker::kSecretSize, seed)))};
  }
  /// `e` asks whether the other end lives, which does not know the SA any more; returns what `by` answers.
  Bytes answer_to_probe(End& e, const QcdMaker& by) {
    pair.use(e, *e.newest_sa(), [&](IkeSa& s, Outbox& out) { s.resend_pending(pair.now, out); });
    const auto request = e.wire.back().message;
    e.wire.clear();
    const auto header = wire::parse_header(request);
    EXPECT_TRUE(header && QcdMaker::is_protected_request(*header, request));
    return by.answer(*header);
  }
  Bytes clear(const Bytes& like, std::vector<wire::Payload> payloads) {
    return wire::serialize_clear(*wire::parse_header(like), payloads);
  }
  void rekey(End& e) {
    pair.use(e, *e.newest_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
    pair.settle();
    pair.pass(31s);
    ASSERT_TRUE(pair.one_tunnel());
  }
  crypto::testing::ToyProvider engine;
  Pair pair;
};

TEST_F(Qcd, the_right_token_proves_to_either_end_that_the_other_crashed) {
  for (End* e : {&pair.a, &pair.b}) {
    pair.a.sas.clear();
    pair.b.sas.clear();
    pair.login();
    const auto answer = answer_to_probe(*e, *pair.other(*e).qcd);
    pair.hand(*e, answer, 500);
    EXPECT_EQ(e->count("peer crashed"), 1U) << e->name;
    EXPECT_TRUE(e->wire.empty()) << "silently (RFC 6290 4.5)";
  }
}

TEST_F(Qcd, the_answer_is_in_the_form_of_the_rfc) {
  pair.login();
  pair.use(pair.a, *pair.a.newest_sa(), [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  const auto request = *wire::parse_header(pair.a.wire.back().message);
  const auto bytes = pair.b.qcd->answer(request);
  const auto m = wire::parse_message(bytes);
  ASSERT_TRUE(m);
  EXPECT_FALSE(m->encrypted);
  EXPECT_TRUE(m->header.response);
  EXPECT_FALSE(m->header.initiator);
  EXPECT_EQ(m->header.spi_i, request.spi_i);
  EXPECT_EQ(m->header.spi_r, request.spi_r);
  EXPECT_EQ(m->header.message_id, request.message_id);
  EXPECT_EQ(m->header.exchange, request.exchange);
  ASSERT_EQ(m->payloads.size(), 2U);
  EXPECT_NE(wire::find_notify(m->payloads, wire::NotifyType::invalid_ike_spi), nullptr);
  const auto* token = wire::find_notify(m->payloads, wire::NotifyType::quick_crash_detection);
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(static_cast<unsigned>(token->type), 16419U);
  EXPECT_EQ(token->protocol, Protocol::ike);
  EXPECT_TRUE(token->spi.empty());
  EXPECT_EQ(token->data.size(), QcdMaker::kTokenSize);
}

TEST_F(Qcd, a_wrong_token_changes_nothing_and_is_not_answered) {
  pair.login();
  const auto good = answer_to_probe(pair.a, *pair.b.qcd);
  pair.hand(pair.a, answer_to_probe(pair.a, maker(3)), 500);     // another secret
  pair.hand(pair.a, answer_to_probe(pair.a, *pair.a.qcd), 500);  // our own
  const auto right = pair.b.qcd->token(false, pair.a.newest_sa()->spi_i(), pair.a.newest_sa()->spi_r());
  for (std::size_t at : {std::size_t{0}, right.size() - 1}) {
    auto wrong = right;
    wrong[at] ^= 1;
    pair.hand(pair.a, clear(good, {qcd_notify(wrong)}), 500);
  }
  pair.hand(pair.a, clear(good, {qcd_notify(Bytes(right.begin(), right.end() - 1))}), 500);
  pair.hand(pair.a, clear(good, {qcd_notify({})}), 500);
  auto no_protocol = qcd_notify(right);
  no_protocol.protocol = Protocol::none;
  pair.hand(pair.a, clear(good, {no_protocol}), 500);
  pair.hand(pair.a, clear(good, {wire::NotifyPayload{.type = wire::NotifyType::invalid_ike_spi}}), 500);
  pair.hand(pair.a, clear(good, {wire::DeletePayload{}}), 500);
  EXPECT_EQ(pair.a.count("peer crashed"), 0U);
  EXPECT_TRUE(pair.a.wire.empty());
  ASSERT_NE(pair.a.only_sa(), nullptr);
  EXPECT_EQ(pair.a.only_sa()->state(), SaState::established);
  pair.hand(pair.a, good, 500);
  EXPECT_EQ(pair.a.count("peer crashed"), 1U);
}

TEST_F(Qcd, the_right_one_is_found_among_four) {
  pair.login();
  const auto good = answer_to_probe(pair.a, *pair.b.qcd);
  const auto* sa = pair.a.newest_sa();
  std::vector<wire::Payload> p;
  for (std::uint8_t old = 10; old < 13; ++old)
    p.push_back(qcd_notify(maker(old).token(false, sa->spi_i(), sa->spi_r())));
  p.push_back(qcd_notify(pair.b.qcd->token(false, sa->spi_i(), sa->spi_r())));
  pair.hand(pair.a, clear(good, p), 500);
  EXPECT_EQ(pair.a.count("peer crashed"), 1U);
}

TEST_F(Qcd, a_message_cannot_make_us_compare_tokens_without_end) {
  pair.login();
  const auto good = answer_to_probe(pair.a, *pair.b.qcd);
  const auto* sa = pair.a.newest_sa();
  std::vector<wire::Payload> p(20, qcd_notify(Bytes(32, 9)));
  p.push_back(qcd_notify(pair.b.qcd->token(false, sa->spi_i(), sa->spi_r())));
  pair.hand(pair.a, clear(good, p), 500);
  EXPECT_EQ(pair.a.count("peer crashed"), 0U);
}

TEST_F(Qcd, the_two_ends_of_one_sa_have_different_tokens_even_of_one_secret) {
  const auto m = maker(5);
  EXPECT_NE(m.token(true, IkeSpi(1), IkeSpi(2)), m.token(false, IkeSpi(1), IkeSpi(2)));
  EXPECT_NE(m.token(true, IkeSpi(1), IkeSpi(2)), m.token(true, IkeSpi(2), IkeSpi(1)));
  EXPECT_EQ(m.token(true, IkeSpi(1), IkeSpi(2)), maker(5).token(true, IkeSpi(1), IkeSpi(2)));
}

TEST_F(Qcd, after_a_rekey_by_either_end_both_have_tokens_of_the_new_sa) {
  for (const bool from_a : {true, false}) {
    Pair fresh;
    fresh.a.qcd = maker(1);
    fresh.b.qcd = maker(2);
    fresh.login();
    End& e = from_a ? fresh.a : fresh.b;
    fresh.use(e, *e.newest_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(fresh.now, out); });
    fresh.settle();
    fresh.pass(31s);
    ASSERT_TRUE(fresh.one_tunnel());
    for (End* end : {&fresh.a, &fresh.b}) {
      SCOPED_TRACE("from a " + std::to_string(from_a) + ", taker " + end->name);
      fresh.use(*end, *end->newest_sa(), [&](IkeSa& s, Outbox& out) { s.probe(fresh.now, out); });
      const auto request = *wire::parse_header(end->wire.back().message);
      end->wire.clear();
      fresh.hand(*end, fresh.other(*end).qcd->answer(request), 500);
      EXPECT_EQ(end->count("peer crashed"), 1U);
    }
  }
}

TEST_F(Qcd, an_end_that_has_it_off_gives_no_token_and_takes_none) {
  pair.a.qcd.reset();
  pair.login();
  const auto answer = answer_to_probe(pair.a, *pair.b.qcd);
  pair.hand(pair.a, answer, 500);
  EXPECT_EQ(pair.a.count("peer crashed"), 0U);
  const auto of_a = answer_to_probe(pair.b, maker(1));
  pair.hand(pair.b, of_a, 500);
  EXPECT_EQ(pair.b.count("peer crashed"), 0U);
  rekey(pair.a);
}

TEST_F(Qcd, only_protected_requests_under_an_sa_are_answered) {
  pair.login();
  pair.use(pair.a, *pair.a.newest_sa(), [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  const auto request = pair.a.wire.back().message;
  const auto header = *wire::parse_header(request);
  const auto answered = [&](auto change) {
    auto h = header;
    change(h);
    return QcdMaker::is_protected_request(h, request);
  };
  EXPECT_TRUE(answered([](auto&) {}));
  EXPECT_FALSE(answered([](auto& h) { h.response = true; })) << "or two such hosts would answer each other for ever";
  EXPECT_FALSE(answered([](auto& h) { h.spi_r = IkeSpi(0); }));
  EXPECT_FALSE(answered([](auto& h) { h.spi_i = IkeSpi(0); }));
  EXPECT_FALSE(answered([](auto& h) { h.exchange = wire::ExchangeType::ike_sa_init; }));
  EXPECT_FALSE(answered([](auto& h) { h.exchange = wire::ExchangeType::ike_auth; }));
  auto in_clear = header;
  const auto bytes = wire::serialize_clear(in_clear, {wire::DeletePayload{}});
  EXPECT_FALSE(QcdMaker::is_protected_request(in_clear, bytes));
  EXPECT_FALSE(QcdMaker::is_protected_request(header, ByteView(request).first(40)));
}

}  // namespace
}  // namespace dormouse::ike::testing
