#include "tunnel/ticket.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/toy_provider.h"
#include "tunnel/spent_tickets.h"

namespace dormouse::tunnel {
namespace {

Identity named(std::string_view name) { return {IdType::fqdn, {name.begin(), name.end()}}; }

class Tickets : public ::testing::Test {
 protected:
  TicketContent content() {
    TicketContent c{.phase1 = "toClient", .index = 7};
    c.session.fill(9);
    c.auth_method = 2;
    c.peer = named("laptop-of-somebody.branch.example.com");
    c.local = named("gateway.headquarters.example.com");
    c.logged_in = now - 3600s;
    c.issued = now;
    c.expires = now + 7200s;
    c.suite = {EncrId::aes_gcm_16, 256, PrfId::hmac_sha2_512, IntegId::none, KeId::x25519, EsnId::no};
    c.sk_d = SecretBytes(64);
    rng.fill(c.sk_d.reveal_mutable());
    c.policy = 0x1122334455667788;
    c.lease = {IpAddress::parse("10.99.0.7"), IpAddress::parse("2001:db8::7")};
    return c;
  }
  Bytes sealed(const TicketContent& c) {
    keys.rotate(now);
    auto t = keys.seal(c);
    EXPECT_TRUE(t);
    return t ? t->ticket : Bytes{};
  }
  Instant now = Instant::from_ns(50'000'000'000'000);
  crypto::testing::SeededRng rng{5};
  crypto::testing::ToyProvider engine;
  TicketKeys keys{engine, rng};
};

TEST_F(Tickets, come_back_as_they_were_sealed) {
  for (const auto reauth : {std::optional<Instant>{}, std::optional(now + 9000s)}) {
    auto c = content();
    c.reauth_deadline = reauth;
    const auto back = keys.open(sealed(c), now + 10s);
    ASSERT_TRUE(back);
    const auto& o = back->content;
    EXPECT_EQ(o.phase1, c.phase1);
    EXPECT_EQ(o.index, c.index);
    EXPECT_EQ(o.session, c.session);
    EXPECT_EQ(o.auth_method, c.auth_method);
    EXPECT_EQ(o.peer, c.peer);
    EXPECT_EQ(o.local, c.local);
    EXPECT_EQ(o.logged_in, c.logged_in);
    EXPECT_EQ(o.issued, c.issued);
    EXPECT_EQ(o.expires, c.expires);
    EXPECT_EQ(o.reauth_deadline, c.reauth_deadline);
    EXPECT_EQ(o.lease, c.lease);
    EXPECT_EQ(o.suite, c.suite);
    EXPECT_EQ(o.sk_d, c.sk_d);
    EXPECT_EQ(o.policy, c.policy);
    EXPECT_EQ(o.certificate, std::nullopt);
  }
}

CertificateFacts facts(std::size_t steps) {
  CertificateFacts f{.not_after = {1'900'000'000}};
  f.authority.fill(3);
  for (std::size_t i = 0; i < steps; ++i) f.steps.push_back({{1, 2, 3}, Bytes(20, static_cast<std::uint8_t>(i + 1))});
  return f;
}

TEST_F(Tickets, keep_the_facts_of_a_certificate) {
  for (std::size_t steps = 1; steps <= limits::kCertificateSteps; ++steps) {
    auto c = content();
    c.certificate = facts(steps);
    const auto back = keys.open(sealed(c), now + 10s);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->content.certificate, c.certificate);
  }
}

TEST_F(Tickets, of_a_chain_of_two_certificates_fit_into_360_octets_too) {
  auto c = content();
  c.certificate = facts(2);
  EXPECT_LE(sealed(c).size(), 360U);
}

TEST_F(Tickets, of_names_fit_into_360_octets_with_the_longest_sk_d) { EXPECT_LE(sealed(content()).size(), 360U); }

TEST_F(Tickets, never_look_alike) {
  EXPECT_NE(sealed(content()), sealed(content()));
  EXPECT_NE(keys.seal(content())->id, keys.seal(content())->id);
}

TEST_F(Tickets, with_any_bit_changed_are_refused) {
  const auto good = sealed(content());
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto bad = good;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ 1 << bit);
      ASSERT_FALSE(keys.open(bad, now)) << i << "." << bit;
    }
}

TEST_F(Tickets, too_short_or_too_long_are_refused) {
  const auto good = sealed(content());
  for (std::size_t n = 0; n < good.size(); ++n) ASSERT_FALSE(keys.open(ByteView(good).first(n), now)) << n;
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(keys.open(longer, now));
  EXPECT_FALSE(keys.open(Bytes(limits::kMaxTicket + 1, 1), now));
}

TEST_F(Tickets, of_another_gateway_are_refused) {
  const auto foreign = sealed(content());
  crypto::testing::SeededRng other_rng{6};
  TicketKeys other{engine, other_rng};
  other.rotate(now);
  EXPECT_FALSE(other.open(foreign, now));
}

TEST_F(Tickets, say_whose_they_were_when_they_are_over) {
  const auto t = sealed(content());
  const auto late = keys.open(t, now + 7200s);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->content.phase1, content().phase1);
  EXPECT_LE(late->content.expires, now + 7200s);
}

TEST_F(Tickets, from_the_future_or_for_ever_are_refused_whatever_the_clock_did) {
  const auto t = sealed(content());
  EXPECT_TRUE(keys.open(t, now - 3600s)) << "the clock was set back, as far as summer time does";
  EXPECT_FALSE(keys.open(t, now - 3602s)) << "it is not what it was";
  auto c = content();
  c.expires = now + TicketKeys::kLongestTicket + 1s;
  EXPECT_FALSE(keys.open(sealed(c), now));
}

TEST_F(Tickets, outlive_the_use_of_their_key_but_not_the_key) {
  auto c = content();
  keys.rotate(now);
  const auto late = now + TicketKeys::kUseFor - 1s;
  c.issued = late;
  c.expires = late + TicketKeys::kLongestTicket;
  const auto t = keys.seal(c);
  ASSERT_TRUE(t);
  EXPECT_TRUE(keys.rotate(late + 2s)) << "a new key after a day";
  EXPECT_EQ(keys.kept_until().size(), 2U);
  EXPECT_TRUE(keys.open(t->ticket, c.expires - 1s));
  EXPECT_TRUE(keys.rotate(c.expires + TicketKeys::kAhead + 2s));
  EXPECT_FALSE(keys.kept_until().contains(load32(t->ticket.data() + 1))) << "and the old one is forgotten";
}

TEST_F(Tickets, are_sealed_with_a_new_key_only_when_it_has_had_time_to_reach_the_disk) {
  const auto key_of = [](const Bytes& t) { return load32(t.data() + 1); };
  keys.rotate(now);
  const auto first = key_of(sealed(content()));  // there is no other
  const auto later = now + TicketKeys::kUseFor + 1s;
  ASSERT_TRUE(keys.rotate(later));
  const auto at = [&](Instant issued) {
    auto c = content();
    c.issued = issued;
    c.expires = issued + 3600s;
    const auto t = keys.seal(c);
    EXPECT_TRUE(t && keys.open(t->ticket, issued));
    return t ? key_of(t->ticket) : 0;
  };
  EXPECT_EQ(at(later), first);
  EXPECT_EQ(at(later + TicketKeys::kAhead - 1s), first);
  EXPECT_NE(at(later + TicketKeys::kAhead), first);
  auto longest = content();  // the old key will not be there as long as that
  longest.issued = later + 1800s;
  longest.expires = now + TicketKeys::kLongestTicket + TicketKeys::kUseFor + TicketKeys::kAhead;
  EXPECT_NE(key_of(keys.seal(longest)->ticket), first);
}

TEST_F(Tickets, open_after_a_restart_with_the_keys_that_were_kept) {
  const auto t = sealed(content());
  crypto::testing::SeededRng other_rng{6};
  TicketKeys next{engine, other_rng};
  next.import(*keys.exported(), keys.kept_until(), now);
  ASSERT_TRUE(next.open(t, now));
  EXPECT_FALSE(next.rotate(now)) << "the key is used on";
  TicketKeys without{engine, other_rng};
  without.import(*keys.exported(), {}, now);
  EXPECT_FALSE(without.open(t, now)) << "nobody knows how old that key is";
}

TEST_F(Tickets, with_torn_content_are_errors) {
  const auto whole = serialize(content(), now);
  for (std::size_t n = 0; n < whole.size(); ++n) ASSERT_FALSE(parse_ticket_content(ByteView(whole).first(n), now)) << n;
  ASSERT_TRUE(parse_ticket_content(whole, now));
}

SpentTickets::Id id(std::uint8_t n) {
  SpentTickets::Id out{};
  out[0] = n;
  return out;
}

TEST(SpentTickets, are_known_until_they_would_have_ended) {
  SpentTickets spent(10);
  const auto now = Instant::from_ns(1'000'000'000'000);
  EXPECT_TRUE(spent.add(id(1), now, now + 10s, now));
  EXPECT_FALSE(spent.add(id(1), now, now + 10s, now));
  EXPECT_TRUE(spent.contains(id(1)));
  EXPECT_FALSE(spent.contains(id(2)));
  EXPECT_TRUE(spent.add(id(2), now + 11s, now + 20s, now + 11s));
  EXPECT_FALSE(spent.contains(id(1)));
  EXPECT_EQ(spent.size(), 1U);
}

TEST(SpentTickets, in_full_memory_refuse_all_that_is_as_old_as_what_they_forget) {
  SpentTickets spent(3);
  const auto now = Instant::from_ns(1'000'000'000'000);
  for (std::uint8_t n = 1; n <= 3; ++n) EXPECT_TRUE(spent.add(id(n), now + Duration(1s) * n, now + 1000s, now));
  EXPECT_FALSE(spent.floor());
  EXPECT_TRUE(spent.add(id(4), now + 4s, now + 1000s, now));
  EXPECT_EQ(spent.size(), 3U);
  EXPECT_FALSE(spent.contains(id(1)));
  ASSERT_TRUE(spent.floor());
  EXPECT_EQ(*spent.floor(), now + 1s);
}

}  // namespace
}  // namespace dormouse::tunnel
