#include "config/model/diff.h"

#include <functional>
#include <gtest/gtest.h>

namespace dormouse::config {
namespace {

using Changes = std::vector<Change>;

Model model() {
  Model m;
  m.phase1.push_back({.name = "toClient", .type = Phase1Type::dynamic, .interface = "port8"});
  m.phase1[0].psk = std::make_shared<const SecretBytes>(as_bytes("secret"));
  m.phase2.push_back({.name = "toClient", .phase1 = "toClient"});
  m.interfaces.push_back({.name = "port8"});
  m.routes.push_back({.seq = 1, .device = "port8"});
  m.policies.push_back({.id = 1, .srcintf = {"port2"}});
  m.policies.push_back({.id = 2, .srcintf = {"toClient"}});
  m.snmp_communities.push_back({.name = "public"});
  return m;
}

Changes after(const std::function<void(Model&)>& change) {
  const auto from = model();
  auto to = model();
  change(to);
  return diff(from, to);
}

TEST(Diff, is_empty_for_two_readings_of_one_configuration) {
  EXPECT_TRUE(diff(model(), model()).empty()) << "also the secrets are compared by value";
  EXPECT_EQ(summary(diff(model(), model())), "nothing changed");
}

TEST(Diff, restarts_a_phase_1_when_who_gets_which_address_changes_and_not_for_what_else_clients_are_told) {
  const auto kind = [](const std::function<void(ModeCfg&)>& change) {
    return after([&](Model& m) { change(m.phase1[0].mode_cfg); }).at(0).kind;
  };
  EXPECT_EQ(kind([](ModeCfg& m) { m.enabled = true; }), ChangeKind::restart);
  EXPECT_EQ(kind([](ModeCfg& m) { m.pool4.push_back({}); }), ChangeKind::restart);
  EXPECT_EQ(kind([](ModeCfg& m) { m.pool6.push_back({}); }), ChangeKind::restart);
  EXPECT_EQ(kind([](ModeCfg& m) { m.client_selector = true; }), ChangeKind::restart);
  EXPECT_EQ(kind([](ModeCfg& m) { m.dns.push_back({}); }), ChangeKind::in_place);
  EXPECT_EQ(kind([](ModeCfg& m) { m.domain = "corp.example"; }), ChangeKind::in_place);
  EXPECT_EQ(kind([](ModeCfg& m) { m.split_include.push_back({}); }), ChangeKind::in_place);
  EXPECT_EQ(kind([](ModeCfg& m) { m.reclaim = true; }), ChangeKind::in_place);
}

TEST(Diff, changes_what_becomes_of_headers_in_place) {
  const Changes phase2{{ObjectKind::phase2, ChangeKind::in_place, "toClient"}};
  EXPECT_EQ(after([](Model& m) { m.phase2[0].ipv4_df = Ipv4Df::copy; }), phase2);
  EXPECT_EQ(after([](Model& m) { m.phase2[0].dscp = 0; }), phase2);
  EXPECT_EQ(after([](Model& m) { m.phase2[0].dscp_inwards = false; }), phase2);
  EXPECT_EQ(after([](Model& m) { m.honor_df = false; }), (Changes{{ObjectKind::global, ChangeKind::in_place, ""}}));
}

TEST(Diff, changes_timers_of_a_phase_1_in_place) {
  const Changes in_place{{ObjectKind::phase1, ChangeKind::in_place, "toClient"}};
  EXPECT_EQ(after([](Model& m) { m.phase1[0].client_resume_interval = 60s; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].client_resume = true; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].fragment_inner = true; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].dscp_inwards = true; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].reauth = true; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].ticket_rekey_delay = 0s; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].libreswan_resume = true; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].mobike = false; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].childless = true; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].redirect = true; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].dpd_retryinterval = 60s; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].retransmit_schedule = {1s}; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].keylife = 60s; }), in_place);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].distance = 3; }), in_place);
}

TEST(Diff, restarts_the_tunnels_of_a_phase_1_whose_peer_or_keys_are_others) {
  const Changes restart{{ObjectKind::phase1, ChangeKind::restart, "toClient"}};
  EXPECT_EQ(after([](Model& m) { m.phase1[0].psk = std::make_shared<const SecretBytes>(as_bytes("other")); }), restart);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].suites.push_back({}); }), restart);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].interface = "port9"; }), restart);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].remote_gw = IpAddress::v4(1); }), restart);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].net_device = true; }), restart);
  EXPECT_EQ(after([](Model& m) { m.phase1[0].has_policy = true; }), restart);
  EXPECT_EQ(after([](Model& m) {
              m.phase1[0].peerid = "x";
              m.phase1[0].keylife = 5s;
            }),
            restart);
}

TEST(Diff, tells_phase_2_changes_that_must_be_negotiated_from_others) {
  EXPECT_EQ(after([](Model& m) { m.phase2[0].keylife = 60s; }),
            (Changes{{ObjectKind::phase2, ChangeKind::in_place, "toClient"}}));
  EXPECT_EQ(after([](Model& m) { m.phase2[0].pfs = false; }),
            (Changes{{ObjectKind::phase2, ChangeKind::restart, "toClient"}}));
  EXPECT_EQ(after([](Model& m) { m.phase2[0].dst.push_back({}); }),
            (Changes{{ObjectKind::phase2, ChangeKind::restart, "toClient"}}));
}

TEST(Diff, lists_what_came_and_what_went) {
  const auto changes = after([](Model& m) {
    m.phase1.push_back({.name = "toOther"});
    m.phase2.clear();
    m.policies.erase(m.policies.begin());
    m.routes[0].seq = 2;
    m.hostname = "new";
  });
  EXPECT_EQ(changes, (Changes{{ObjectKind::phase1, ChangeKind::added, "toOther"},
                              {ObjectKind::phase2, ChangeKind::removed, "toClient"},
                              {ObjectKind::route, ChangeKind::added, "2"},
                              {ObjectKind::route, ChangeKind::removed, "1"},
                              {ObjectKind::policy, ChangeKind::removed, "1"},
                              {ObjectKind::global, ChangeKind::in_place, ""}}));
  EXPECT_EQ(summary(changes),
            "phase 1 toOther: added; phase 2 toClient: removed; route 2: added; route 1: removed; policy 1: removed; "
            "global: changed in place");
}

TEST(Diff, notices_policies_that_only_changed_places) {
  EXPECT_EQ(after([](Model& m) { std::swap(m.policies[0], m.policies[1]); }),
            (Changes{{ObjectKind::policy, ChangeKind::in_place, "order"}}));
}

TEST(Diff, notices_what_lies_deep_inside_of_an_object) {
  EXPECT_EQ(after([](Model& m) { m.policies[0].service.push_back({.protocol = 6}); }).size(), 1u);
  EXPECT_EQ(after([](Model& m) { m.interfaces[0].addresses.push_back({IpAddress::v4(1), 24}); }).size(), 1u);
  EXPECT_EQ(after([](Model& m) { m.snmp_communities[0].hosts.push_back({IpAddress::v4(1), 162}); }).size(), 1u);
  EXPECT_EQ(after([](Model& m) { m.quick_crash_detect = true; }).size(), 1u);
  EXPECT_EQ(after([](Model& m) { m.session_resume = true; }).size(), 1u);
  EXPECT_EQ(after([](Model& m) { m.snmp_sysinfo.location = "x"; }).size(), 1u);
}

}  // namespace
}  // namespace dormouse::config
