// MOBIKE between two ends, on a wire that delivers by address: what goes where nobody is, is lost.
#include "ike/mobike.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "ike/clear_provider_for_test.h"
#include "ike/pair_for_test.h"

namespace dormouse::ike {
namespace {

using testing::End;
using testing::Pair;

const IpAddress kHome = *IpAddress::parse("192.0.2.1"), kCafe = *IpAddress::parse("198.51.100.7"),
                kTrain = *IpAddress::parse("203.0.113.9");

class Mobike : public ::testing::Test {
 protected:
  Mobike() { pair.a.policy.mobike = pair.b.policy.mobike = true; }

  testing::ClearProvider engine;
  Pair pair{engine, 1};
  std::optional<Endpoint> nat;  ///< what the gateway sees of the client
  std::map<const End*, std::vector<Transmit>> sent;

  [[nodiscard]] Endpoint seen(const Endpoint& local) const { return nat ? *nat : local; }
  /// The oldest datagram of `from` arrives, if somebody is there; false: none.
  bool carry(End& from) {
    if (from.wire.empty()) return false;
    const auto t = from.wire.front();
    from.wire.pop_front();
    sent[&from].push_back(t);
    if (&from == &pair.a) {
      if (t.path.local.address == pair.a_at.address && t.path.remote.address == pair.b_at.address)
        pair.hand(pair.b, t.message, Path{t.path.remote, seen(t.path.local), 0});
    } else {
      const auto port = t.path.local.port;
      const Endpoint home{pair.a_at.address, port};
      if (t.path.remote == seen(home)) pair.hand(pair.a, t.message, Path{home, t.path.local, 0});
    }
    return true;
  }
  void run() {
    for (bool more = true; more;) {
      more = carry(pair.a);
      more = carry(pair.b) || more;
    }
  }
  void login() {
    pair.begin();
    run();
    ASSERT_TRUE(pair.one_tunnel());
  }
  IkeSa& a() { return *pair.a.newest_sa(); }
  IkeSa& b() { return *pair.b.newest_sa(); }
  void move(const IpAddress& to) {
    pair.a_at.address = to;
    auto path = a().status().path;
    path.local.address = to;
    pair.use(pair.a, a(), [&](IkeSa& s, Outbox& out) { s.move(path, pair.now, out); });
  }
  void probe(End& e) {
    pair.use(e, *e.newest_sa(), [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  }
  /// Changes the two octets of a notify type, or of anything else, in the datagram that waits at `from`.
  static void replace(Bytes& message, ByteView what, ByteView by) {
    const auto at = std::ranges::search(message, what);
    ASSERT_FALSE(at.empty());
    std::ranges::copy(by, at.begin());
  }
  static bool carries(const Transmit& t, wire::NotifyType type) {
    Bytes head(4);  // protocol none, no SPI
    store16(head.data() + 2, static_cast<std::uint16_t>(type));
    return !std::ranges::search(t.message, head).empty();
  }
  std::size_t count_sent(const End& e, wire::NotifyType type) {
    return static_cast<std::size_t>(
        std::ranges::count_if(sent[&e], [&](const Transmit& t) { return carries(t, type); }));
  }
};

TEST_F(Mobike, is_on_only_if_both_ends_say_so) {
  for (const bool client : {false, true})
    for (const bool gateway : {false, true}) {
      Pair p(engine, 3);
      p.a.policy.mobike = client;
      p.b.policy.mobike = gateway;
      p.login();
      ASSERT_TRUE(p.one_tunnel());
      const bool both = client && gateway;
      EXPECT_EQ(p.a.only_sa()->mobility(), both ? Mobility::leads : Mobility::none);
      EXPECT_EQ(p.b.only_sa()->mobility(), both ? Mobility::follows : Mobility::none);
      EXPECT_EQ(p.a.only_sa()->status().mobike, both);
    }
}

TEST_F(Mobike, goes_to_port_4500_without_a_nat_and_esp_stays_bare) {
  login();
  EXPECT_EQ(a().status().path.local.port, 4500);
  EXPECT_EQ(a().status().path.remote.port, 4500);
  EXPECT_EQ(b().status().path.remote.port, 4500);
  EXPECT_FALSE(a().status().udp_encap);
  EXPECT_FALSE(b().status().udp_encap);
}

TEST_F(Mobike, an_update_moves_both_ends_and_nothing_else_changes) {
  login();
  const auto child = pair.a.children.begin()->first;
  move(kCafe);
  run();
  EXPECT_EQ(pair.a.count("moved to 198.51.100.7:4500"), 1U);
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 1U);
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.children.begin()->first, child);
  probe(pair.b);
  run();
  EXPECT_FALSE(b().status().request_pending) << "the gateway's requests reach the client at its new address";
}

TEST_F(Mobike, the_gateway_moves_its_child_sas_only_after_the_client_has_answered_from_there) {
  login();
  move(kCafe);
  ASSERT_TRUE(carry(pair.a));
  EXPECT_EQ(b().status().path.remote.address, kCafe) << "the IKE SA moves at once";
  EXPECT_FALSE(pair.b.moved);
  ASSERT_EQ(pair.b.wire.size(), 2U) << "the answer and the check";
  EXPECT_EQ(pair.b.wire[1].path.remote.address, kCafe);
  EXPECT_TRUE(carries(pair.b.wire[1], wire::NotifyType::cookie2));
  carry(pair.b);
  EXPECT_TRUE(pair.a.moved) << "the answer is all that the client waits for";
  carry(pair.b);
  EXPECT_FALSE(pair.b.moved);
  carry(pair.a);
  EXPECT_TRUE(pair.b.moved);
}

TEST_F(Mobike, a_lost_update_or_answer_is_repeated_soon) {
  login();
  move(kCafe);
  pair.lose(pair.a);
  pair.pass(301ms, false);
  ASSERT_EQ(pair.a.wire.size(), 1U);
  carry(pair.a);
  pair.lose(pair.b);
  pair.pass(3s, false);
  run();
  EXPECT_EQ(pair.a.count("moved to 198.51.100.7:4500"), 1U);
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 1U);
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Mobike, a_wrong_cookie2_from_the_client_ends_the_sa) {
  login();
  move(kCafe);
  carry(pair.a);
  carry(pair.b);
  carry(pair.b);
  ASSERT_EQ(pair.a.wire.size(), 1U);
  auto& answer = pair.a.wire.front().message;
  answer[answer.size() - 3] ^= 1;  // inside the cookie: behind it is the pad length alone
  carry(pair.a);
  EXPECT_TRUE(pair.b.saw("closed: return routability check failed"));
  EXPECT_TRUE(pair.b.children.empty());
  EXPECT_FALSE(pair.b.moved);
  run();
  EXPECT_TRUE(pair.a.saw("closed: deleted by peer")) << "and the client is told";
}

TEST_F(Mobike, a_missing_cookie2_from_the_client_ends_the_sa) {
  login();
  move(kCafe);
  carry(pair.a);
  carry(pair.b);
  carry(pair.b);
  replace(pair.a.wire.front().message, Bytes{0x40, 0x11}, Bytes{0x40, 0x7f});
  carry(pair.a);
  EXPECT_TRUE(pair.b.saw("closed: return routability check failed"));
}

TEST_F(Mobike, a_wrong_cookie2_from_the_gateway_ends_the_sa) {
  login();
  move(kCafe);
  carry(pair.a);
  replace(pair.b.wire.front().message, Bytes{0x40, 0x11}, Bytes{0x40, 0x7f});
  carry(pair.b);
  EXPECT_TRUE(pair.a.saw("closed: return routability check failed"));
  EXPECT_TRUE(pair.a.children.empty());
}

TEST_F(Mobike, a_gateway_that_does_not_want_the_address_says_so_and_stays) {
  login();
  pair.b.stay = true;
  move(kCafe);
  run();
  EXPECT_EQ(pair.a.count("move refused 40"), 1U);
  EXPECT_FALSE(pair.a.moved);
  EXPECT_FALSE(pair.b.moved);
  EXPECT_EQ(b().status().path.remote.address, kHome);
}

TEST_F(Mobike, a_pending_request_goes_on_at_the_new_address_and_the_update_follows_it) {
  login();
  probe(pair.a);
  pair.lose(pair.a);
  move(kCafe);
  ASSERT_EQ(pair.a.wire.size(), 1U);
  EXPECT_FALSE(carries(pair.a.wire.front(), wire::NotifyType::update_sa_addresses));
  EXPECT_EQ(pair.a.wire.front().path.local.address, kCafe);
  carry(pair.a);
  EXPECT_EQ(b().status().path.remote.address, kHome) << "no request but an update moves anything";
  carry(pair.b);
  ASSERT_EQ(pair.a.wire.size(), 1U);
  EXPECT_TRUE(carries(pair.a.wire.front(), wire::NotifyType::update_sa_addresses));
  run();
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 1U);
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Mobike, the_gateways_pending_request_is_repeated_to_the_new_address_before_the_check) {
  login();
  probe(pair.b);
  pair.lose(pair.b);
  move(kCafe);
  run();
  EXPECT_FALSE(b().status().request_pending);
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 1U);
}

TEST_F(Mobike, of_two_moves_in_a_row_the_last_one_counts) {
  login();
  move(kCafe);
  carry(pair.a);  // the gateway has heard of the café, and its answer and its check go there
  move(kTrain);
  run();
  pair.pass(5s, false);
  run();
  EXPECT_EQ(a().status().path.local.address, kTrain);
  EXPECT_EQ(b().status().path.remote.address, kTrain);
  EXPECT_EQ(pair.a.count("moved to 203.0.113.9:4500"), 1U);
  EXPECT_EQ(pair.b.count("moved to 203.0.113.9:4500"), 1U);
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 0U);
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Mobike, a_check_that_went_to_two_addresses_proves_neither) {
  login();
  move(kCafe);
  carry(pair.a);
  ASSERT_EQ(pair.b.wire.size(), 2U);
  carry(pair.b);
  const auto check = pair.b.wire.front();  // held back, until the client is elsewhere
  pair.lose(pair.b);
  move(kTrain);
  carry(pair.a);  // the update; the gateway repeats the same check to the train
  ASSERT_FALSE(pair.b.wire.empty());
  EXPECT_TRUE(equal(pair.b.wire.front().message, check.message));
  EXPECT_EQ(pair.b.wire.front().path.remote.address, kTrain);
  pair.lose(pair.b);
  pair.hand(pair.a, check.message, a().status().path);
  carry(pair.a);
  EXPECT_FALSE(pair.b.moved);
  run();
  pair.pass(2s, false);
  run();
  EXPECT_EQ(pair.b.count("moved to 203.0.113.9:4500"), 1U) << "by a check of its own";
}

TEST_F(Mobike, back_at_the_old_address_no_check_is_needed) {
  login();
  move(kCafe);
  carry(pair.a);
  pair.lose(pair.b);
  move(kHome);
  run();
  pair.pass(5s, false);
  run();
  EXPECT_EQ(b().status().path.remote.address, kHome);
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 0U);
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Mobike, a_replayed_update_moves_nothing) {
  login();
  move(kCafe);
  const auto first = pair.a.wire.front();
  run();
  move(kTrain);
  const auto last = pair.a.wire.front();
  run();
  pair.b.events.clear();
  const Path mallory{{pair.b_at.address, 4500}, {*IpAddress::parse("192.0.2.66"), 4500}, 0};
  pair.hand(pair.b, first.message, mallory);
  EXPECT_TRUE(pair.b.wire.empty()) << "an old one is not even answered";
  pair.hand(pair.b, last.message, mallory);
  run();
  EXPECT_EQ(b().status().path.remote.address, kTrain);
  EXPECT_TRUE(pair.b.events.empty());
}

TEST_F(Mobike, a_nat_on_the_new_path_brings_udp_and_its_absence_takes_it_away) {
  login();
  nat = Endpoint{kTrain, 61000};
  move(*IpAddress::parse("10.0.0.5"));
  run();
  ASSERT_TRUE(pair.a.moved && pair.b.moved);
  EXPECT_TRUE(pair.a.moved->udp_encap && pair.a.moved->local_behind_nat && !pair.a.moved->remote_behind_nat);
  EXPECT_TRUE(pair.b.moved->udp_encap && pair.b.moved->remote_behind_nat && !pair.b.moved->local_behind_nat);
  EXPECT_EQ(pair.b.moved->path.remote, *nat);
  nat.reset();
  move(kCafe);
  run();
  EXPECT_FALSE(pair.a.moved->udp_encap || pair.a.moved->local_behind_nat);
  EXPECT_FALSE(pair.b.moved->udp_encap || pair.b.moved->remote_behind_nat);
  EXPECT_EQ(pair.b.moved->path.remote.address, kCafe);
}

TEST_F(Mobike, a_probe_from_behind_a_nat_finds_a_new_mapping) {
  nat = Endpoint{kTrain, 61000};
  login();
  ASSERT_TRUE(a().status().udp_encap);
  probe(pair.a);
  run();
  EXPECT_EQ(count_sent(pair.a, wire::NotifyType::update_sa_addresses), 0U);
  nat->port = 61001;
  probe(pair.a);
  run();
  EXPECT_EQ(count_sent(pair.a, wire::NotifyType::update_sa_addresses), 1U);
  EXPECT_EQ(b().status().path.remote.port, 61001);
  EXPECT_TRUE(pair.b.moved);
}

TEST_F(Mobike, without_nat_traversal_a_move_works_and_says_its_addresses) {
  pair.a.policy.nat = pair.b.policy.nat = NatMode::never;
  login();
  EXPECT_EQ(a().status().path.local.port, 500);
  EXPECT_EQ(count_sent(pair.a, wire::NotifyType::no_nats_allowed), 1U);
  move(kCafe);
  run();
  EXPECT_EQ(count_sent(pair.a, wire::NotifyType::no_nats_allowed), 2U);
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:500"), 1U);
}

TEST_F(Mobike, an_unexpected_nat_refuses_the_update_after_some_tries) {
  pair.a.policy.nat = pair.b.policy.nat = NatMode::never;
  login();
  nat = Endpoint{kTrain, 500};
  move(kCafe);
  run();
  EXPECT_EQ(pair.a.count("move refused 41"), 1U);
  EXPECT_EQ(count_sent(pair.a, wire::NotifyType::update_sa_addresses), 1U + limits::kMaxNatRefusals);
  EXPECT_EQ(b().status().path.remote.address, kHome);
  EXPECT_FALSE(pair.b.moved);
}

TEST_F(Mobike, an_unexpected_nat_refuses_the_login) {
  pair.a.policy.nat = pair.b.policy.nat = NatMode::never;
  nat = Endpoint{kTrain, 500};
  pair.begin();
  run();
  EXPECT_FALSE(pair.a.saw("established"));
  EXPECT_TRUE(pair.a.saw("closed: refused"));
  EXPECT_TRUE(pair.b.saw("closed: refused"));
  EXPECT_EQ(count_sent(pair.b, wire::NotifyType::unexpected_nat_detected), 1U);
}

TEST_F(Mobike, outlives_rekeys_and_the_same_end_goes_on_deciding) {
  login();
  for (End* e : {&pair.b, &pair.a}) {
    pair.use(*e, *e->newest_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
    run();
    ASSERT_TRUE(pair.one_tunnel());
    EXPECT_EQ(a().mobility(), Mobility::leads);
    EXPECT_EQ(b().mobility(), Mobility::follows);
    move(e == &pair.a ? kTrain : kCafe);
    run();
    EXPECT_EQ(b().status().path.remote.address, pair.a_at.address);
    EXPECT_EQ(pair.b.moved->path.remote.address, pair.a_at.address);
  }
}

TEST_F(Mobike, a_move_during_a_rekey_is_told_on_the_new_sa) {
  login();
  pair.use(pair.a, a(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.lose(pair.a);
  move(kCafe);
  run();
  pair.pass(5s, false);
  run();
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 1U);
  EXPECT_EQ(b().status().path.remote.address, kCafe);
}

TEST_F(Mobike, an_update_moves_a_sleeper_at_once_and_the_check_comes_when_it_is_awake) {
  login();
  probe(pair.b);
  pair.lose(pair.b);
  b().set_asleep(true, pair.now);
  move(kCafe);
  const auto alive = pair.b.alive;
  carry(pair.a);
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 1U);
  EXPECT_EQ(pair.b.alive, alive + 1);
  ASSERT_EQ(pair.b.wire.size(), 1U) << "its answer alone";
  b().set_asleep(false, pair.now);
  pair.use(pair.b, b(), [&](IkeSa& s, Outbox& out) { s.resend_pending(pair.now, out); });
  run();
  EXPECT_EQ(count_sent(pair.b, wire::NotifyType::cookie2), 2U) << "the client's one and its own";
  EXPECT_EQ(pair.b.count("moved to 198.51.100.7:4500"), 2U);
}

TEST_F(Mobike, the_gateway_lists_its_other_addresses_and_may_change_the_list) {
  pair.b.others = {kCafe, *IpAddress::parse("2001:db8::7")};
  login();
  EXPECT_EQ(a().peer_addresses(), pair.b.others);
  EXPECT_TRUE(b().peer_addresses().empty()) << "a client lists none";
  pair.b.others = {kTrain};
  const auto announce = [&] {
    pair.use(pair.b, b(), [&](IkeSa& s, Outbox& out) { s.announce_addresses(pair.now, out); });
    run();
  };
  announce();
  EXPECT_EQ(a().peer_addresses(), pair.b.others) << "the new list takes the place of the old one";
  EXPECT_EQ(pair.a.count("addresses from 192.0.2.2:4500"), 1U);
  pair.b.others.clear();
  announce();
  EXPECT_TRUE(a().peer_addresses().empty());
  EXPECT_EQ(count_sent(pair.b, wire::NotifyType::no_additional_addresses), 1U);
}

TEST_F(Mobike, a_session_ticket_brings_mobike_only_if_it_is_said_anew) {
  for (End* e : {&pair.a, &pair.b}) e->policy.session_resume = true;
  login();
  for (const bool again : {true, false}) {
    ASSERT_TRUE(pair.a.ticket);
    pair.a.policy.mobike = again;
    ResumeState state{pair.a.ticket->ticket, pair.a.ticket->sk_d.clone(), pair.a.ticket->suite};
    pair.begin(std::move(state));
    run();
    ASSERT_EQ(a().state(), SaState::established);
    EXPECT_EQ(a().mobility(), again ? Mobility::leads : Mobility::none);
    EXPECT_EQ(b().mobility(), again ? Mobility::follows : Mobility::none);
  }
}

TEST_F(Mobike, without_it_a_move_is_not_told) {
  pair.b.policy.mobike = false;
  login();
  move(kCafe);
  run();
  EXPECT_EQ(count_sent(pair.a, wire::NotifyType::update_sa_addresses), 0U);
  EXPECT_EQ(a().status().path.local.address, kCafe);
}

TEST_F(Mobike, a_gateway_does_not_move_the_sas_that_a_client_began) {
  login();
  pair.use(pair.b, b(), [&](IkeSa& s, Outbox& out) { s.move(s.status().path, pair.now, out); });
  run();
  EXPECT_EQ(count_sent(pair.b, wire::NotifyType::update_sa_addresses), 0U);
}

TEST(MobikeNotifies, a_list_of_addresses_is_bounded_and_takes_only_what_can_be_a_host) {
  std::vector<wire::Payload> p;
  const auto add = [&](wire::NotifyType type, Bytes data) {
    p.push_back(wire::NotifyPayload{.type = type, .data = std::move(data)});
  };
  EXPECT_FALSE(lists_addresses(p));
  using wire::NotifyType;
  add(NotifyType::additional_ip4_address, {1, 2, 3});
  add(NotifyType::additional_ip6_address, {1, 2, 3, 4});
  add(NotifyType::additional_ip4_address, {0, 0, 0, 0});
  add(NotifyType::additional_ip4_address, {224, 0, 0, 1});
  Bytes group(16);
  group[0] = 0xff;
  add(NotifyType::additional_ip6_address, group);
  EXPECT_TRUE(lists_addresses(p));
  EXPECT_TRUE(additional_addresses(p).empty());
  add(NotifyType::additional_ip4_address, {192, 0, 2, 1});
  add(NotifyType::additional_ip4_address, {192, 0, 2, 1});
  EXPECT_EQ(additional_addresses(p), std::vector<IpAddress>{kHome});
  for (std::uint8_t i = 2; i < 30; ++i) add(NotifyType::additional_ip4_address, {192, 0, 2, i});
  EXPECT_EQ(additional_addresses(p).size(), limits::kMaxAdditionalAddresses);
}

TEST(MobikeNotifies, no_nats_allowed_covers_addresses_and_ports_of_both_families) {
  for (const auto& [mine, yours] : {std::pair{"192.0.2.1", "192.0.2.2"}, std::pair{"2001:db8::1", "2001:db8::2"}}) {
    const Path path{{*IpAddress::parse(mine), 500}, {*IpAddress::parse(yours), 4500}, 0};
    const std::vector<wire::Payload> p{no_nats_notify(path)};
    EXPECT_EQ(std::get<wire::NotifyPayload>(p[0]).data.size(), path.local.address.is_v4() ? 12U : 36U);
    const Path there{path.remote, path.local, 3};
    EXPECT_FALSE(unexpected_nat(p, there));
    for (Endpoint Path::* end : {&Path::local, &Path::remote}) {
      Path other = there;
      (other.*end).port = 501;
      EXPECT_TRUE(unexpected_nat(p, other));
      other = there;
      (other.*end).address = kTrain;
      EXPECT_TRUE(unexpected_nat(p, other));
    }
  }
}

}  // namespace
}  // namespace dormouse::ike
