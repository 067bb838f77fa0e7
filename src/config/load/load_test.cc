#include "config/load/load.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace dormouse::config {
namespace {

Outcome<SecretBytes> decode(std::string_view base64) {
  if (base64 == "Zm9yZWlnbg==") return failure("was not made with this host's key");
  return SecretBytes(as_bytes(base64));
}

std::string example(const std::string& name) {
  std::ifstream in(std::string(DORMOUSE_SOURCE_DIR) + "/examples/" + name);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// What the page takes for granted, for both of its configurations.
constexpr const char* kObjects = R"(
config system interface
    edit "port2"
    next
    edit "port8"
    next
    edit "port9"
    next
end
config firewall address
    edit "10.1.100.0"
        set subnet 10.1.100.0 255.255.255.0
    next
    edit "192.168.5.0"
        set subnet 192.168.5.0/24
    next
end
)";

/// The page's text as it is quoted there, flattened, with the placeholder it has for the secret.
constexpr const char* kPageClient =
    R"(config vpn ipsec phase1-interface edit "toServer" set interface "port9" set ike-version 2 set peertype any set net-device enable set proposal aes128-sha256 aes256-sha256 aes128gcm-prfsha256 aes256gcm-prfsha384 chacha20poly1305-prfsha256 set dpd on-idle set remote-gw 173.1.1.1 set psksecret ***************** set dpd-retryinterval 60 next end
config vpn ipsec phase2-interface edit "toServer" set phase1name "toServer" set proposal aes128-sha1 aes256-sha1 aes128-sha256 aes256-sha256 aes128gcm aes256gcm chacha20poly1305 next end
config firewall policy edit 1 set srcintf "port2" set dstintf "toServer" set action accept set srcaddr "10.1.100.0" set dstaddr "192.168.5.0" set schedule "always" set service "ALL" next edit 2 set srcintf "toServer" set dstintf "port2" set action accept set srcaddr "192.168.5.0" set dstaddr "10.1.100.0" set schedule "always" set service "ALL" next end
)";
constexpr const char* kPageServer =
    R"(config vpn ipsec phase1-interface edit "toClient" set type dynamic set interface "port8" set ike-version 2 set peertype any set net-device enable set proposal aes128-sha256 aes256-sha256 aes128gcm-prfsha256 aes256gcm-prfsha384 chacha20poly1305-prfsha256 set dpd on-idle set client-resume enable set client-resume-interval 120 set psksecret ***************** set dpd-retryinterval 60 next end
config vpn ipsec phase2-interface edit "toClient" set phase1name "toClient" set proposal aes128-sha1 aes256-sha1 aes128-sha256 aes256-sha256 aes128gcm aes256gcm chacha20poly1305 next end
config firewall policy edit 1 set srcintf "port2" set dstintf "toClient" set action accept set srcaddr "192.168.5.0" set dstaddr "all" set schedule "always" set service "ALL" next edit 2 set srcintf "toClient" set dstintf "port2" set action accept set srcaddr "all" set dstaddr "192.168.5.0" set schedule "always" set service "ALL" next end
)";

Loaded loaded(const std::string& text) {
  auto l = load(text, decode);
  if (l) return std::move(*l);
  for (const auto& d : l.error()) ADD_FAILURE() << render(d, "text", text);
  return {std::make_shared<const Model>(), {}, {}};
}
/// Errors alone, in the order of the text.
std::vector<Diagnostic> errors(const std::string& text) {
  auto l = load(text, decode);
  if (l) return {};
  std::erase_if(l.error(), &Diagnostic::warning);
  return l.error();
}
bool warns(const Loaded& l, const std::string& attribute, const std::string& message) {
  return std::ranges::any_of(l.warnings, [&](const Diagnostic& d) {
    return d.attribute == attribute && d.message.find(message) != std::string::npos;
  });
}
std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}
Place place_of(const std::string& text, const std::string& word) {
  const auto at = text.find(word);
  const auto line_start = text.rfind('\n', at);
  return {static_cast<unsigned>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n')) + 1,
          static_cast<unsigned>(line_start == std::string::npos ? at + 1 : at - line_start)};
}

TEST(Load, accepts_the_page_word_for_word) {
  for (const auto* page : {kPageClient, kPageServer}) {
    const auto l = loaded(std::string(kObjects) + page);
    EXPECT_TRUE(warns(l, "psksecret", "placeholder"));
  }
}

TEST(Load, understands_the_example_server) {
  const auto l = loaded(example("server.conf"));
  const auto& m = *l.model;
  EXPECT_TRUE(l.warnings.empty()) << l.warnings[0].message;
  EXPECT_EQ(m.hostname, "server");
  ASSERT_EQ(m.phase1.size(), 1u);
  const auto& p = m.phase1[0];
  EXPECT_EQ(p.name, "toClient");
  EXPECT_EQ(p.type, Phase1Type::dynamic);
  EXPECT_EQ(p.interface, "port8");
  EXPECT_EQ(p.peertype, PeerType::any);
  EXPECT_TRUE(p.net_device);
  EXPECT_EQ(p.dpd, DpdMode::on_idle);
  EXPECT_EQ(p.dpd_retryinterval, 60s);
  EXPECT_EQ(p.retransmit_schedule, (std::vector<Duration>{3s, 6s, 12s, 24s, 48s}));
  EXPECT_TRUE(p.client_resume);
  EXPECT_EQ(p.client_resume_interval, 120s);
  EXPECT_EQ(p.psk->reveal().size(), std::string("replace-this-secret-with-your-own").size());
  EXPECT_TRUE(p.has_policy);
  EXPECT_TRUE(p.add_route);
  EXPECT_EQ(p.distance, 15u);
  EXPECT_EQ(p.priority, 1u);
  ASSERT_EQ(p.suites.size(), 5u);
  EXPECT_EQ(p.suites[0],
            (Suite{EncrId::aes_cbc, 128, PrfId::hmac_sha2_256, IntegId::hmac_sha2_256_128, KeId::modp2048, EsnId::no}));
  EXPECT_EQ(p.suites[3],
            (Suite{EncrId::aes_gcm_16, 256, PrfId::hmac_sha2_384, IntegId::none, KeId::modp2048, EsnId::no}));
  EXPECT_EQ(p.suites[4],
            (Suite{EncrId::chacha20_poly1305, 256, PrfId::hmac_sha2_256, IntegId::none, KeId::modp2048, EsnId::no}));
  ASSERT_EQ(m.phase2.size(), 1u);
  EXPECT_EQ(m.phase2[0].phase1, "toClient");
  ASSERT_EQ(m.phase2[0].suites.size(), 7u);
  EXPECT_EQ(m.phase2[0].suites[0],
            (Suite{EncrId::aes_cbc, 128, PrfId::none, IntegId::hmac_sha1_96, KeId::modp2048, EsnId::no}));
  EXPECT_EQ(m.phase2[0].src, (TrafficSelectors{TrafficSelector::any(Family::v4)}));
  ASSERT_EQ(m.policies.size(), 2u);
  EXPECT_EQ(m.policies[0].srcintf, (std::vector<std::string>{"port2"}));
  EXPECT_EQ(m.policies[0].srcaddr,
            (std::vector<IpRange>{{*IpAddress::parse("192.168.5.0"), *IpAddress::parse("192.168.5.255")}}));
  EXPECT_TRUE(m.policies[0].dstaddr.empty()) << "all";
  EXPECT_TRUE(m.policies[0].service.empty()) << "ALL";
  EXPECT_TRUE(m.policies[0].accept);
  ASSERT_EQ(m.snmp_communities.size(), 1u);
  ASSERT_EQ(m.snmp_communities[0].hosts.size(), 1u);
  EXPECT_EQ(m.snmp_communities[0].hosts[0].address.text(), "192.168.5.10");
  EXPECT_TRUE(m.snmp_sysinfo.enabled);
}

TEST(Load, understands_the_example_client) {
  const auto l = loaded(example("client.conf"));
  EXPECT_TRUE(l.warnings.empty()) << l.warnings[0].message;
  const auto& p = l.model->phase1.at(0);
  EXPECT_EQ(p.type, Phase1Type::static_peer);
  EXPECT_EQ(p.remote_gw.text(), "173.1.1.1");
  ASSERT_EQ(l.model->routes.size(), 2u);
  EXPECT_EQ(l.model->routes[0].gateway->text(), "11.101.1.254");
  EXPECT_EQ(l.model->routes[1].device, "toServer");
  EXPECT_EQ(l.model->routes[1].dst.text(), "192.168.5.0/24");
  ASSERT_EQ(l.model->interfaces.size(), 2u);
  EXPECT_EQ(l.model->interfaces[0].addresses[0].first.text(), "11.101.1.1");
  EXPECT_EQ(l.model->interfaces[0].addresses[0].second, 24u);
}

TEST(Load, gives_the_same_model_from_what_it_prints) {
  for (const auto file : {"client.conf", "server.conf"}) {
    const auto first = loaded(example(file));
    const auto again = loaded(print(first.tree));
    EXPECT_TRUE(same(first.tree, again.tree));
    EXPECT_EQ(print(first.tree), print(again.tree));
    EXPECT_NE(print(first.tree).find("# The dialup"), std::string::npos) << "comments stay";
  }
}

TEST(Load, names_line_column_attribute_and_what_would_be_accepted) {
  const std::string good = example("client.conf");
  const struct {
    const char* meant;
    const char* typo;
    const char* at;  // the caret stands under this
    const char* attribute;
    const char* message;
    const char* accepted;
  } cases[] = {
      {"set dpd on-idle", "set dpd on-idel", "on-idel", "dpd", "did you mean 'on-idle'?",
       "disable, on-idle, on-demand"},
      {"set proposal aes128-sha256", "set porposal aes128-sha256", "porposal", "porposal", "did you mean 'proposal'?",
       "proposal"},
      {"set ike-version 2", "set ike-version 3", "3\n", "ike-version", "'3' is not a choice", "2"},
      {"set ike-version 2", "set ike-version 1", "1\n        set peertype", "ike-version", "not supported by Dormouse",
       "2"},
      {"set remote-gw 173.1.1.1", "set remote-gw 173.1.1", "173.1.1\n", "remote-gw", "not an address", "192.0.2.1"},
      {"set interface \"port9\"", "set interface \"port99\"", "\"port99\"", "interface", "there is no \"port99\"",
       "\"port9\""},
      {"set dpd-retryinterval 60", "set dpd-retryinterval 6000", "6000", "dpd-retryinterval", "out of range",
       "1 to 3600"},
      {"set dpd-retryinterval 60", "set dpd-retryinterval sixty", "sixty", "dpd-retryinterval", "not a number",
       "1 to 3600"},
      {"set net-device enable", "set idle-timeout enable", "idle-timeout", "idle-timeout",
       "FortiOS attribute 'idle-timeout' is not supported", "leave it out"},
      {"set peertype any", "set peertype dialup", "dialup\n", "peertype", "not supported by Dormouse", "any, one"},
      {"aes256gcm-prfsha384", "3des-sha1", "3des-sha1", "proposal", "no modern peer needs it", "aes128"},
      {"set srcaddr \"10.1.100.0\"", "set srcaddr \"10.1.100.1\"", "\"10.1.100.1\"", "srcaddr",
       "did you mean '10.1.100.0'?", "\"192.168.5.0\""},
      {"set phase1name \"toServer\"", "set phase1name \"toSrever\"", "\"toSrever\"", "phase1name", "there is no",
       "\"toServer\""},
      {"set service \"ALL\"", "set service \"GOPHER\"", "\"GOPHER\"", "service", "there is no", "\"HTTPS\""},
      {"set subnet 10.1.100.0 255.255.255.0", "set subnet 10.1.100.0 255.0.255.0", "255.0.255.0", "subnet",
       "not a mask", "10.1.100.0/24"},
      {"set psksecret \"replace-this-secret-with-your-own\"", "set psksecret five5", "five5", "psksecret", "too short",
       "at least 6"},
      {"config firewall policy\n    edit 1\n", "config firewall policy\n    edit one\n", "one\n", "", "key",
       "a number from 1"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.typo);
    const auto text = replaced(good, c.meant, c.typo);
    const auto found = errors(text);
    ASSERT_EQ(found.size(), 1u) << render(found.at(1), "text", text);
    const auto place = place_of(text, c.at);
    EXPECT_EQ(found[0].at.line, place.line);
    EXPECT_EQ(found[0].at.column, place.column);
    EXPECT_EQ(found[0].attribute, c.attribute);
    EXPECT_NE(found[0].message.find(c.message), std::string::npos) << found[0].message;
    EXPECT_NE(found[0].accepted.find(c.accepted), std::string::npos) << found[0].accepted;
    EXPECT_NE(render(found[0], "client.conf", text).find("client.conf:" + std::to_string(place.line) + ":"),
              std::string::npos);
  }
}

TEST(Load, says_what_is_missing_at_the_entry_that_misses_it) {
  const std::string good = example("client.conf");
  const struct {
    const char* statement;
    const char* attribute;
    const char* accepted;
  } cases[] = {
      {"set interface \"port9\"\n", "interface", "set interface"},
      {"set ike-version 2", "ike-version", "set ike-version, 2"},
      {"set peertype any", "peertype", "one of any, one"},
      {"set remote-gw 173.1.1.1", "remote-gw", "set remote-gw"},
      {"set psksecret \"replace-this-secret-with-your-own\"", "psksecret", "set psksecret"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.statement);
    const auto text = replaced(good, c.statement, "");
    const auto found = errors(text);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].attribute, c.attribute);
    EXPECT_EQ(found[0].path, "vpn ipsec phase1-interface \"toServer\"");
    EXPECT_NE(found[0].accepted.find(c.accepted), std::string::npos) << found[0].accepted;
    const auto phase1 = text.substr(0, text.find("config vpn ipsec phase1-interface"));
    EXPECT_EQ(found[0].at.line, static_cast<unsigned>(std::ranges::count(phase1, '\n')) + 2);
  }
  for (const auto name : {"srcintf \"port2\"", "dstintf \"toServer\"", "srcaddr \"10.1.100.0\"",
                          "dstaddr \"192.168.5.0\"", "schedule \"always\"", "service \"ALL\""})
    EXPECT_EQ(errors(replaced(good, std::string("set ") + name, "")).size(), 1u) << name;
}

TEST(Load, reports_all_errors_of_a_text_in_its_order) {
  auto text = example("client.conf");
  text = replaced(text, "set dpd on-idle", "set dpd idle");
  text = replaced(text, "set psksecret \"replace-this-secret-with-your-own\"", "");
  text = replaced(text, "set service \"ALL\"", "set service \"NONE\"");
  text = replaced(text, "set device \"port9\"", "set device \"port1\"");
  const auto found = errors(text);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].attribute, "device");
  EXPECT_EQ(found[1].attribute, "psksecret");
  EXPECT_EQ(found[2].attribute, "dpd");
  EXPECT_EQ(found[3].attribute, "service");
}

TEST(Load, does_not_call_missing_what_stands_in_a_part_that_it_could_not_read) {
  const auto found = errors(replaced(example("client.conf"), "config system interface", "config system interfcae"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message, "unknown section 'system interfcae'");
  EXPECT_EQ(found[0].accepted, "did you mean 'system interface'?");
}

TEST(Load, resolves_groups_services_and_ranges) {
  const auto l = loaded(std::string(kObjects) + R"(
config firewall address
    edit "pool"
        set type iprange
        set start-ip 10.9.0.1
        set end-ip 10.9.0.20
    next
end
config firewall addrgrp
    edit "inner"
        set member "pool"
    next
    edit "both"
        set member "inner" "10.1.100.0" "both"
    next
end
config firewall service custom
    edit "web"
        set tcp-portrange 80 8000-8099:1024-65535
    next
    edit "gre"
        set protocol IP
        set protocol-number 47
    next
    edit "HTTP"
        set tcp-portrange 8080
    next
end
config firewall service group
    edit "many"
        set member "web" "gre" "PING" "DNS" "HTTP"
    next
end
config firewall policy
    edit 7
        set srcintf "any"
        set dstintf "port2"
        set srcaddr "both"
        set dstaddr "none"
        set schedule "always"
        set service "many"
        set nat enable
    next
end
)");
  const auto& p = l.model->policies.at(0);
  EXPECT_EQ(p.id, 7u);
  EXPECT_FALSE(p.accept) << "deny is the default";
  EXPECT_TRUE(p.nat);
  ASSERT_EQ(p.srcaddr.size(), 2u);
  EXPECT_EQ(p.srcaddr[0].last.text(), "10.9.0.20");
  ASSERT_EQ(p.dstaddr.size(), 1u) << "none is not all";
  EXPECT_TRUE(p.dstaddr[0].first.is_unspecified());
  EXPECT_EQ(p.dstaddr[0].first, p.dstaddr[0].last);
  ASSERT_EQ(p.service.size(), 7u);
  EXPECT_EQ(p.service[1].dst_first, 8000);
  EXPECT_EQ(p.service[1].dst_last, 8099);
  EXPECT_EQ(p.service[1].src_first, 1024);
  EXPECT_EQ(p.service[2].protocol, 47);
  EXPECT_EQ(p.service[3].icmp_type, std::uint8_t{8});
  EXPECT_EQ(p.service[6].dst_first, 8080) << "written out comes before predefined";
}

TEST(Load, makes_suites_of_every_proposal_with_every_group_in_order) {
  auto text = replaced(example("client.conf"), "set dpd on-idle", "set dhgrp 31 20\n set esn allow");
  const auto l = loaded(text);
  const auto& p = l.model->phase1[0];
  ASSERT_EQ(p.suites.size(), 10u);
  EXPECT_EQ(p.suites[0].ke, KeId::x25519);
  EXPECT_EQ(p.suites[1].ke, KeId::ecp384);
  EXPECT_EQ(p.suites[1].encr, p.suites[0].encr);
  EXPECT_EQ(p.esn, EsnMode::allow);
  const auto& c = l.model->phase2[0];
  ASSERT_EQ(c.suites.size(), 14u);
  EXPECT_EQ(c.suites[0].esn, EsnId::yes);
  EXPECT_EQ(c.suites[1].esn, EsnId::no);
  EXPECT_EQ(c.suites[1].encr, c.suites[0].encr);
  const auto required = loaded(replaced(text, "esn allow", "esn require"));
  ASSERT_EQ(required.model->phase2[0].suites.size(), 7u);
  EXPECT_EQ(required.model->phase2[0].suites[0].esn, EsnId::yes);
  const auto bare =
      loaded(replaced(text, "set phase1name \"toServer\"", "set phase1name \"toServer\"\n set pfs disable"));
  EXPECT_EQ(bare.model->phase2[0].suites[0].ke, KeId::none);
}

std::expected<Loaded, std::vector<Diagnostic>> quantum(const std::string& lines, bool new_library = true) {
  CertificateChecks checks;
  checks.has_group = [=](KeId g) { return new_library || !is_kem(g); };
  return load(replaced(example("client.conf"), "set dpd on-idle", lines + "\n set dpd on-idle"), decode, checks);
}

TEST(Load, makes_suites_of_every_additional_key_exchange_those_without_last) {
  const auto l = quantum("set proposal aes256gcm-prfsha384\n set dhgrp 31\n set addke1 36 0\n set addke3 0 20");
  ASSERT_TRUE(l) << l.error()[0].message;
  const auto& s = l->model->phase1[0].suites;
  ASSERT_EQ(s.size(), 4U);
  const auto more = [](KeId first, KeId third) {
    return std::array<KeId, kAdditionalExchanges>{first, KeId::none, third};
  };
  EXPECT_EQ(s[0].addke, more(KeId::ml_kem_768, KeId::none));
  EXPECT_EQ(s[1].addke, more(KeId::ml_kem_768, KeId::ecp384));
  EXPECT_EQ(s[2].addke, more(KeId::none, KeId::ecp384));
  EXPECT_EQ(s[3].addke, more(KeId::none, KeId::none));
  EXPECT_EQ(s[0].ke, KeId::x25519);
}

TEST(Load, prefers_any_suite_with_additional_key_exchanges_to_one_without) {
  const auto l = quantum("set proposal aes128-sha256 aes256-sha256\n set addke1 0 36");
  ASSERT_TRUE(l);
  const auto& s = l->model->phase1[0].suites;
  ASSERT_EQ(s.size(), 4U);
  EXPECT_TRUE(s[0].has_additional() && s[1].has_additional());
  EXPECT_EQ(s[1].key_bits, 256);
  EXPECT_FALSE(s[2].has_additional() || s[3].has_additional());
}

TEST(Load, never_asks_for_one_key_exchange_twice) {
  const auto l = quantum("set proposal aes256-sha256\n set addke1 35 36\n set addke2 36 35");
  ASSERT_TRUE(l);
  EXPECT_EQ(l->model->phase1[0].suites.size(), 2U);
  const auto doubled = quantum("set addke1 36\n set addke2 36");
  ASSERT_FALSE(doubled);
  EXPECT_EQ(doubled.error()[0].attribute, "addke1");
}

TEST(Load, says_that_ml_kem_needs_a_newer_openssl) {
  for (const char* attribute : {"addke1", "dhgrp"}) {
    const auto l = quantum(std::string("set ") + attribute + " 36", false);
    ASSERT_FALSE(l);
    EXPECT_EQ(l.error()[0].attribute, attribute);
    EXPECT_NE(l.error()[0].message.find("OpenSSL 3.5"), std::string::npos) << l.error()[0].message;
  }
  EXPECT_TRUE(quantum("set addke1 20", false)) << "a classical one needs nothing new";
}

TEST(Load, bounds_the_combinations_of_key_exchanges) {
  const auto l = quantum(
      "set addke1 14 15 16 19 20\n set addke2 14 15 16 19 20\n set addke3 14 15 16 19 20\n"
      " set addke4 14 15 16 19 20");
  ASSERT_FALSE(l);
  EXPECT_EQ(l.error()[0].attribute, "addke4");
}

TEST(Load, warns_of_keys_that_do_not_fit_into_the_first_message) {
  EXPECT_TRUE(warns(*quantum("set dhgrp 36"), "dhgrp", "addke1"));
  EXPECT_FALSE(warns(*quantum("set dhgrp 31\n set addke1 36"), "dhgrp", "addke1"));
  EXPECT_TRUE(warns(*quantum("set addke1 36\n set fragmentation disable"), "fragmentation", "one packet"));
}

TEST(Load, reads_post_quantum_preshared_keys) {
  const auto l = quantum(
      "set ppk require\n set ppk-identity \"ours\"\n set ppk-secret "
      "0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
  ASSERT_TRUE(l) << l.error()[0].message;
  const auto& p = l->model->phase1[0];
  EXPECT_EQ(p.ppk, PpkMode::require);
  EXPECT_EQ(p.ppk_identity, "ours");
  ASSERT_TRUE(p.ppk_secret);
  EXPECT_EQ(p.ppk_secret->size(), 32U);
  EXPECT_TRUE(warns(*quantum("set ppk allow\n set ppk-identity x\n set ppk-secret tooshort"), "ppk-secret", "256"));
  EXPECT_FALSE(quantum("set ppk allow")) << "identity and secret belong to it";
}

TEST(Load, reads_secrets_in_clear_in_hex_and_encoded) {
  const auto psk = [](const std::string& value) {
    const auto l = loaded(replaced(example("client.conf"), "set psksecret \"replace-this-secret-with-your-own\"",
                                   "set psksecret " + value));
    const auto octets = l.model->phase1.at(0).psk->reveal();
    return std::string(octets.begin(), octets.end());
  };
  EXPECT_EQ(psk("\"a secret with blanks\""), "a secret with blanks");
  EXPECT_EQ(psk("0x416263646566"), "Abcdef");
  EXPECT_EQ(psk("ENC plain-secret"), "plain-secret");
  EXPECT_EQ(psk("ENC 0x416263646566"), "Abcdef");
  const auto found = errors(replaced(example("client.conf"), "set psksecret \"replace-this-secret-with-your-own\"",
                                     "set psksecret ENC Zm9yZWlnbg=="));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message, "the ENC value was not made with this host's key");
}

TEST(Load, seals_secrets_and_nothing_else) {
  auto l = loaded(example("client.conf"));
  seal_secrets(l.tree, [](const SecretBytes& s) { return std::string(s.reveal().begin(), s.reveal().end()); });
  const auto text = print(l.tree);
  EXPECT_NE(text.find("set psksecret ENC replace-this-secret-with-your-own\n"), std::string::npos);
  const auto again = loaded(text);
  EXPECT_TRUE(same(again.model->phase1[0].psk, l.model->phase1[0].psk));
}

TEST(Load, refuses_what_contradicts_itself_across_objects) {
  const std::string client = example("client.conf"), server = example("server.conf");
  const struct {
    std::string text;
    const char* attribute;
    const char* message;
  } cases[] = {
      {replaced(server, "set dpd on-idle", "set remote-gw 1.2.3.4"), "remote-gw", "no fixed peer"},
      {replaced(client, "set peertype any", "set peertype one"), "peerid", "is missing"},
      {replaced(client, "set peertype any", "set peertype any\nset peerid x"), "peerid", "peertype any admits all"},
      {replaced(client, "set dpd on-idle", "set localid x\nset localid-type address"), "localid", "not an address"},
      {client + "config vpn ipsec phase1-interface\nclone toServer to again\nend\n", "remote-gw", "has the same peer"},
      {client + "config firewall policy\nclone 1 to 3\nedit 1\nset name a\nnext\nedit 3\nset name a\nnext\nend\n",
       "name", "has the same name"},
      {server + "config router static\nedit 9\nset device toClient\nset dst 10.0.0.0/8\nnext\nend\n", "device",
       "an interface per client"},
      {client + "config router static\nedit 9\nset dst 10.0.0.0/8\nnext\nend\n", "device", "is missing"},
      {client +
           "config router static\nedit 9\nset device port9\nset dst 10.0.0.0/8\nset gateway 2001:db8::1\nnext\nend\n",
       "gateway", "different families"},
      {client +
           "config firewall address\nedit r\nset type iprange\nset start-ip 2.0.0.0\nset end-ip 1.0.0.0\nnext\nend\n",
       "end-ip", "backwards"},
      {client + "config firewall service custom\nedit s\nnext\nend\n", "", "matches nothing"},
      {client + "config firewall addrgrp\nedit \"10.1.100.0\"\nset member all\nnext\nend\n", "",
       "a group has the same name"},
      {client + "config firewall addrgrp\nedit g\nnext\nend\n", "member", "is missing"},
      {client + "config system interface\nedit toServer\nset remote-ip 10.0.0.1/32\nnext\nend\n", "remote-ip",
       "its own address too"},
      {server + "config system snmp community\nedit 2\nset name x\nconfig hosts\nedit 1\nnext\nend\nnext\nend\n", "ip",
       "is missing"},
      {server + "config vpn ipsec phase1-interface\nclone toClient to fourteen-chars\nend\n", "", "at most 13"},
  };
  for (const auto& c : cases) {
    const auto found = errors(c.text);
    ASSERT_EQ(found.size(), 1u) << c.message << (found.empty() ? "" : found[0].message + " / " + found.back().message);
    EXPECT_EQ(found[0].attribute, c.attribute) << found[0].message;
    EXPECT_NE((found[0].message + "; " + found[0].accepted).find(c.message), std::string::npos) << found[0].message;
    EXPECT_NE(found[0].at.line, 0u);
  }
}

TEST(Load, warns_of_what_is_allowed_but_hardly_meant) {
  const std::string client = example("client.conf"), server = example("server.conf");
  EXPECT_TRUE(
      warns(loaded(replaced(client, "set dpd on-idle", "set client-resume enable")), "client-resume", "static"));
  EXPECT_TRUE(warns(loaded(replaced(client, "set dpd on-idle", "set client-resume-interval 60")),
                    "client-resume-interval", "has no effect unless client-resume is enable"));
  EXPECT_TRUE(warns(loaded(replaced(server, "set dpd on-idle", "set dpd disable")), "dpd", "nobody notices"));
  EXPECT_TRUE(warns(loaded(replaced(server, "set dpd on-idle", "set dhgrp 14")), "dhgrp", "stronger"));
  EXPECT_TRUE(
      warns(loaded(replaced(client, "\"replace-this-secret-with-your-own\"", "sesame1")), "psksecret", "guessed"));
  EXPECT_TRUE(warns(loaded(client + "config firewall policy\npurge\nend\n"), "", "no firewall policy names it"));
  EXPECT_TRUE(
      warns(loaded(client + "config vpn ipsec phase2-interface\npurge\nend\n"), "", "no phase 2 belongs to it"));
  EXPECT_TRUE(warns(loaded(client + "config firewall policy\nclone 1 to 3\nend\n"), "", "never matches: policy 1"));
  EXPECT_TRUE(warns(loaded(server + "config vpn ipsec phase1-interface\nclone toClient to other\nend\n"), "peertype",
                    "admits the same clients"));
  EXPECT_TRUE(warns(loaded(client + "config system interface\nedit port1\nset ip 10.1.0.1 255.255.0.0\nnext\nend\n"),
                    "ip", "overlaps"));
}

TEST(Load, takes_an_empty_text_for_an_empty_configuration) {
  const auto l = loaded("");
  EXPECT_TRUE(l.model->phase1.empty());
  EXPECT_EQ(l.model->hostname, "dormouse");
  EXPECT_TRUE(l.warnings.empty());
}

TEST(Load, reads_ipv6_outside_and_inside) {
  auto text =
      replaced(example("client.conf"), "set remote-gw 173.1.1.1", "set ip-version 6\nset remote-gw6 2001:db8::1");
  text = replaced(text, "set phase1name \"toServer\"",
                  "set phase1name \"toServer\"\nset src-addr-type subnet6\nset dst-addr-type subnet6\nset src-subnet6 "
                  "2001:db8:1::/48");
  const auto l = loaded(text);
  EXPECT_EQ(l.model->phase1[0].family, Family::v6);
  EXPECT_EQ(l.model->phase1[0].remote_gw.text(), "2001:db8::1");
  EXPECT_EQ(l.model->phase2[0].src[0].range.first.text(), "2001:db8:1::");
  EXPECT_EQ(l.model->phase2[0].dst[0], TrafficSelector::any(Family::v6));
}

TEST(Load, session_resumption_is_off_unless_it_is_switched_on) {
  EXPECT_FALSE(loaded("").model->session_resume);
  EXPECT_TRUE(loaded("config system settings\nset ike-session-resume enable\nend\n").model->session_resume);
}

TEST(Load, the_data_plane_is_chosen_by_itself_unless_it_is_named) {
  using enum DataPlaneChoice;
  const auto with = [](const std::string& plane) {
    return loaded("config system settings\nset ipsec-data-plane " + plane + "\nend\n").model->data_plane;
  };
  EXPECT_EQ(loaded("").model->data_plane, automatic);
  EXPECT_EQ(with("auto"), automatic);
  EXPECT_EQ(with("userspace"), userspace);
  EXPECT_EQ(with("kernel"), kernel);
}

TEST(Load, a_login_without_a_child_sa_is_off_unless_it_is_switched_on) {
  EXPECT_FALSE(loaded(example("server.conf")).model->phase1.at(0).childless);
  const auto on =
      replaced(example("server.conf"), "set interface \"port8\"", "set interface \"port8\"\n set childless-ike enable");
  EXPECT_TRUE(loaded(on).model->phase1.at(0).childless);
}

TEST(Load, a_client_goes_to_other_gateways_only_if_it_is_told_to) {
  EXPECT_FALSE(loaded(example("client.conf")).model->phase1.at(0).redirect);
  auto text = example("client.conf");
  text.replace(text.find("set ike-version 2"), 17, "set ike-version 2\n set redirect enable");
  EXPECT_TRUE(loaded(text).model->phase1.at(0).redirect);
}

TEST(Load, mobike_is_on_unless_it_is_switched_off) {
  EXPECT_TRUE(loaded(example("server.conf")).model->phase1.at(0).mobike);
  const auto off =
      replaced(example("server.conf"), "set interface \"port8\"", "set interface \"port8\"\n set mobike disable");
  EXPECT_FALSE(loaded(off).model->phase1.at(0).mobike);
}

TEST(Load, quick_crash_detection_is_off_unless_it_is_switched_on) {
  EXPECT_FALSE(loaded("").model->quick_crash_detect);
  EXPECT_TRUE(loaded("config system settings\nset ike-quick-crash-detect enable\nend\n").model->quick_crash_detect);
}

TEST(Load, reads_what_becomes_of_headers) {
  const auto plain = loaded(std::string(kObjects) + kPageClient);
  EXPECT_TRUE(plain.model->honor_df);
  EXPECT_FALSE(plain.model->phase1[0].fragment_inner);
  EXPECT_FALSE(plain.model->phase1[0].dscp_inwards);
  EXPECT_EQ(plain.model->phase2[0].ipv4_df, Ipv4Df::disable);
  EXPECT_FALSE(plain.model->phase2[0].dscp);
  EXPECT_FALSE(plain.model->phase2[0].dscp_inwards);
  auto text = replaced(std::string(kObjects) + kPageClient, "set dpd on-idle",
                       "set dpd on-idle set ip-fragmentation pre-encapsulation set inbound-dscp-copy enable");
  text = replaced(text, "set phase1name \"toServer\"",
                  "set phase1name \"toServer\" set ipv4-df copy set diffserv enable set diffservcode 101110 set "
                  "inbound-dscp-copy disable");
  const auto l = loaded(text + "config system global\nset honor-df disable\nend\n");
  EXPECT_FALSE(l.model->honor_df);
  EXPECT_TRUE(l.model->phase1[0].fragment_inner);
  EXPECT_TRUE(l.model->phase1[0].dscp_inwards);
  EXPECT_EQ(l.model->phase2[0].ipv4_df, Ipv4Df::copy);
  EXPECT_EQ(l.model->phase2[0].dscp, 46);
  EXPECT_EQ(l.model->phase2[0].dscp_inwards, false);
}

TEST(Load, grants_transport_mode_only_where_it_is_said) {
  EXPECT_FALSE(loaded(std::string(kObjects) + kPageClient).model->phase2[0].transport);
  const auto text = replaced(std::string(kObjects) + kPageClient, "set phase1name \"toServer\"",
                             "set phase1name \"toServer\" set encapsulation transport-mode");
  EXPECT_TRUE(loaded(text).model->phase2[0].transport);
}

TEST(Load, refuses_a_code_point_that_is_not_six_binary_digits) {
  for (const auto* code : {"46", "10111", "10111x", "101112"}) {
    const auto found =
        errors(replaced(std::string(kObjects) + kPageClient, "set phase1name \"toServer\"",
                        "set phase1name \"toServer\" set diffserv enable set diffservcode " + std::string(code)));
    ASSERT_EQ(found.size(), 1u) << code;
    EXPECT_EQ(found[0].attribute, "diffservcode");
  }
}

}  // namespace
}  // namespace dormouse::config
