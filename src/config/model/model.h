// The configuration as the product uses it: typed, immutable, resolved (every name refers to something that exists).
// config/load makes it from the FortiOS text; nothing here knows that text.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/transform.h"

namespace dormouse::config {

enum class Phase1Type : std::uint8_t { static_peer, dynamic };
enum class PeerType : std::uint8_t { any, one, peer };  ///< peer: a certificate that one of `peers` describes
enum class AuthMethod : std::uint8_t { psk, signature };
enum class SignatureHash : std::uint8_t { sha1, sha2_256, sha2_384, sha2_512 };
enum class CnType : std::uint8_t { string, email, fqdn, ipv4, ipv6 };
enum class DpdMode : std::uint8_t { disable, on_idle, on_demand };
enum class NatTraversal : std::uint8_t { disable, enable, forced };
enum class EsnMode : std::uint8_t { disable, allow, require };
/// Who carries the packets. automatic: userspace where TUN interfaces can be made, else the kernel.
enum class DataPlaneChoice : std::uint8_t { automatic, userspace, kernel };
enum class RouteOverlap : std::uint8_t { use_old, use_new, allow };

/// A pre-shared key; shared so that models can be compared and copied without copying the secret.
using Secret = std::shared_ptr<const SecretBytes>;
[[nodiscard]] inline bool same(const Secret& a, const Secret& b) { return a == b || (a && b && *a == *b); }

/// `config vpn certificate local`: checked to be a key and its certificate (first, helpers after it) when it was
/// loaded.
struct LocalCertificate {
  std::string name{};
  std::string certificate{};  ///< PEM
  Secret private_key{};       ///< PEM, octets of the text
  Secret password{};          ///< of an encrypted key
};
/// `config vpn certificate ca` and `crl`.
struct AuthorityCertificate {
  std::string name{};
  std::string pem{};
};
struct RevocationList {
  std::string name{};
  std::string pem{};
};

/// `config user peer`: a certificate fits if all that is set here fits it.
struct CertificatePeer {
  std::string name{};
  std::string ca{};  ///< name of the authority that must have issued it; empty: any installed one
  bool mandatory_ca_verify = true;
  std::string subject{};            ///< stands in its subject's text; empty: any
  std::string cn{};                 ///< empty: any
  CnType cn_type = CnType::string;  ///< string: the subject's CN; else a subjectAltName of that kind, or the CN
  friend bool operator==(const CertificatePeer&, const CertificatePeer&) = default;
};

/// Mode configuration. A dynamic phase 1 gives, a static one asks; then all but `enabled` is empty.
struct ModeCfg {
  bool enabled = false;
  bool client_selector = false;           ///< clients may carry more than their address
  std::vector<IpRange> pool4{}, pool6{};  ///< what may be given, holes taken out; both empty: no addresses are given
  unsigned length4 = 32, length6 = 128;   ///< of the prefix sent with an address
  std::vector<IpAddress> dns{};
  std::vector<Prefix> split_include{};  ///< of both families; a family without any: everything
  std::string domain{};
  bool reclaim = false;  ///< a full pool ends the tunnel asleep longest
  [[nodiscard]] bool assigns() const { return !pool4.empty() || !pool6.empty(); }
  friend bool operator==(const ModeCfg&, const ModeCfg&) = default;
};
/// Whether tunnels that were made under `a` may go on under `b`: who gets which address is the same.
[[nodiscard]] inline bool same_assignment(const ModeCfg& a, const ModeCfg& b) {
  return a.enabled == b.enabled && a.client_selector == b.client_selector && a.pool4 == b.pool4 && a.pool6 == b.pool6;
}

/// `config vpn ipsec phase1-interface`.
enum class PpkMode : std::uint8_t { disable, allow, require };

struct Phase1 {
  std::string name{};
  Phase1Type type = Phase1Type::static_peer;
  std::string interface{};              ///< name of the system interface it is bound to
  Family family = Family::v4;           ///< ip-version
  std::optional<IpAddress> local_gw{};  ///< pinned outer address; else the interface's first of the family
  IpAddress remote_gw{};                ///< static only
  PeerType peertype = PeerType::any;
  std::string peerid{};                      ///< peertype one
  std::optional<Identity> localid{};         ///< else the outer address, or with a signature the certificate's subject
  AuthMethod auth = AuthMethod::psk;         ///< how we prove who we are
  AuthMethod auth_remote = AuthMethod::psk;  ///< how the peer must (authmethod-remote; as `auth` if unset)
  std::vector<std::string> certificates{};   ///< of `config vpn certificate local`, in order; with signature
  std::vector<CertificatePeer> peers{};      ///< peertype peer: one; peergrp: its members
  bool cert_id_validation = true;            ///< the peer's identity must stand in its certificate
  bool digital_signature_auth = false;       ///< sign as RFC 7427 has it where the peer can
  SignatureHash signature_hash = SignatureHash::sha2_512;  ///< the strongest offered and used there
  bool rsa_pss = false;                                    ///< RSASSA-PSS instead of PKCS#1 there
  Secret psk{};
  PpkMode ppk = PpkMode::disable;  ///< post-quantum preshared key (RFC 8784)
  std::string ppk_identity{};
  Secret ppk_secret{};
  bool net_device = false;
  std::vector<Suite> suites{};  ///< proposals x groups in configured order, each complete (ke set)
  DpdMode dpd = DpdMode::on_demand;
  unsigned dpd_retrycount = 3;
  Duration dpd_retryinterval = 20s;
  std::vector<Duration> retransmit_schedule{3s, 6s, 12s, 24s,
                                            48s};  ///< waits after each transmission; FortiOS: 93 s in all
  bool client_resume = false;
  Duration client_resume_interval = 7200s;
  Duration ticket_rekey_delay = 10s;  ///< client: from a wake by ticket to the rekey of the IKE SA; 0 = none
  bool libreswan_resume = false;      ///< AUTH of a resumed SA as libreswan makes it, and its Delete means sleep
  bool mobike = true;                 ///< RFC 4555
  bool redirect = false;              ///< static: goes where the gateway sends it (RFC 5685)
  bool reauth = false;                ///< keylife after its login a client must have logged in again (RFC 4478)
  Duration keylife = 86400s;
  bool rekey = true;
  Duration negotiate_timeout = 30s;
  bool auto_negotiate = true;
  bool passive = false;
  bool fragmentation = true;          ///< of IKE messages (RFC 7383)
  unsigned fragmentation_mtu = 1200;  ///< IP packets that their pieces fit into
  bool childless = false;             ///< clients may log in without a Child SA; a client does where it may (RFC 6023)
  NatTraversal nattraversal = NatTraversal::enable;
  Duration keepalive = 10s;
  bool fragment_inner = false;  ///< ip-fragmentation pre-encapsulation
  bool dscp_inwards = false;    ///< inbound-dscp-copy
  EsnMode esn = EsnMode::disable;
  bool add_route = true;
  unsigned distance = 15;
  unsigned priority = 1;
  ModeCfg mode_cfg{};
  unsigned mtu = 0;         ///< of the tunnel interface; 0 = from the outer path
  bool has_policy = false;  ///< some enabled firewall policy names it; without one it is inert
};

/// The don't-fragment bit of ESP packets over IPv4.
enum class Ipv4Df : std::uint8_t { disable, enable, copy };

/// `config vpn ipsec phase2-interface`.
struct Phase2 {
  std::string name{};
  std::string phase1{};
  std::vector<Suite> suites{};  ///< with ke set where pfs is on (for CREATE_CHILD_SA; IKE_AUTH ignores it)
  bool pfs = true;
  bool replay = true;
  bool transport = false;  ///< a peer that asks for transport mode gets it
  Duration keylife = 43200s;
  std::uint64_t keylife_bytes = 0;  ///< 0 = no limit
  bool auto_negotiate = false;
  bool keepalive = false;
  std::optional<bool> add_route{};  ///< else the phase 1's
  Ipv4Df ipv4_df = Ipv4Df::disable;
  std::optional<std::uint8_t> dscp{};  ///< of ESP packets; else that of the packets in them
  std::optional<bool> dscp_inwards{};  ///< else the phase 1's
  RouteOverlap route_overlap = RouteOverlap::use_new;
  TrafficSelectors src{}, dst{};  ///< local and remote selectors as configured; never empty
};

/// `config system interface`: physical ones get their addresses from here; those of a phase 1 exist by it.
struct Interface {
  std::string name{};
  std::vector<std::pair<IpAddress, unsigned>> addresses{};  ///< address and prefix length
  std::optional<IpAddress> remote_ip{};                     ///< of a tunnel interface
  unsigned mtu = 0;                                         ///< 0 = leave alone
  bool up = true;
  bool is_tunnel = false;  ///< made by a phase 1 of that name
};

struct StaticRoute {
  unsigned seq = 0;
  Prefix dst{};
  std::optional<IpAddress> gateway{};
  std::string device{};  ///< an interface or a phase 1
  unsigned distance = 10;
  unsigned priority = 1;
  bool blackhole = false;
};

/// Layer 4 part of a service: protocol 0 = any; ports inclusive.
struct ServiceMatch {
  std::uint8_t protocol = 0;
  std::uint16_t src_first = 0, src_last = 65535, dst_first = 0, dst_last = 65535;
  std::optional<std::uint8_t> icmp_type{}, icmp_code{};
};

/// `config firewall policy`, in table order, names resolved. Interface names may be "any" or a phase 1.
struct Policy {
  std::uint32_t id = 0;
  std::string name{};
  bool enabled = true;
  bool accept = false;
  bool nat = false;
  std::vector<std::string> srcintf{}, dstintf{};
  std::vector<IpRange> srcaddr{}, dstaddr{};  ///< empty = all
  std::vector<ServiceMatch> service{};        ///< empty = ALL
  bool schedule_always = true;
};

struct SnmpHost {
  IpAddress address{};
  std::uint16_t port = 162;
};
struct SnmpCommunity {
  std::string name{};
  bool trap_v2c = true;
  bool event_tunnel_up = true, event_tunnel_down = true;
  std::vector<SnmpHost> hosts{};  ///< trap receivers
};
struct SnmpSysinfo {
  bool enabled = false;
  std::string description{}, contact{}, location{};
};

/// The whole configuration. Shared as `std::shared_ptr<const Model>`; a change makes a new one.
struct Model {
  std::string hostname = "dormouse";
  bool quick_crash_detect = false;                          ///< RFC 6290, for all phase 1
  DataPlaneChoice data_plane = DataPlaneChoice::automatic;  ///< of the whole daemon, from its start
  bool session_resume = false;                              ///< RFC 5723, for all phase 1
  bool honor_df = true;                                     ///< of packets too large for their tunnel
  std::vector<Phase1> phase1{};
  std::vector<Phase2> phase2{};
  std::vector<LocalCertificate> certificates{};
  std::vector<AuthorityCertificate> authorities{};
  std::vector<RevocationList> revocations{};
  std::vector<Interface> interfaces{};
  std::vector<StaticRoute> routes{};
  std::vector<Policy> policies{};
  std::vector<SnmpCommunity> snmp_communities{};
  SnmpSysinfo snmp_sysinfo{};

  [[nodiscard]] const Phase1* find_phase1(std::string_view name) const;
  [[nodiscard]] const Interface* find_interface(std::string_view name) const;
  [[nodiscard]] std::vector<const Phase2*> phase2_of(std::string_view phase1) const;
};

}  // namespace dormouse::config
