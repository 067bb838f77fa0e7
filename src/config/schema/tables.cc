// The rows. Order of attributes is the order of `show`.
#include "config/schema/schema.h"

namespace dormouse::config {
namespace {

constexpr std::string_view kGroups = "14 15 16 19 20 21 31";
constexpr std::string_view kInterfaces = "system interface,vpn ipsec phase1-interface";

constexpr AttributeSpec kGlobal[] = {
    {"hostname", Kind::string, "", 0, 35, "dormouse", "name in the prompt and in traps"},
    {"admintimeout", Kind::integer, "", 1, 480, "5", "minutes; accepted for FortiOS's sake, the shell has no login"},
};
constexpr AttributeSpec kSettings[] = {
    {"opmode", Kind::option, "nat", 0, 0, "nat", "routing mode"},
};
constexpr AttributeSpec kInterface[] = {
    {"vdom", Kind::string, "", 0, 31, "root", "always root"},
    {"mode", Kind::option, "static", 0, 0, "static", "addressing mode"},
    {"ip", Kind::subnet, "", 0, 0, "", "address and mask; Dormouse adds it while it runs"},
    {"allowaccess", Kind::options, "ping https ssh snmp http telnet fgfm", 0, 0, "", "accepted for FortiOS's sake, filters nothing here"},
    {"type", Kind::option, "physical vlan aggregate redundant tunnel loopback", 0, 0, "", "kind of interface"},
    {"remote-ip", Kind::subnet, "", 0, 0, "", "far end's address of a tunnel interface"},
    {"status", Kind::option, "up down", 0, 0, "up", "administrative state"},
    {"mtu-override", Kind::option, "enable disable", 0, 0, "disable", "use `mtu`"},
    {"mtu", Kind::integer, "", 576, 65535, "1500", "octets"},
    {"alias", Kind::string, "", 0, 25, "", "label"},
    {"description", Kind::string, "", 0, 255, "", "free text"},
    {"role", Kind::option, "lan wan dmz undefined", 0, 0, "undefined", "label"},
    {"snmp-index", Kind::integer, "", 0, 2147483647, "", "ifIndex in FortiOS; ignored"},
    {"interface", Kind::reference, "system interface", 0, 0, "", "parent device"},
};
constexpr AttributeSpec kPhase1[] = {
    {"type", Kind::option, "static dynamic", 0, 0, "static", "fixed peer, or a server for dialup clients"},
    {"interface", Kind::reference, "system interface", 0, 0, "", "outgoing interface (mandatory)"},
    {"ip-version", Kind::option, "4 6", 0, 0, "4", "outer family"},
    {"ike-version", Kind::option, "2", 0, 0, "", "must be 2"},
    {"local-gw", Kind::ipv4, "", 0, 0, "0.0.0.0", "pin the local outer address"},
    {"local-gw6", Kind::ipv6, "", 0, 0, "::", "the same for IPv6"},
    {"keylife", Kind::integer, "", 10, 172800, "86400", "IKE SA lifetime, seconds (FortiOS: from 120)"},
    {"authmethod", Kind::option, "psk", 0, 0, "psk", "authentication"},
    {"peertype", Kind::option, "any one", 0, 0, "peer", "which identities are admitted"},
    {"peerid", Kind::string, "", 0, 255, "", "the identity of peertype one"},
    {"net-device", Kind::option, "enable disable", 0, 0, "disable", "an interface per dialup client"},
    {"passive-mode", Kind::option, "enable disable", 0, 0, "disable", "never begin a login"},
    {"proposal", Kind::proposal1, "", 0, 0, "aes128-sha256 aes256-sha256 aes128gcm-prfsha256 aes256gcm-prfsha384 chacha20poly1305-prfsha256", "suites, in order"},
    {"add-route", Kind::option, "disable enable", 0, 0, "enable", "route to what a dialup client asks for"},
    {"localid", Kind::string, "", 0, 63, "", "the identity we send"},
    {"localid-type", Kind::option, "auto fqdn user-fqdn keyid address", 0, 0, "auto", "its type"},
    {"auto-negotiate", Kind::option, "enable disable", 0, 0, "enable", "log in without waiting for traffic"},
    {"negotiate-timeout", Kind::integer, "", 1, 300, "30", "seconds for a login"},
    {"dpd", Kind::option, "disable on-idle on-demand", 0, 0, "on-demand", "dead peer detection"},
    {"comments", Kind::string, "", 0, 255, "", "free text"},
    {"dhgrp", Kind::options, kGroups, 0, 0, "14", "key exchange groups, in order"},
    {"nattraversal", Kind::option, "enable disable forced", 0, 0, "enable", "ESP in UDP: when a NAT is found, never, always"},
    {"esn", Kind::option, "require allow disable", 0, 0, "disable", "extended sequence numbers"},
    {"client-resume", Kind::option, "enable disable", 0, 0, "disable", "keep a silent dialup client's tunnel asleep"},
    {"client-resume-interval", Kind::integer, "", 1, 172800, "7200", "for so many seconds (FortiOS: from 120)"},
    {"rekey", Kind::option, "enable disable", 0, 0, "enable", "whether this end starts rekeys"},
    {"remote-gw", Kind::ipv4, "", 0, 0, "0.0.0.0", "the peer of a static phase 1"},
    {"remote-gw6", Kind::ipv6, "", 0, 0, "::", "the same for IPv6"},
    {"psksecret", Kind::secret, "", 6, 0, "", "pre-shared key, at least 6 characters (mandatory)"},
    {"keepalive", Kind::integer, "", 5, 900, "10", "NAT keepalive, seconds"},
    {"distance", Kind::integer, "", 1, 255, "15", "metric of dialup routes"},
    {"priority", Kind::integer, "", 1, 65535, "1", "priority of dialup routes"},
    {"dpd-retrycount", Kind::integer, "", 0, 10, "3", "IKEv1's count; IKEv2 has retransmit-schedule"},
    {"dpd-retryinterval", Kind::integer, "", 1, 3600, "20", "seconds of silence before a probe"},
    {"retransmit-schedule", Kind::integers, "", 1, 600, "3 6 12 24 48", "waits after each transmission, seconds", true},
    {"mtu", Kind::integer, "", 576, 65535, "", "of the tunnel interface (default: fits 1500 outside)", true},
};
constexpr AttributeSpec kPhase2[] = {
    {"phase1name", Kind::reference, "vpn ipsec phase1-interface", 0, 0, "", "the phase 1 it belongs to (mandatory)"},
    {"proposal", Kind::proposal2, "", 0, 0, "aes128-sha1 aes256-sha1 aes128-sha256 aes256-sha256 aes128gcm aes256gcm chacha20poly1305", "ESP suites, in order"},
    {"pfs", Kind::option, "enable disable", 0, 0, "enable", "fresh key exchange in every rekey"},
    {"dhgrp", Kind::options, kGroups, 0, 0, "14", "its groups, in order"},
    {"replay", Kind::option, "enable disable", 0, 0, "enable", "replay protection"},
    {"auto-negotiate", Kind::option, "enable disable", 0, 0, "disable", "bring it up without traffic"},
    {"keepalive", Kind::option, "enable disable", 0, 0, "disable", "rekey without traffic too"},
    {"add-route", Kind::option, "phase1 enable disable", 0, 0, "phase1", "override the phase 1"},
    {"route-overlap", Kind::option, "use-old use-new allow", 0, 0, "use-new", "which client holds a route that two ask for"},
    {"keylife-type", Kind::option, "seconds kbs both", 0, 0, "seconds", "which limit counts"},
    {"keylifeseconds", Kind::integer, "", 10, 172800, "43200", "Child SA lifetime (FortiOS: from 120)"},
    {"keylifekbs", Kind::integer, "", 5120, 4294967295LL, "5120", "Child SA lifetime in KiB"},
    {"encapsulation", Kind::option, "tunnel-mode", 0, 0, "tunnel-mode", "mode"},
    {"protocol", Kind::integer, "", 0, 255, "0", "selector protocol, 0 = any"},
    {"src-addr-type", Kind::option, "subnet range ip name subnet6", 0, 0, "subnet", "how the local selector is written"},
    {"src-subnet", Kind::subnet, "", 0, 0, "0.0.0.0 0.0.0.0", "local selector"},
    {"src-subnet6", Kind::subnet, "", 0, 0, "::/0", "local selector, IPv6"},
    {"src-start-ip", Kind::ipv4, "", 0, 0, "0.0.0.0", "local selector, first address"},
    {"src-end-ip", Kind::ipv4, "", 0, 0, "0.0.0.0", "local selector, last address"},
    {"src-name", Kind::reference, "firewall address,firewall addrgrp", 0, 0, "", "local selector by name"},
    {"src-port", Kind::integer, "", 0, 65535, "0", "local port, 0 = any"},
    {"dst-addr-type", Kind::option, "subnet range ip name subnet6", 0, 0, "subnet", "how the remote selector is written"},
    {"dst-subnet", Kind::subnet, "", 0, 0, "0.0.0.0 0.0.0.0", "remote selector"},
    {"dst-subnet6", Kind::subnet, "", 0, 0, "::/0", "remote selector, IPv6"},
    {"dst-start-ip", Kind::ipv4, "", 0, 0, "0.0.0.0", "remote selector, first address"},
    {"dst-end-ip", Kind::ipv4, "", 0, 0, "0.0.0.0", "remote selector, last address"},
    {"dst-name", Kind::reference, "firewall address,firewall addrgrp", 0, 0, "", "remote selector by name"},
    {"dst-port", Kind::integer, "", 0, 65535, "0", "remote port, 0 = any"},
    {"comments", Kind::string, "", 0, 255, "", "free text"},
};
constexpr AttributeSpec kAddress[] = {
    {"type", Kind::option, "ipmask iprange", 0, 0, "ipmask", "kind of object"},
    {"subnet", Kind::subnet, "", 0, 0, "0.0.0.0 0.0.0.0", "address and mask"},
    {"start-ip", Kind::ipv4, "", 0, 0, "0.0.0.0", "first address of a range"},
    {"end-ip", Kind::ipv4, "", 0, 0, "0.0.0.0", "last address of a range"},
    {"comment", Kind::string, "", 0, 255, "", "free text"},
    {"uuid", Kind::string, "", 0, 36, "", "ignored"},
};
constexpr AttributeSpec kAddressGroup[] = {
    {"member", Kind::references, "firewall address,firewall addrgrp", 0, 0, "", "its members (mandatory)"},
    {"comment", Kind::string, "", 0, 255, "", "free text"},
    {"uuid", Kind::string, "", 0, 36, "", "ignored"},
};
constexpr AttributeSpec kService[] = {
    {"protocol", Kind::option, "TCP/UDP/UDP-Lite/SCTP TCP/UDP/SCTP ICMP ICMP6 IP", 0, 0, "TCP/UDP/UDP-Lite/SCTP", "family of the service"},
    {"protocol-number", Kind::integer, "", 0, 254, "0", "IP protocol of protocol IP"},
    {"icmptype", Kind::integer, "", 0, 255, "", "ICMP type"},
    {"icmpcode", Kind::integer, "", 0, 255, "", "ICMP code"},
    {"tcp-portrange", Kind::ports, "", 0, 0, "", "destination ports[:source ports]"},
    {"udp-portrange", Kind::ports, "", 0, 0, "", "destination ports[:source ports]"},
    {"sctp-portrange", Kind::ports, "", 0, 0, "", "destination ports[:source ports]"},
    {"comment", Kind::string, "", 0, 255, "", "free text"},
    {"category", Kind::string, "", 0, 63, "", "label"},
};
constexpr AttributeSpec kServiceGroup[] = {
    {"member", Kind::references, "firewall service custom,firewall service group", 0, 0, "", "its members (mandatory)"},
    {"comment", Kind::string, "", 0, 255, "", "free text"},
};
constexpr AttributeSpec kPolicy[] = {
    {"name", Kind::string, "", 0, 35, "", "label"},
    {"uuid", Kind::string, "", 0, 36, "", "ignored"},
    {"srcintf", Kind::references, kInterfaces, 0, 0, "", "ingress interfaces (mandatory)"},
    {"dstintf", Kind::references, kInterfaces, 0, 0, "", "egress interfaces (mandatory)"},
    {"action", Kind::option, "accept deny", 0, 0, "deny", "verdict"},
    {"srcaddr", Kind::references, "firewall address,firewall addrgrp", 0, 0, "", "sources (mandatory)"},
    {"dstaddr", Kind::references, "firewall address,firewall addrgrp", 0, 0, "", "destinations (mandatory)"},
    {"status", Kind::option, "enable disable", 0, 0, "enable", "disabled policies are skipped"},
    {"schedule", Kind::reference, "firewall schedule", 0, 0, "", "when (mandatory)"},
    {"service", Kind::references, "firewall service custom,firewall service group", 0, 0, "", "services (mandatory)"},
    {"nat", Kind::option, "enable disable", 0, 0, "disable", "source address of the egress interface"},
    {"logtraffic", Kind::option, "all utm disable", 0, 0, "utm", "accepted for FortiOS's sake"},
    {"comments", Kind::string, "", 0, 1023, "", "free text"},
};
constexpr AttributeSpec kStatic[] = {
    {"status", Kind::option, "enable disable", 0, 0, "enable", "on or off"},
    {"dst", Kind::subnet, "", 0, 0, "0.0.0.0 0.0.0.0", "destination"},
    {"gateway", Kind::address, "", 0, 0, "0.0.0.0", "next hop; not needed for tunnels"},
    {"distance", Kind::integer, "", 1, 255, "10", "metric"},
    {"priority", Kind::integer, "", 1, 65535, "1", "tie-breaker"},
    {"device", Kind::reference, kInterfaces, 0, 0, "", "interface or tunnel (mandatory unless blackhole)"},
    {"blackhole", Kind::option, "enable disable", 0, 0, "disable", "discard"},
    {"comment", Kind::string, "", 0, 255, "", "free text"},
};
constexpr AttributeSpec kCommunity[] = {
    {"name", Kind::string, "", 0, 35, "", "community string (mandatory)"},
    {"status", Kind::option, "enable disable", 0, 0, "enable", "on or off"},
    {"trap-v2c-status", Kind::option, "enable disable", 0, 0, "enable", "send v2c traps"},
    {"trap-v2c-rport", Kind::integer, "", 1, 65535, "162", "to this port"},
    {"trap-v1-status", Kind::option, "enable disable", 0, 0, "disable", "v1 traps are not sent"},
    {"query-v1-status", Kind::option, "enable disable", 0, 0, "disable", "queries are not answered yet"},
    {"query-v2c-status", Kind::option, "enable disable", 0, 0, "disable", "queries are not answered yet"},
    {"events", Kind::options, "vpn-tun-up vpn-tun-down cpu-high mem-low log-full intf-ip", 0, 0, "vpn-tun-up vpn-tun-down", "which traps"},
};
constexpr AttributeSpec kHosts[] = {
    {"ip", Kind::subnet, "", 0, 0, "", "receiver, address with a full mask (mandatory)"},
    {"host-type", Kind::option, "any query trap", 0, 0, "any", "what it is for"},
};
constexpr AttributeSpec kSysinfo[] = {
    {"status", Kind::option, "enable disable", 0, 0, "disable", "SNMP on or off"},
    {"description", Kind::string, "", 0, 255, "", "sysDescr"},
    {"contact-info", Kind::string, "", 0, 255, "", "sysContact"},
    {"location", Kind::string, "", 0, 255, "", "sysLocation"},
};

constexpr std::string_view kPhase1Missing =
    "remotegw-ddns remote-gw-match remote-gw-subnet usrgrp peer peergrp enforce-unique-id authmethod-remote psksecret-remote certificate "
    "send-cert-chain cert-id-validation digital-signature-auth signature-hash-alg rsa-signature-format ppk ppk-secret ppk-identity qkd "
    "network-overlay network-id dev-id-notification dev-id exchange-fgt-device-id reauth idle-timeout idle-timeoutinterval fragmentation "
    "fragmentation-mtu ip-fragmentation childless-ike transport ha-sync-esp-seqno fgsp-sync npu-offload loopback-asymroute inbound-dscp-copy "
    "addke1 addke2 addke3 suite-b add-gw-route default-gw exchange-interface-ip exchange-ip-addr4 aggregate-member monitor mode-cfg assign-ip "
    "assign-ip-from ipv4-start-ip ipv4-end-ip ipv4-netmask ip-delay-interval dns-mode ipv4-dns-server1 domain ipv4-split-include unity-support "
    "save-password client-auto-negotiate client-keep-alive authusr authpasswd authusrgrp eap eap-identity xauthtype wizard-type auto-discovery-sender "
    "tunnel-search";
constexpr std::string_view kPhase2Missing =
    "addke1 l2tp single-source initiator-ts-narrow diffserv diffservcode inbound-dscp-copy dhcp-ipsec src-start-ip6 src-end-ip6 dst-start-ip6 dst-end-ip6";
constexpr std::string_view kPolicyMissing =
    "srcaddr6 dstaddr6 srcaddr-negate dstaddr-negate service-negate groups users ippool poolname fixedport vpntunnel utm-status inspection-mode "
    "ssl-ssh-profile av-profile webfilter-profile ips-sensor logtraffic-start send-deny-packet session-ttl tcp-mss-sender tcp-mss-receiver";

constexpr TableSpec kTables[] = {
    {"system global", "", true, false, 0, "the host", kGlobal, "alias timezone admin-sport cfg-save"},
    {"system settings", "", true, false, 0, "the VDOM", kSettings, "ike-session-resume ike-quick-crash-detect ike-port ike-tcp-port"},
    {"system interface", "", false, false, 15, "interfaces and their addresses", kInterface, "vlanid secondary-IP tcp-mss distance"},
    {"vpn ipsec phase1-interface", "", false, false, 15, "phase 1: peers and how they log in", kPhase1, kPhase1Missing},
    {"vpn ipsec phase2-interface", "", false, false, 35, "phase 2: what tunnels carry", kPhase2, kPhase2Missing},
    {"firewall address", "", false, false, 79, "addresses by name", kAddress, "fqdn country wildcard interface macaddr associated-interface allow-routing color"},
    {"firewall addrgrp", "", false, false, 79, "groups of addresses", kAddressGroup, "exclude exclude-member color"},
    {"firewall service custom", "", false, false, 79, "services by name", kService, "session-ttl color visibility"},
    {"firewall service group", "", false, false, 79, "groups of services", kServiceGroup, "color"},
    {"firewall policy", "", false, true, 10, "who may speak through which interfaces", kPolicy, kPolicyMissing},
    {"router static", "", false, true, 10, "static routes", kStatic, "src weight dstaddr dynamic-gateway tag vrf bfd preferred-source"},
    {"system snmp community", "", false, true, 10, "SNMP communities", kCommunity, "query-v1-port query-v2c-port trap-v1-rport trap-v1-lport trap-v2c-lport mib-view vdoms"},
    {"hosts", "system snmp community", false, true, 10, "receivers of a community", kHosts, "source-ip ha-direct"},
    {"system snmp sysinfo", "", true, false, 0, "SNMP system information", kSysinfo, "engine-id engine-id-type trap-high-cpu-threshold"},
};

}  // namespace

std::span<const TableSpec> tables() { return kTables; }

bool is_predefined(std::string_view table, std::string_view name) {
  if (table == "firewall address") return name == "all" || name == "none";
  if (table == "firewall schedule") return name == "always";
  if (table == "firewall service custom")
    for (const auto known : {"ALL", "ALL_TCP", "ALL_UDP", "ALL_ICMP", "PING", "HTTP", "HTTPS", "SSH", "DNS"})
      if (name == known) return true;
  return table == "system interface" && name == "any";
}

}  // namespace dormouse::config
