// All tables, in the order in which a configuration reads best: what is referred to stands above what refers to it.
#include <algorithm>

#include "config/schema/rows_certificate.h"
#include "config/schema/rows_firewall.h"
#include "config/schema/rows_system.h"
#include "config/schema/rows_vpn.h"
#include "config/schema/schema.h"

namespace dormouse::config {
namespace {

constexpr long long kHighestPolicy = 4294967294, kHighestNumber = 4294967295;

constexpr TableSpec kTables[] = {
    {.path = "system global", .singleton = true, .help = "the host", .attributes = rows::kGlobal},
    {.path = "system settings", .singleton = true, .help = "the VDOM", .attributes = rows::kSettings},
    {.path = "system interface",
     .interface_key = true,
     .key_length = 15,
     .help = "interfaces and their addresses",
     .attributes = rows::kInterface},
    {.path = "system snmp sysinfo", .singleton = true, .help = "SNMP system information", .attributes = rows::kSysinfo},
    {.path = "system snmp community",
     .highest_key = kHighestNumber,
     .help = "SNMP communities",
     .attributes = rows::kCommunity},
    {.path = "hosts",
     .parent = "system snmp community",
     .highest_key = kHighestNumber,
     .help = "receivers of a community",
     .attributes = rows::kHosts},
    {.path = "vpn certificate ca",
     .key_length = 79,
     .help = "authorities that are believed",
     .attributes = rows::kAuthority},
    {.path = "vpn certificate crl", .key_length = 35, .help = "revocation lists", .attributes = rows::kRevocation},
    {.path = "vpn certificate local",
     .key_length = 35,
     .help = "this host's keys and certificates",
     .attributes = rows::kLocalCertificate},
    {.path = "user peer", .key_length = 35, .help = "peers by their certificates", .attributes = rows::kPeer},
    {.path = "user peergrp", .key_length = 35, .help = "groups of them", .attributes = rows::kPeerGroup},
    {.path = "vpn ipsec phase1-interface",
     .interface_key = true,
     .key_length = 15,
     .help = "phase 1: peers and how they log in",
     .attributes = rows::kPhase1},
    {.path = "ipv4-exclude-range",
     .parent = "vpn ipsec phase1-interface",
     .highest_key = kHighestNumber,
     .help = "holes in the IPv4 pool",
     .attributes = rows::kExclude4},
    {.path = "ipv6-exclude-range",
     .parent = "vpn ipsec phase1-interface",
     .highest_key = kHighestNumber,
     .help = "holes in the IPv6 pool",
     .attributes = rows::kExclude6},
    {.path = "vpn ipsec phase2-interface",
     .key_length = 35,
     .help = "phase 2: what tunnels carry",
     .attributes = rows::kPhase2},
    {.path = "firewall address", .key_length = 79, .help = "addresses by name", .attributes = rows::kAddress},
    {.path = "firewall addrgrp", .key_length = 79, .help = "groups of addresses", .attributes = rows::kAddressGroup},
    {.path = "firewall service custom", .key_length = 79, .help = "services by name", .attributes = rows::kService},
    {.path = "firewall service group",
     .key_length = 79,
     .help = "groups of services",
     .attributes = rows::kServiceGroup},
    {.path = "firewall policy",
     .highest_key = kHighestPolicy,
     .help = "who may speak through which interfaces",
     .attributes = rows::kPolicy},
    {.path = "router static", .highest_key = kHighestNumber, .help = "static routes", .attributes = rows::kStatic},
};

}  // namespace

std::span<const TableSpec> tables() { return kTables; }

std::string_view predefined(std::string_view table) {
  if (table == "firewall address") return "all none";
  if (table == "firewall schedule") return "always";
  if (table == "firewall service custom") return "ALL ALL_TCP ALL_UDP ALL_ICMP PING HTTP HTTPS SSH DNS";
  return table == "any interface" ? "any" : "";
}

bool is_predefined(std::string_view table, std::string_view name) {
  const auto names = split(predefined(table));
  return std::ranges::find(names, name) != names.end();
}

}  // namespace dormouse::config
