// What somebody who reads captures is told: all keys that protect packets, each with its SPI, the same at both ends.
#include <gtest/gtest.h>
#include <map>

#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

/// Keeps what it is told, by SPI.
class Notebook final : public crypto::KeyExport {
 public:
  void ike_keys(IkeSpi i, IkeSpi r, const Suite&, const crypto::IkeKeys& k) override {
    ike[{i.value(), r.value()}] = joined({&k.sk_ei, &k.sk_er, &k.sk_ai, &k.sk_ar});
  }
  void child_keys(EspSpi to_responder, EspSpi to_initiator, const Suite&, const crypto::ChildKeys& k) override {
    child[to_responder.value()] = joined({&k.encr_i, &k.integ_i});
    child[to_initiator.value()] = joined({&k.encr_r, &k.integ_r});
  }
  static Bytes joined(std::initializer_list<const SecretBytes*> keys) {
    Bytes out;
    for (const auto* k : keys) out.insert(out.end(), k->reveal().begin(), k->reveal().end());
    return out;
  }
  std::map<std::pair<std::uint64_t, std::uint64_t>, Bytes> ike;
  std::map<std::uint32_t, Bytes> child;
};

class Export : public ::testing::Test {
 protected:
  Export() {
    pair.a.exporting = &a;
    pair.b.exporting = &b;
  }
  /// Each end's notebook has the keys by which its packet path receives and sends.
  void expect_installed_keys_told() {
    for (const auto& [end, book] : {std::pair(&pair.a, &a), std::pair(&pair.b, &b)})
      for (const auto& [id, child] : end->children) {
        EXPECT_EQ(book->child[child.spi_in.value()], Notebook::joined({&child.encr_in, &child.integ_in}));
        EXPECT_EQ(book->child[child.spi_out.value()], Notebook::joined({&child.encr_out, &child.integ_out}));
      }
    EXPECT_EQ(a.ike, b.ike);
    EXPECT_EQ(a.child, b.child);
  }
  Notebook a, b;
  Pair pair;
};

TEST_F(Export, tells_the_keys_of_a_login_and_of_rekeys_from_either_side) {
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(a.ike.size(), 1U);
  EXPECT_EQ(a.child.size(), 2U);
  expect_installed_keys_told();
  for (End* e : {&pair.a, &pair.b}) {
    const auto id = e->children.begin()->first;
    pair.use(*e, *e->newest_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(id, pair.now, out); });
    pair.settle();
    pair.use(*e, *e->newest_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
    pair.settle();
    ASSERT_TRUE(pair.one_tunnel());
    expect_installed_keys_told();
  }
  EXPECT_EQ(a.ike.size(), 3U);
  EXPECT_EQ(a.child.size(), 6U);
}

TEST_F(Export, tells_the_keys_of_a_resumption) {
  pair.a.policy.session_resume = pair.b.policy.session_resume = true;
  pair.login();
  ASSERT_TRUE(pair.a.ticket);
  for (End* e : {&pair.a, &pair.b}) {
    e->sas.clear();
    e->children.clear();
  }
  pair.begin(ResumeState{pair.a.ticket->ticket, pair.a.ticket->sk_d.clone(), pair.a.ticket->suite});
  pair.settle();
  EXPECT_EQ(a.ike.size(), 2U);
  EXPECT_EQ(a.child.size(), 4U);
  expect_installed_keys_told();
}

}  // namespace
}  // namespace dormouse::ike::testing
