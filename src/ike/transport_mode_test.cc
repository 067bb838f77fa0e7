// Transport mode (RFC 7296 1.3.1). No end of ours asks for it: the test puts the wish into what one end says.
#include <gtest/gtest.h>

#include "ike/clear_provider_for_test.h"
#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

constexpr std::size_t kHeader = 28, kGeneric = 4;

/// What stands inside a message of the clear cipher.
std::vector<wire::Payload> inside(const Bytes& message) {
  const ByteView all(message);
  const auto body = all.subspan(kHeader + kGeneric, message.size() - kHeader - kGeneric - 1);
  return *wire::parse_payloads(static_cast<wire::PayloadType>(message[kHeader]), body);
}

bool says_transport(const Bytes& message) {
  return wire::find_notify(inside(message), wire::NotifyType::use_transport_mode) != nullptr;
}

/// The same message with the wish in it.
void put_wish(Bytes& message) {
  auto payloads = inside(message);
  payloads.insert(payloads.begin(), wire::NotifyPayload{.type = wire::NotifyType::use_transport_mode});
  std::size_t header_size = 0;
  message = wire::serialize_for_seal(*wire::parse_header(message), payloads, 0, 1, 0, header_size);
}

class Transport : public ::testing::Test {
 protected:
  Transport() {
    pair.a.children_policy = {child_policy("p2", "192.0.2.1/32", "192.0.2.2/32")};
    pair.b.children_policy = {child_policy("p2", "0.0.0.0/0", "0.0.0.0/0")};
    pair.b.children_policy.front().transport = TransportMode::granted;
  }
  /// a logs in and asks; its answer has not been read yet.
  void ask_at_login() {
    pair.begin();
    ASSERT_TRUE(pair.deliver_one(pair.a) && pair.deliver_one(pair.b));
    ASSERT_EQ(pair.a.wire.size(), 1U);
    put_wish(pair.a.wire.front().message);
    ASSERT_TRUE(pair.deliver_one(pair.a));
    ASSERT_EQ(pair.b.wire.size(), 1U);
    answer = pair.b.wire.front().message;
  }
  void login() {
    ask_at_login();
    pair.settle();
    ASSERT_EQ(pair.b.children.size(), 1U);
  }
  /// a rekeys its Child SA and asks again, if it `wishes`.
  void rekey_of_peer(bool wishes = true) {
    const auto id = pair.a.children.begin()->first;
    pair.use(pair.a, *pair.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(id, pair.now, out); });
    ASSERT_EQ(pair.a.wire.size(), 1U);
    if (wishes) put_wish(pair.a.wire.front().message);
    ASSERT_TRUE(pair.deliver_one(pair.a));
    answer = pair.b.wire.front().message;
    pair.settle();
    ASSERT_EQ(pair.b.children.size(), 1U);
  }
  /// b rekeys its Child SA; its question is left in `asked`.
  void rekey_of_ours(bool granted) {
    const auto id = pair.b.children.begin()->first;
    pair.use(pair.b, *pair.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(id, pair.now, out); });
    ASSERT_EQ(pair.b.wire.size(), 1U);
    asked = pair.b.wire.front().message;
    ASSERT_TRUE(pair.deliver_one(pair.b));
    ASSERT_EQ(pair.a.wire.size(), 1U);
    ASSERT_FALSE(says_transport(pair.a.wire.front().message)) << "a's is in tunnel mode, as far as it knows";
    if (granted) put_wish(pair.a.wire.front().message);
    pair.settle();
    ASSERT_EQ(pair.b.children.size(), 1U);
  }
  [[nodiscard]] bool transport() const {
    return pair.b.children.size() == 1 && pair.b.children.begin()->second.transport;
  }
  ClearProvider engine;
  Pair pair{engine, 1};
  Bytes answer, asked;
};

TEST_F(Transport, is_given_to_a_peer_that_asks_between_the_two_hosts_alone) {
  pair.a.children_policy = {child_policy("p2", "192.0.2.0/24", "192.0.2.0/24")};
  login();
  EXPECT_TRUE(says_transport(answer));
  ASSERT_TRUE(transport());
  const auto& c = pair.b.children.begin()->second;
  const TrafficSelectors a{TrafficSelector::of(*Prefix::parse("192.0.2.1/32"))};
  const TrafficSelectors b{TrafficSelector::of(*Prefix::parse("192.0.2.2/32"))};
  EXPECT_EQ(c.remote_ts, a);
  EXPECT_EQ(c.local_ts, b);
  EXPECT_EQ(pair.a.children.begin()->second.local_ts, a) << "and the peer is told so";
  EXPECT_EQ(pair.a.children.begin()->second.remote_ts, b);
  EXPECT_TRUE(pair.b.only_sa()->status().children.front().transport);
}

TEST_F(Transport, keeps_protocol_and_ports_of_the_selectors) {
  auto& local = pair.b.children_policy.front().local.front();
  local.protocol = 6;
  local.first_port = local.last_port = 80;
  login();
  ASSERT_TRUE(transport());
  const auto& ts = pair.b.children.begin()->second.local_ts.front();
  EXPECT_TRUE(ts.protocol == 6 && ts.first_port == 80 && ts.last_port == 80);
}

TEST_F(Transport, is_not_given_to_a_peer_that_does_not_ask) {
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_FALSE(transport());
  EXPECT_FALSE(pair.a.children.begin()->second.transport);
}

TEST_F(Transport, is_declined_where_the_phase_2_is_in_tunnel_mode) {
  pair.b.children_policy.front().transport = TransportMode::refused;
  login();
  EXPECT_FALSE(says_transport(answer));
  EXPECT_FALSE(transport());
  EXPECT_TRUE(pair.one_tunnel()) << "tunnel mode it is";
}

TEST_F(Transport, is_declined_where_the_data_plane_has_none) {
  pair.b.children_policy.front().transport = TransportMode::impossible;
  login();
  EXPECT_FALSE(says_transport(answer));
  EXPECT_FALSE(transport());
}

TEST_F(Transport, is_declined_through_a_nat) {
  pair.a_seen = {*IpAddress::parse("198.51.100.9"), 1024};
  pair.a.children_policy = {child_policy("p2", "0.0.0.0/0", "0.0.0.0/0")};
  login();
  EXPECT_FALSE(says_transport(answer));
  EXPECT_FALSE(transport());
}

TEST_F(Transport, is_declined_where_a_nat_is_pretended_by_either_end) {
  for (const bool ours : {true, false}) {
    Pair other(engine, 2);
    other.a.children_policy = pair.a.children_policy;
    other.b.children_policy = pair.b.children_policy;
    (ours ? other.b : other.a).policy.nat = NatMode::always;
    other.begin();
    ASSERT_TRUE(other.deliver_one(other.a) && other.deliver_one(other.b));
    put_wish(other.a.wire.front().message);
    ASSERT_TRUE(other.deliver_one(other.a));
    EXPECT_FALSE(says_transport(other.b.wire.front().message)) << ours;
    EXPECT_FALSE(other.b.children.begin()->second.transport) << ours;
  }
}

TEST_F(Transport, is_declined_for_hosts_that_are_not_the_two_ends) {
  pair.a.children_policy = {child_policy("p2", "192.0.2.1/32", "192.0.2.3/32")};
  login();
  EXPECT_FALSE(says_transport(answer));
  EXPECT_FALSE(transport());
  const TrafficSelectors there{TrafficSelector::of(*Prefix::parse("192.0.2.3/32"))};
  EXPECT_EQ(pair.b.children.begin()->second.local_ts, there) << "in tunnel mode it may be any";
}

TEST_F(Transport, is_kept_by_the_peers_rekey_whatever_the_phase_2_says_now) {
  login();
  pair.b.children_policy.front().transport = TransportMode::refused;
  pair.b.only_sa()->update_children(pair.b.children_policy);
  const auto before = pair.b.children.begin()->first;
  rekey_of_peer();
  EXPECT_NE(pair.b.children.begin()->first, before);
  EXPECT_TRUE(says_transport(answer));
  EXPECT_TRUE(transport());
}

TEST_F(Transport, is_not_begun_by_a_rekey) {
  pair.login();
  rekey_of_peer();
  EXPECT_FALSE(says_transport(answer));
  EXPECT_FALSE(transport());
}

TEST_F(Transport, ends_with_a_rekey_that_does_not_ask_for_it) {
  login();
  rekey_of_peer(false);
  EXPECT_FALSE(says_transport(answer));
  EXPECT_FALSE(transport());
}

TEST_F(Transport, is_asked_for_by_our_own_rekey_of_it) {
  login();
  rekey_of_ours(true);
  EXPECT_TRUE(says_transport(asked));
  EXPECT_TRUE(transport());
  rekey_of_ours(true);
  EXPECT_TRUE(says_transport(asked)) << "and so on";
  EXPECT_TRUE(transport());
}

TEST_F(Transport, declined_in_our_rekey_gives_way_to_tunnel_mode) {
  login();
  rekey_of_ours(false);
  EXPECT_TRUE(says_transport(asked));
  EXPECT_FALSE(transport());
  rekey_of_ours(false);
  EXPECT_FALSE(says_transport(asked)) << "which is then the mode to keep";
}

TEST_F(Transport, is_never_taken_from_an_answer_that_was_not_asked_for_it) {
  pair.login();
  rekey_of_ours(true);
  EXPECT_FALSE(says_transport(asked));
  EXPECT_FALSE(transport());
}

TEST_F(Transport, is_given_in_a_create_child_sa_and_outlives_a_rekey_of_the_ike_sa) {
  pair.a.policy.childless = pair.b.policy.childless = true;
  pair.begin();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(pair.deliver_one(pair.a) && pair.deliver_one(pair.b));
  ASSERT_EQ(pair.a.wire.size(), 1U);
  put_wish(pair.a.wire.front().message);
  pair.settle();
  ASSERT_TRUE(transport());
  pair.use(pair.a, *pair.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  ASSERT_EQ(pair.b.count("rekeyed"), 1U);
  EXPECT_TRUE(pair.b.newest_sa()->status().children.front().transport);
  EXPECT_EQ(pair.b.children.size(), 1U);
}

TEST_F(Transport, child_sa_goes_when_its_peer_has_moved) {
  login();
  auto path = pair.b.only_sa()->status().path;
  path.remote.port = 4500;
  pair.b.only_sa()->set_path(path);
  pair.use(pair.b, *pair.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  pair.settle();
  EXPECT_EQ(pair.b.children.size(), 1U) << "another port is no other address";
  path.remote.address = *IpAddress::parse("192.0.2.77");
  pair.b.only_sa()->set_path(path);
  pair.use(pair.b, *pair.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  pair.settle();
  EXPECT_TRUE(pair.b.children.empty());
  EXPECT_TRUE(pair.a.children.empty()) << "and the peer is told";
  EXPECT_EQ(pair.b.only_sa()->state(), SaState::established);
}

TEST_F(Transport, child_sa_goes_when_mobike_moves_its_path_and_one_in_tunnel_mode_stays) {
  pair.a.policy.mobike = pair.b.policy.mobike = true;
  pair.a.children_policy.push_back(child_policy("more", "10.1.0.0/16", "10.2.0.0/16"));
  pair.b.children_policy.push_back(child_policy("more", "10.2.0.0/16", "10.1.0.0/16"));
  pair.b.children_policy.front().remote = {TrafficSelector::of(*Prefix::parse("192.0.2.0/24"))};
  ask_at_login();
  pair.settle();
  ASSERT_EQ(pair.b.children.size(), 2U);
  pair.a_at.address = pair.a_seen.address = *IpAddress::parse("198.51.100.7");
  auto path = pair.a.only_sa()->status().path;
  path.local.address = pair.a_at.address;
  pair.use(pair.a, *pair.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.move(path, pair.now, out); });
  pair.settle();
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 1U);
  ASSERT_EQ(pair.b.children.size(), 1U);
  EXPECT_EQ(pair.b.children.begin()->second.phase2, "more");
  EXPECT_TRUE(pair.children_agree());
}

}  // namespace
}  // namespace dormouse::ike::testing
