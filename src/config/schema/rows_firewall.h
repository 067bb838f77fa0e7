// Addresses, services, policies and static routes, in the order of `show`.
#pragma once
#include "config/schema/rows.h"

namespace dormouse::config::rows {

inline constexpr AttributeSpec kAddress[] = {
    text("uuid", 36, "accepted for FortiOS's sake"),
    option("type", "ipmask iprange", "ipmask", "kind of object",
           {.foreign = "fqdn geography wildcard dynamic interface-subnet mac route-tag"}),
    of_kind("subnet", Kind::subnet, "0.0.0.0 0.0.0.0", "address and mask, of either family",
            {.visible = "type=ipmask"}),
    of_kind("start-ip", Kind::address, "0.0.0.0", "first address", {.visible = "type=iprange", .mandatory = true}),
    of_kind("end-ip", Kind::address, "0.0.0.0", "last address", {.visible = "type=iprange", .mandatory = true}),
    text("comment", 255, "free text"),
};
inline constexpr AttributeSpec kAddressGroup[] = {
    text("uuid", 36, "accepted for FortiOS's sake"),
    references("member", kAddresses, "addresses and groups", {.mandatory = true}),
    text("comment", 255, "free text"),
};

inline constexpr std::string_view kPorts = "protocol=TCP/UDP/UDP-Lite/SCTP,TCP/UDP/SCTP";
inline constexpr AttributeSpec kService[] = {
    text("category", 63, "label"),
    option("protocol", "TCP/UDP/UDP-Lite/SCTP TCP/UDP/SCTP ICMP ICMP6 IP", "TCP/UDP/UDP-Lite/SCTP",
           "family of the service", {.foreign = "HTTP FTP CONNECT SOCKS-TCP SOCKS-UDP ALL"}),
    integer("protocol-number", 0, 254, "0", "IP protocol, 0 = any", {.visible = "protocol=IP"}),
    integer("icmptype", 0, 255, {}, "ICMP type; any if unset", {.visible = "protocol=ICMP,ICMP6"}),
    integer("icmpcode", 0, 255, {}, "ICMP code; any if unset", {.visible = "protocol=ICMP,ICMP6"}),
    of_kind("tcp-portrange", Kind::ports, {}, "destination ports[:source ports]", {.visible = kPorts}),
    of_kind("udp-portrange", Kind::ports, {}, "destination ports[:source ports]", {.visible = kPorts}),
    of_kind("sctp-portrange", Kind::ports, {}, "destination ports[:source ports]", {.visible = kPorts}),
    text("comment", 255, "free text"),
};
inline constexpr AttributeSpec kServiceGroup[] = {
    references("member", kServices, "services and groups", {.mandatory = true}),
    text("comment", 255, "free text"),
};

inline constexpr AttributeSpec kPolicy[] = {
    toggle("status", "enable", "disabled policies are skipped"),
    text("name", 35, "label"),
    text("uuid", 36, "accepted for FortiOS's sake"),
    references("srcintf", kPolicyInterfaces, "ingress interfaces", {.mandatory = true}),
    references("dstintf", kPolicyInterfaces, "egress interfaces", {.mandatory = true}),
    option("action", "accept deny", "deny", "verdict", {.foreign = "ipsec"}),
    references("srcaddr", kAddresses, "sources", {.mandatory = true}),
    references("dstaddr", kAddresses, "destinations", {.mandatory = true}),
    reference("schedule", "firewall schedule", "when", {.mandatory = true}),
    references("service", kServices, "services", {.mandatory = true}),
    option("logtraffic", "all utm disable", "utm", "accepted for FortiOS's sake"),
    toggle("nat", "disable", "source address of the egress interface"),
    text("comments", 1023, "free text"),
};

inline constexpr AttributeSpec kStatic[] = {
    toggle("status", "enable", "on or off"),
    of_kind("dst", Kind::subnet, "0.0.0.0 0.0.0.0", "destination, of either family"),
    of_kind("gateway", Kind::address, "0.0.0.0", "next hop; not needed for tunnels", {.visible = "blackhole=disable"}),
    integer("distance", 1, 255, "10", "metric"),
    integer("priority", 1, 65535, "1", "tie-breaker"),
    reference("device", kInterfaces, "interface or tunnel", {.visible = "blackhole=disable", .mandatory = true}),
    text("comment", 255, "free text"),
    toggle("blackhole", "disable", "discard what goes there"),
};

}  // namespace dormouse::config::rows
