// RFC 7383: messages in pieces, put together again, and what must not come of it.
#include "ike/fragmentation.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "ike/pair_for_test.h"

namespace dormouse::ike {
namespace {

using wire::PayloadType;

Fragment piece(std::uint32_t id, std::uint16_t number, std::uint16_t total, Bytes content) {
  static const Bytes datagram{7, 7};
  return {.id = MessageId(id),
          .number = number,
          .total = total,
          .first = number == 1 ? PayloadType::auth : PayloadType::none,
          .content = std::move(content),
          .datagram = datagram};
}

TEST(Reassembler, puts_pieces_together_in_any_order) {
  Reassembler r;
  EXPECT_FALSE(r.add(piece(1, 3, 3, {5})));
  EXPECT_FALSE(r.add(piece(1, 1, 3, {1, 2})));
  const auto whole = r.add(piece(1, 2, 3, {3, 4}));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->content, (Bytes{1, 2, 3, 4, 5}));
  EXPECT_EQ(whole->first, PayloadType::auth);
  EXPECT_EQ(whole->first_datagram, (Bytes{7, 7}));
  EXPECT_EQ(r.octets(), 0U) << "nothing is kept";
}

TEST(Reassembler, takes_the_first_of_two_with_one_number) {
  Reassembler r;
  EXPECT_FALSE(r.add(piece(1, 1, 2, {1})));
  EXPECT_FALSE(r.add(piece(1, 1, 2, {9})));
  EXPECT_EQ(r.add(piece(1, 2, 2, {2}))->content, (Bytes{1, 2}));
}

TEST(Reassembler, begins_anew_with_smaller_pieces_and_drops_larger_ones) {
  Reassembler r;
  EXPECT_FALSE(r.add(piece(1, 1, 2, {1, 2})));
  EXPECT_FALSE(r.add(piece(1, 1, 3, {1})));
  EXPECT_EQ(r.octets(), 1U);
  EXPECT_FALSE(r.add(piece(1, 2, 2, {3}))) << "of the set before";
  EXPECT_FALSE(r.add(piece(1, 2, 3, {2})));
  EXPECT_EQ(r.add(piece(1, 3, 3, {3}))->content, (Bytes{1, 2, 3}));
}

TEST(Reassembler, never_mixes_messages) {
  Reassembler r;
  EXPECT_FALSE(r.add(piece(1, 1, 2, {1})));
  EXPECT_FALSE(r.add(piece(2, 2, 2, {9})));
  EXPECT_EQ(r.add(piece(2, 1, 2, {8}))->content, (Bytes{8, 9}));
}

TEST(Reassembler, is_bounded_in_pieces_and_octets) {
  Reassembler r;
  EXPECT_FALSE(r.add(piece(1, 1, limits::kMaxFragments + 1, {1})));
  EXPECT_EQ(r.octets(), 0U);
  const std::uint16_t total = limits::kMaxFragments;
  for (std::uint16_t n = 1; n < total; ++n) {
    EXPECT_FALSE(r.add(piece(1, n, total, Bytes(1000))));
    ASSERT_LE(r.octets(), limits::kMaxReassembled);
  }
  EXPECT_FALSE(r.add(piece(1, total, total, {1}))) << "it had grown too large and was dropped";
}

TEST(RoomInPacket, leaves_out_what_stands_around_an_ike_message) {
  EXPECT_EQ(room_in_packet(1200, false, 500), 1172U);
  EXPECT_EQ(room_in_packet(1200, false, 4500), 1168U);
  EXPECT_EQ(room_in_packet(1280, true, 500), 1232U);
  EXPECT_EQ(room_in_packet(20, false, 500), 0U);
}

}  // namespace

namespace testing {
namespace {

class Fragments : public ::testing::Test {
 protected:
  /// Identities that no packet of 576 octets holds.
  Fragments() {
    pair.a.identity = name_id(std::string(700, 'c'));
    pair.b.identity = name_id(std::string(900, 'g'));
    for (End* e : {&pair.a, &pair.b}) e->policy.fragmentation_mtu = 576;
  }
  /// Both have said that they can; the login's IKE_AUTH request stands on the wire of `a`.
  void begin() {
    pair.begin();
    pair.deliver_one(pair.a);
    pair.deliver_one(pair.b);
    ASSERT_FALSE(pair.a.wire.empty());
  }
  static std::uint16_t total_of(const Bytes& datagram) {
    const auto m = wire::parse_message(datagram);
    return m && m->encrypted ? m->encrypted->fragments : 0;
  }
  Pair pair;
};

TEST_F(Fragments, carry_a_login_that_no_packet_would_hold) {
  begin();
  EXPECT_EQ(pair.a.wire.size(), total_of(pair.a.wire.front().message));
  EXPECT_GT(pair.a.wire.size(), 1U);
  for (const auto& t : pair.a.wire) EXPECT_LE(t.message.size(), 576U - 28U);
  while (pair.deliver_one(pair.a)) {
  }
  EXPECT_GT(pair.b.wire.size(), 1U);
  for (const auto& t : pair.b.wire) EXPECT_LE(t.message.size(), 576U - 28U);
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.b.asked.front().peer, pair.a.identity);
}

TEST_F(Fragments, are_put_together_from_any_order_and_twice) {
  begin();
  auto all = std::exchange(pair.a.wire, {});
  for (auto it = all.rbegin(); it != all.rend(); ++it)
    for (int twice = 0; twice < 2; ++twice) pair.hand(pair.b, it->message, it->path.remote.port);
  EXPECT_EQ(pair.b.asked.size(), 1U);
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Fragments, that_are_lost_come_again_with_the_retransmission) {
  begin();
  pair.a.wire.pop_front();
  pair.settle();
  EXPECT_TRUE(pair.b.asked.empty());
  pair.pass(3s);
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.b.asked.size(), 1U);
}

TEST_F(Fragments, of_a_lost_answer_come_once_for_a_repeated_request) {
  begin();
  while (pair.deliver_one(pair.a)) {
  }
  const auto pieces = pair.b.wire.size();
  pair.b.wire.pop_back();
  pair.settle();
  EXPECT_FALSE(pair.a.saw("established"));
  pair.pass(3s, false);
  while (pair.deliver_one(pair.a)) {
  }
  EXPECT_EQ(pair.b.wire.size(), pieces) << "one whole answer, not one for each piece of the request";
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Fragments, are_used_only_if_both_ends_said_so) {
  for (const bool ours : {true, false}) {
    SCOPED_TRACE(ours);
    Pair p;
    p.a.identity = name_id(std::string(700, 'c'));
    for (End* e : {&p.a, &p.b}) e->policy.fragmentation_mtu = 576;
    (ours ? p.a : p.b).policy.fragmentation = false;
    p.begin();
    p.deliver_one(p.a);
    const auto answer = wire::parse_message(p.b.wire.front().message);
    EXPECT_EQ(wire::find_notify(answer->payloads, wire::NotifyType::fragmentation_supported), nullptr);
    p.deliver_one(p.b);
    ASSERT_EQ(p.a.wire.size(), 1U);
    EXPECT_EQ(total_of(p.a.wire.front().message), 0);
    p.settle();
    EXPECT_TRUE(p.one_tunnel());
  }
}

TEST_F(Fragments, that_do_not_verify_spoil_nothing) {
  begin();
  for (const auto& t : pair.a.wire)
    for (const std::size_t at : {std::size_t{40}, t.message.size() - 1}) {
      Bytes forged = t.message;
      forged[at] ^= 1;
      pair.hand(pair.b, forged, t.path.remote.port);
    }
  EXPECT_TRUE(pair.b.asked.empty());
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Fragments, are_agreed_on_again_at_a_resume) {
  pair.a.policy.session_resume = pair.b.policy.session_resume = true;
  pair.login();
  ASSERT_TRUE(pair.a.ticket);
  for (End* e : {&pair.a, &pair.b}) {
    e->sas.clear();
    e->children.clear();
  }
  const auto& t = *pair.a.ticket;
  pair.begin(ResumeState{t.ticket, t.sk_d.clone(), t.suite});
  const auto asked = wire::parse_message(pair.a.wire.front().message);
  EXPECT_NE(wire::find_notify(asked->payloads, wire::NotifyType::fragmentation_supported), nullptr);
  pair.deliver_one(pair.a);
  pair.deliver_one(pair.b);
  EXPECT_GT(pair.a.wire.size(), 1U);
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Fragments, go_on_after_a_rekey) {
  pair.login();
  auto& sa = *pair.a.only_sa();
  pair.use(pair.a, sa, [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  pair.pass(10s);
  ASSERT_TRUE(pair.one_tunnel());
  auto wide = child_policy("wide", "10.1.0.0/16", "10.2.0.0/16");
  for (unsigned n = 0; n < 40; ++n)
    wide.local.push_back(TrafficSelector::of(*Prefix::parse("10.1." + std::to_string(n) + ".0/24")));
  pair.b.children_policy.push_back(wide);
  pair.use(pair.a, *pair.a.newest_sa(), [&](IkeSa& s, Outbox& out) { s.create_child(wide, pair.now, out); });
  EXPECT_GT(pair.a.wire.size(), 1U);
  pair.settle();
  EXPECT_FALSE(pair.a.saw("closed: malformed"));
  EXPECT_NE(pair.a.only_sa(), nullptr);
}

}  // namespace
}  // namespace testing
}  // namespace dormouse::ike
