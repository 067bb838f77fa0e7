// Logins by certificate between two daemons: sleep and each way to wake, certificates that run out or are revoked in
// between, and every way to be refused with its reason.
#include <algorithm>
#include <gtest/gtest.h>

#include "crypto/testing/toy_certificates.h"
#include "sim/host.h"
#include "sim/models.h"
#include "wire/message.h"

namespace dormouse::sim {
namespace {

using crypto::KeyKind;
using crypto::testing::ToyAuthority;
using crypto::testing::ToyIdentity;

const IpAddress kServer = *IpAddress::parse("173.1.1.1");
const IpAddress kInside = *IpAddress::parse("192.168.5.44");
const IpAddress kElsewhere = *IpAddress::parse("10.1.100.11");

Identity name_id(std::string_view text) { return {IdType::fqdn, to_bytes(as_bytes(text))}; }

class Certificate : public ::testing::Test {
 protected:
  ToyIdentity issue(const std::string& name, WallTime not_after = {4'000'000'000}) {
    return root.issue({.common_name = name,
                       .kind = KeyKind::ecdsa_p256,
                       .alt_names = {name_id(name + ".example")},
                       .not_after = not_after});
  }
  static void sign_with(config::Model& m, const ToyIdentity& who, const std::string& name) {
    m.certificates.push_back({name, who.certificate_text, secret(who.key_text), {}});
    auto& p = m.phase1[0];
    p.auth = p.auth_remote = config::AuthMethod::signature;
    p.certificates.push_back(name);
    p.psk = nullptr;
  }
  config::Model gateway() {
    auto m = server_model();
    m.session_resume = m.quick_crash_detect = true;
    m.authorities = {{"Office", root.text()}};
    sign_with(m, server_certificate, "gateway");
    return m;
  }
  config::Model laptop() {
    auto m = client_model(kServer);
    m.session_resume = m.quick_crash_detect = true;
    m.authorities = {{"Office", root.text()}};
    sign_with(m, client_certificate, "laptop");
    m.phase1[0].localid = name_id("laptop.example");
    return m;
  }
  config::Model gateway_that_revoked(const ToyIdentity& who) {
    auto m = gateway();
    m.revocations = {{"office.crl", root.revoke({who.credential->chain[0]})}};
    return m;
  }
  void start(const config::Model& at_server, const config::Model& at_client) {
    server.start(share(at_server));
    client.start(share(at_client));
  }
  void begin(const config::Model& at_server, const config::Model& at_client) {
    start(at_server, at_client);
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
    world.run_for(1s);
  }
  void begin() { begin(gateway(), laptop()); }
  void sleep() {
    world.weather("client").cut = true;
    ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 300s));
  }
  void expect_refused(const std::string& reason) {
    start(server_side, client_side);
    world.run_for(10s);
    EXPECT_EQ(state(), std::nullopt);
    EXPECT_GE(server.status().phase1[0].refused_by_reason[reason], 1U);
    EXPECT_TRUE(server.logged("reason: " + reason));
  }
  std::optional<tunnel::State> state() {
    const auto t = server.running() ? server.tunnel("toClient_0") : std::nullopt;
    return t ? std::optional(t->state) : std::nullopt;
  }
  bool traffic_flows() {
    client.send_inside("toServer", kInside, ++payload);
    world.run_for(1s);
    return !server.data().delivered.empty() && server.data().delivered.back() == payload;
  }
  std::uint64_t refusals(const std::string& reason) { return server.status().phase1[0].refused_by_reason[reason]; }
  void restart(const config::Model& m) {
    server.kill();
    world.run_for(2s);
    server.clear_log();
    server.start(share(m));
  }
  void TearDown() override {
    if (!HasFailure()) return;
    for (Host* h : {&server, &client})
      for (const auto& line : h->log()) std::fprintf(stderr, "%s: %.160s\n", h->name().c_str(), line.c_str());
  }

  ToyAuthority root{"Office"};
  ToyIdentity server_certificate = issue("gateway"), client_certificate = issue("laptop");
  config::Model server_side = gateway(), client_side = laptop();
  World world{17};
  Host& server = world.add_host("server", kServer);
  Host& client = world.add_host("client", *IpAddress::parse("11.101.1.1"));
  std::uint64_t payload = 100;
};

TEST_F(Certificate, brings_a_tunnel_up_that_says_who_is_there) {
  begin();
  EXPECT_TRUE(traffic_flows());
  const auto at_server = *server.tunnel("toClient_0"), at_client = *client.tunnel("toServer");
  EXPECT_EQ(at_server.peer_id, name_id("laptop.example"));
  EXPECT_EQ(at_server.certificate, "CN=laptop");
  EXPECT_EQ(at_server.certificate_issuer, "Office");
  EXPECT_EQ(at_server.auth_method, "ECDSA P-256 signature");
  EXPECT_EQ(at_client.certificate, "CN=gateway");
  EXPECT_EQ(at_client.peer_id->text(), "CN=gateway") << "no localid: the subject";
  EXPECT_TRUE(server.logged("peer certificate CN=laptop, issued under Office"));
}

TEST_F(Certificate, as_a_digital_signature_where_both_ends_say_so) {
  auto g = gateway();
  auto l = laptop();
  g.phase1[0].digital_signature_auth = l.phase1[0].digital_signature_auth = true;
  begin(g, l);
  EXPECT_EQ(server.tunnel("toClient_0")->auth_method, "digital signature");
}

TEST_F(Certificate, ed25519_needs_no_word_about_rfc_7427) {
  client_certificate =
      root.issue({.common_name = "laptop", .kind = KeyKind::ed25519, .alt_names = {name_id("laptop.example")}});
  server_certificate = root.issue({.common_name = "gateway", .kind = KeyKind::ed25519});
  begin();
  EXPECT_EQ(server.tunnel("toClient_0")->auth_method, "digital signature");
}

TEST_F(Certificate, on_one_side_and_a_shared_key_on_the_other) {
  for (const bool client_signs : {true, false}) {
    auto g = gateway();
    auto l = laptop();
    auto& signer = client_signs ? l.phase1[0] : g.phase1[0];
    auto& other = client_signs ? g.phase1[0] : l.phase1[0];
    signer.auth = config::AuthMethod::signature;
    signer.auth_remote = config::AuthMethod::psk;
    other.auth = config::AuthMethod::psk;
    other.auth_remote = config::AuthMethod::signature;
    signer.psk = other.psk = secret("a long enough secret");
    begin(g, l);
    EXPECT_TRUE(traffic_flows());
    EXPECT_EQ(server.tunnel("toClient_0")->auth_method, client_signs ? "ECDSA P-256 signature" : "pre-shared key");
    EXPECT_EQ(client.tunnel("toServer")->auth_method, client_signs ? "pre-shared key" : "ECDSA P-256 signature");
    client.kill();
    server.kill();
    server.disk() = client.disk() = {};
  }
}

TEST_F(Certificate, one_gateway_serves_both_kinds_of_client) {
  auto g = gateway();
  auto by_psk = server_model().phase1[0];
  by_psk.name = "byPsk";
  g.phase1.insert(g.phase1.begin(), by_psk);
  auto p2 = g.phase2[0];
  p2.name = p2.phase1 = "byPsk";
  g.phase2.push_back(p2);
  server.start(share(g));
  client.start(share(laptop()));
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
  Host& second = world.add_host("second", *IpAddress::parse("11.101.1.2"));
  second.start(share(client_model(kServer)));
  ASSERT_TRUE(world.run_while_not(
      [&] {
        const auto t = server.tunnel("byPsk_0");
        return t && t->state == tunnel::State::up;
      },
      10s));
}

TEST_F(Certificate, sleeps_and_wakes_by_address) {
  begin();
  sleep();
  world.weather("client").cut = false;
  EXPECT_TRUE(traffic_flows());
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::address);
  EXPECT_EQ(server.tunnel("toClient_0")->certificate, "CN=laptop");
}

TEST_F(Certificate, wakes_by_ticket_after_a_restart_of_the_gateway) {
  begin();
  restart(gateway());
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 80s));
  world.run_for(1s);
  const auto t = *server.tunnel("toClient_0");
  EXPECT_EQ(t.last_wake, tunnel::WakeWay::ticket);
  EXPECT_EQ(t.auth_method, "ECDSA P-256 signature") << "of the login that the ticket came from";
  EXPECT_TRUE(traffic_flows());
  EXPECT_EQ(server.status().phase1[0].logins, 0U);
}

TEST_F(Certificate, wakes_by_login_into_the_same_tunnel) {
  auto g = gateway();
  auto l = laptop();
  g.session_resume = l.session_resume = g.quick_crash_detect = l.quick_crash_detect = false;
  g.phase1[0].client_resume_interval = 3600s;  // the client notices late
  begin(g, l);
  const auto before = server.tunnel("toClient_0")->created;
  restart(g);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 300s));
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::login);
  EXPECT_EQ(server.tunnel("toClient_0")->created, before);
}

TEST_F(Certificate, a_renewed_one_adopts_the_tunnel_of_the_old_one) {
  begin();
  const auto before = server.tunnel("toClient_0")->created;
  client.kill();
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::asleep; }, 400s));
  client_certificate =
      root.issue({.common_name = "laptop", .kind = KeyKind::rsa, .alt_names = {name_id("laptop.example")}});
  client.start(share(laptop()));
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 10s));
  EXPECT_EQ(server.tunnel("toClient_0")->created, before);
  EXPECT_EQ(server.tunnel("toClient_0")->auth_method, "RSA signature");
}

TEST_F(Certificate, that_ran_out_in_sleep_refuses_the_ticket_and_the_login) {
  const auto end = WallTime{server.calendar.seconds + seconds_of((world.now() + 60s).since_boot())};
  client_certificate = issue("laptop", end);
  begin();
  server.kill();
  world.run_for(120s);
  server.clear_log();
  server.start(share(gateway()));
  world.run_for(60s);
  EXPECT_NE(state(), tunnel::State::up);
  EXPECT_GE(refusals("certificate expired"), 2U);
  EXPECT_TRUE(server.logged("session ticket refused: certificate expired"));
  EXPECT_EQ(server.status().phase1[0].logins, 0U);
}

TEST_F(Certificate, that_runs_out_ends_no_tunnel_that_is_up) {
  const auto end = WallTime{server.calendar.seconds + seconds_of((world.now() + 60s).since_boot())};
  client_certificate = issue("laptop", end);
  begin();
  world.run_for(200s);
  EXPECT_EQ(state(), tunnel::State::up);
  server.configure(share(gateway()));
  EXPECT_EQ(state(), tunnel::State::up) << "and no new configuration looks at its date";
  EXPECT_TRUE(traffic_flows());
}

TEST_F(Certificate, that_was_revoked_before_the_restart_refuses_the_ticket_and_the_login) {
  begin();
  restart(gateway_that_revoked(client_certificate));
  world.run_for(100s);
  EXPECT_NE(state(), tunnel::State::up);
  EXPECT_TRUE(server.logged("session ticket refused: certificate revoked"));
  EXPECT_GE(refusals("certificate revoked"), 2U);
}

TEST_F(Certificate, that_is_revoked_ends_its_tunnel_at_once_and_its_client_stays_out) {
  begin();
  server.configure(share(gateway_that_revoked(client_certificate)));
  EXPECT_EQ(state(), std::nullopt);
  EXPECT_TRUE(server.logged("reason: certificate revoked"));
  world.run_for(100s);
  EXPECT_EQ(state(), std::nullopt);
  EXPECT_GE(refusals("certificate revoked"), 1U);
}

TEST_F(Certificate, that_is_revoked_ends_a_tunnel_asleep_too) {
  begin();
  sleep();
  server.configure(share(gateway_that_revoked(client_certificate)));
  EXPECT_EQ(state(), std::nullopt);
  world.weather("client").cut = false;
  world.run_for(100s);
  EXPECT_EQ(state(), std::nullopt);
}

TEST_F(Certificate, of_somebody_else_being_revoked_touches_nobody) {
  begin();
  server.configure(share(gateway_that_revoked(issue("other"))));
  EXPECT_EQ(state(), tunnel::State::up);
  restart(gateway_that_revoked(issue("other")));
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 80s));
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::ticket) << "a new list alone voids no ticket";
}

TEST_F(Certificate, below_an_authority_that_is_revoked_is_withdrawn_with_it) {
  ToyAuthority branch("Branch", root);
  client_certificate = branch.issue({.common_name = "laptop", .alt_names = {name_id("laptop.example")}});
  begin();
  auto g = gateway();
  g.revocations = {{"office.crl", root.revoke({branch.certificate()})}};
  server.configure(share(g));
  EXPECT_EQ(state(), std::nullopt);
}

TEST_F(Certificate, of_an_authority_that_is_removed_ends_its_tunnels) {
  ToyAuthority second("Second");
  begin();
  auto g = gateway();
  g.authorities = {{"Second", second.text()}};
  server.configure(share(g));
  EXPECT_EQ(state(), std::nullopt);
  EXPECT_TRUE(server.logged("reason: unknown certificate authority"));
}

TEST_F(Certificate, of_the_gateway_that_is_revoked_is_not_believed_by_the_client) {
  begin();
  auto l = laptop();
  l.revocations = {{"office.crl", root.revoke({server_certificate.credential->chain[0]})}};
  client.configure(share(l));
  world.run_for(20s);
  EXPECT_NE(client.tunnel("toServer")->state, tunnel::State::up);
  EXPECT_TRUE(client.logged("peer certificate refused: certificate revoked"));
  EXPECT_GE(client.status().phase1[0].refused_by_reason["certificate revoked"], 1U);
}

TEST_F(Certificate, of_another_authority_is_refused) {
  ToyAuthority stranger("Stranger");
  client_certificate = stranger.issue({.common_name = "laptop", .alt_names = {name_id("laptop.example")}});
  client_side = laptop();
  expect_refused("unknown certificate authority");
}

TEST_F(Certificate, without_the_name_its_owner_claims_is_refused) {
  client_side.phase1[0].localid = name_id("boss.example");
  expect_refused("its identity is not in its certificate");
}

TEST_F(Certificate, is_refused_where_a_shared_key_is_wanted) {
  server_side = server_model();
  expect_refused("authentication method not configured");
}

TEST_F(Certificate, with_the_key_of_another_is_refused) {
  client_side.certificates[0].private_key = secret(issue("thief").key_text);
  start(server_side, client_side);
  world.run_for(10s);
  EXPECT_TRUE(client.logged("its private key belongs to another"));
  EXPECT_EQ(state(), std::nullopt);
}

TEST_F(Certificate, must_be_one_that_a_user_peer_describes) {
  struct Case {
    config::CertificatePeer peer;
    bool fits;
  };
  using config::CnType;
  const Case cases[] = {
      {{.name = "a"}, true},
      {{.name = "a", .ca = "Office"}, true},
      {{.name = "a", .ca = "Elsewhere"}, false},
      {{.name = "a", .ca = "Elsewhere", .mandatory_ca_verify = false}, true},
      {{.name = "a", .subject = "CN=lap"}, true},
      {{.name = "a", .subject = "CN=boss"}, false},
      {{.name = "a", .cn = "laptop"}, true},
      {{.name = "a", .cn = "lap"}, false},
      {{.name = "a", .cn = "LAPTOP.example", .cn_type = CnType::fqdn}, true},
      {{.name = "a", .cn = "laptop.example", .cn_type = CnType::email}, false},
      {{.name = "a", .cn = "192.0.2.1", .cn_type = CnType::ipv4}, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.peer.ca + " " + c.peer.subject + " " + c.peer.cn);
    auto g = gateway();
    g.phase1[0].peertype = config::PeerType::peer;
    g.phase1[0].peers = {c.peer};
    start(g, laptop());
    world.run_for(5s);
    EXPECT_EQ(state() == tunnel::State::up, c.fits);
    EXPECT_EQ(refusals("no user peer fits its certificate") != 0, !c.fits);
    client.kill();
    server.kill();
    server.disk() = client.disk() = {};
  }
}

TEST_F(Certificate, of_one_member_of_a_group_is_enough) {
  server_side.phase1[0].peertype = config::PeerType::peer;
  server_side.phase1[0].peers = {{.name = "a", .cn = "boss"}, {.name = "b", .cn = "laptop"}};
  begin(server_side, client_side);
}

TEST_F(Certificate, terms_that_change_void_tickets_and_end_tunnels) {
  begin();
  auto g = gateway();
  g.phase1[0].peertype = config::PeerType::peer;
  g.phase1[0].peers = {{.name = "a", .cn = "laptop"}};
  restart(g);
  ASSERT_TRUE(world.run_while_not([&] { return state() == tunnel::State::up; }, 80s));
  EXPECT_TRUE(server.logged("session ticket refused: the configuration changed"));
  EXPECT_EQ(server.tunnel("toClient_0")->last_wake, tunnel::WakeWay::login);
  g.phase1[0].peers = {{.name = "a", .cn = "boss"}};
  server.configure(share(g));
  EXPECT_EQ(state(), std::nullopt);
}

TEST_F(Certificate, by_the_subject_that_peerid_names) {
  auto l = laptop();
  l.phase1[0].peertype = config::PeerType::one;
  l.phase1[0].peerid = "CN=gateway";
  begin(gateway(), l);
  client.kill();
  l.phase1[0].peerid = "CN=another";
  client.disk() = {};
  client.start(share(l));
  world.run_for(10s);
  EXPECT_NE(client.tunnel("toServer")->state, tunnel::State::up);
  EXPECT_TRUE(client.logged("not the identity that peerid names"));
}

}  // namespace
}  // namespace dormouse::sim
