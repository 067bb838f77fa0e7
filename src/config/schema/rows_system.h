// `config system ...`, in the order of `show`.
#pragma once
#include "config/schema/rows.h"

namespace dormouse::config::rows {

inline constexpr AttributeSpec kGlobal[] = {
    text("hostname", 35, "name in the prompt and in traps; \"dormouse\" if unset"),
    toggle("honor-df", "enable", "a packet too large for its tunnel that must not be fragmented is not"),
    integer("admintimeout", 1, 480, "5", "accepted for FortiOS's sake, the shell has no login"),
};
inline constexpr AttributeSpec kSettings[] = {
    option("opmode", "nat", "nat", "routing mode", {.foreign = "transparent"}),
    option("ipsec-data-plane", "auto userspace kernel", "auto",
           "who carries the packets: Dormouse itself, or the kernel's ESP through xfrm interfaces; auto is userspace "
           "where there is /dev/net/tun; read at the start of the daemon",
           {.ours = true}),
    toggle("ike-quick-crash-detect", "disable",
           "tell peers at once that this end was restarted and lost their SAs, and believe them (RFC 6290)"),
    toggle("ike-session-resume", "disable",
           "give clients tickets to come back with and without a login, and use those of gateways (RFC 5723)"),
};
inline constexpr AttributeSpec kInterface[] = {
    option("vdom", "root", "root", "there is one"),
    option("mode", "static", "static", "addressing mode", {.foreign = "dhcp pppoe"}),
    of_kind("ip", Kind::subnet, {}, "address and mask, of either family; Dormouse adds it while it runs"),
    options("allowaccess", "ping https ssh snmp http telnet fgfm radius-acct probe-response fabric ftm speed-test scim",
            {}, "accepted for FortiOS's sake, filters nothing here"),
    option("status", "up down", "up", "administrative state"),
    option(
        "type", "physical vlan aggregate redundant tunnel loopback", {}, "label; the kernel knows",
        {.foreign = "vdom-link switch vap-switch wl-mesh fext-wan vxlan geneve switch-vlan emac-vlan lan-extension"}),
    of_kind("remote-ip", Kind::subnet, {}, "far end's address of a tunnel interface"),
    text("description", 255, "free text"),
    text("alias", 25, "label"),
    option("role", "lan wan dmz undefined", "undefined", "label"),
    integer("snmp-index", 0, 2147483647, {}, "accepted for FortiOS's sake"),
    reference("interface", "system interface", "parent device, a label"),
    toggle("mtu-override", "disable", "use `mtu`"),
    integer("mtu", 576, 65535, "1500", "octets", {.visible = "mtu-override=enable"}),
};

inline constexpr AttributeSpec kCommunity[] = {
    text("name", 35, "community string", {.mandatory = true}),
    toggle("status", "enable", "on or off"),
    toggle("query-v1-status", "disable", "queries are not answered"),
    toggle("query-v2c-status", "disable", "queries are not answered"),
    toggle("trap-v1-status", "disable", "v1 traps are not sent"),
    toggle("trap-v2c-status", "enable", "send v2c traps"),
    integer("trap-v2c-rport", 1, 65535, "162", "to this port"),
    options("events", "cpu-high mem-low log-full intf-ip vpn-tun-up vpn-tun-down", "vpn-tun-up vpn-tun-down",
            "which traps; Dormouse has those of tunnels",
            {.foreign =
                 "ha-switch ha-hb-failure ips-signature ips-anomaly av-virus av-oversize av-pattern av-fragmented "
                 "fm-if-change "
                 "fm-conf-change bgp-established bgp-backward-transition ha-member-up ha-member-down ent-conf-change "
                 "av-conserve av-bypass av-oversize-passed av-oversize-blocked ips-pkg-update ips-fail-open "
                 "temperature-high voltage-alert power-supply faz-disconnect"}),
};
inline constexpr AttributeSpec kHosts[] = {
    of_kind("ip", Kind::subnet, {}, "receiver, address with a full mask", {.mandatory = true}),
    option("host-type", "any query trap", "any", "what it is for"),
};
inline constexpr AttributeSpec kSysinfo[] = {
    toggle("status", "disable", "SNMP on or off"),
    text("description", 255, "sysDescr"),
    text("contact-info", 255, "sysContact"),
    text("location", 255, "sysLocation"),
};

}  // namespace dormouse::config::rows
