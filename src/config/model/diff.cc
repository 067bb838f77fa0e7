#include "config/model/diff.h"

#include <algorithm>
#include <optional>

namespace dormouse::config {
namespace {

using Verdict = std::optional<ChangeKind>;  // none: the same

Verdict in_place_unless(bool equal) { return equal ? std::nullopt : Verdict(ChangeKind::in_place); }

// What two ends agreed on, or what the tunnel stands on, cannot change under it.
Verdict compare(const Phase1& a, const Phase1& b) {
  const bool peer = a.type == b.type && a.interface == b.interface && a.family == b.family &&
                    a.local_gw == b.local_gw && a.remote_gw == b.remote_gw && a.peertype == b.peertype &&
                    a.peerid == b.peerid && a.localid == b.localid && same(a.psk, b.psk) && a.auth == b.auth &&
                    a.auth_remote == b.auth_remote && a.certificates == b.certificates && a.peers == b.peers &&
                    a.cert_id_validation == b.cert_id_validation && a.ppk == b.ppk &&
                    a.ppk_identity == b.ppk_identity && same(a.ppk_secret, b.ppk_secret);
  const bool agreed = a.suites == b.suites && a.nattraversal == b.nattraversal && a.esn == b.esn;
  const bool device = a.net_device == b.net_device && a.mtu == b.mtu && a.has_policy == b.has_policy;
  if (!peer || !agreed || !device || !same_assignment(a.mode_cfg, b.mode_cfg)) return ChangeKind::restart;
  const bool liveness = a.dpd == b.dpd && a.dpd_retrycount == b.dpd_retrycount &&
                        a.dpd_retryinterval == b.dpd_retryinterval && a.retransmit_schedule == b.retransmit_schedule &&
                        a.keepalive == b.keepalive;
  const bool sleep = a.client_resume == b.client_resume && a.client_resume_interval == b.client_resume_interval &&
                     a.ticket_rekey_delay == b.ticket_rekey_delay && a.libreswan_resume == b.libreswan_resume &&
                     a.mobike == b.mobike && a.redirect == b.redirect;
  const bool life = a.keylife == b.keylife && a.reauth == b.reauth && a.rekey == b.rekey &&
                    a.negotiate_timeout == b.negotiate_timeout && a.fragmentation == b.fragmentation &&
                    a.fragmentation_mtu == b.fragmentation_mtu && a.childless == b.childless &&
                    a.auto_negotiate == b.auto_negotiate && a.passive == b.passive;
  const bool routes = a.add_route == b.add_route && a.distance == b.distance && a.priority == b.priority;
  // Of the next login alone.
  const bool signing = a.digital_signature_auth == b.digital_signature_auth && a.signature_hash == b.signature_hash &&
                       a.rsa_pss == b.rsa_pss;
  const bool headers = a.fragment_inner == b.fragment_inner && a.dscp_inwards == b.dscp_inwards;
  return in_place_unless(headers && signing && liveness && sleep && life && routes && a.mode_cfg == b.mode_cfg);
}

Verdict compare(const LocalCertificate& a, const LocalCertificate& b) {
  return in_place_unless(a.certificate == b.certificate && same(a.private_key, b.private_key) &&
                         same(a.password, b.password));
}

Verdict compare(const AuthorityCertificate& a, const AuthorityCertificate& b) {
  return in_place_unless(a.pem == b.pem);
}

Verdict compare(const RevocationList& a, const RevocationList& b) { return in_place_unless(a.pem == b.pem); }

Verdict compare(const Phase2& a, const Phase2& b) {
  const bool agreed = a.phase1 == b.phase1 && a.suites == b.suites && a.pfs == b.pfs && a.replay == b.replay &&
                      a.transport == b.transport && a.src == b.src && a.dst == b.dst &&
                      a.keylife_bytes == b.keylife_bytes;
  if (!agreed) return ChangeKind::restart;
  return in_place_unless(a.keylife == b.keylife && a.auto_negotiate == b.auto_negotiate && a.keepalive == b.keepalive &&
                         a.add_route == b.add_route && a.route_overlap == b.route_overlap && a.ipv4_df == b.ipv4_df &&
                         a.dscp == b.dscp && a.dscp_inwards == b.dscp_inwards);
}

Verdict compare(const Interface& a, const Interface& b) {
  return in_place_unless(a.addresses == b.addresses && a.remote_ip == b.remote_ip && a.mtu == b.mtu && a.up == b.up &&
                         a.is_tunnel == b.is_tunnel);
}

Verdict compare(const StaticRoute& a, const StaticRoute& b) {
  return in_place_unless(a.dst == b.dst && a.gateway == b.gateway && a.device == b.device && a.distance == b.distance &&
                         a.priority == b.priority && a.blackhole == b.blackhole);
}

bool same_match(const ServiceMatch& a, const ServiceMatch& b) {
  return a.protocol == b.protocol && a.src_first == b.src_first && a.src_last == b.src_last &&
         a.dst_first == b.dst_first && a.dst_last == b.dst_last && a.icmp_type == b.icmp_type &&
         a.icmp_code == b.icmp_code;
}

Verdict compare(const Policy& a, const Policy& b) {
  return in_place_unless(a.name == b.name && a.enabled == b.enabled && a.accept == b.accept && a.nat == b.nat &&
                         a.srcintf == b.srcintf && a.dstintf == b.dstintf && a.srcaddr == b.srcaddr &&
                         a.dstaddr == b.dstaddr && a.schedule_always == b.schedule_always &&
                         std::ranges::equal(a.service, b.service, same_match));
}

Verdict compare(const SnmpCommunity& a, const SnmpCommunity& b) {
  const auto same_host = [](const SnmpHost& x, const SnmpHost& y) {
    return x.address == y.address && x.port == y.port;
  };
  return in_place_unless(a.trap_v2c == b.trap_v2c && a.event_tunnel_up == b.event_tunnel_up &&
                         a.event_tunnel_down == b.event_tunnel_down && std::ranges::equal(a.hosts, b.hosts, same_host));
}

bool same_sysinfo(const SnmpSysinfo& a, const SnmpSysinfo& b) {
  return a.enabled == b.enabled && a.description == b.description && a.contact == b.contact && a.location == b.location;
}

std::string key_of(const StaticRoute& r) { return std::to_string(r.seq); }
std::string key_of(const Policy& p) { return std::to_string(p.id); }
template <class T>
std::string key_of(const T& named) {
  return named.name;
}

template <class T>
const T* find(const std::vector<T>& all, const std::string& key) {
  const auto it = std::ranges::find_if(all, [&](const T& t) { return key_of(t) == key; });
  return it == all.end() ? nullptr : &*it;
}

template <class T>
void compare_all(ObjectKind object, const std::vector<T>& from, const std::vector<T>& to, std::vector<Change>& out) {
  for (const auto& now : to) {
    const auto* before = find(from, key_of(now));
    const Verdict verdict = before ? compare(*before, now) : ChangeKind::added;
    if (verdict) out.push_back({object, *verdict, key_of(now)});
  }
  for (const auto& before : from)
    if (!find(to, key_of(before))) out.push_back({object, ChangeKind::removed, key_of(before)});
}

/// Policies that stand in another order are another set of rules, though each is the same.
bool same_order(const std::vector<Policy>& from, const std::vector<Policy>& to) {
  return std::ranges::equal(from, to, {}, &Policy::id, &Policy::id);
}

const char* word_of(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::certificate: return "certificate";
    case ObjectKind::phase1: return "phase 1";
    case ObjectKind::phase2: return "phase 2";
    case ObjectKind::interface: return "interface";
    case ObjectKind::route: return "route";
    case ObjectKind::policy: return "policy";
    case ObjectKind::snmp: return "SNMP";
    case ObjectKind::global: return "global";
  }
  return "";
}

const char* word_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::added: return "added";
    case ChangeKind::removed: return "removed";
    case ChangeKind::in_place: return "changed in place";
    case ChangeKind::restart: return "changed, its tunnels restart";
  }
  return "";
}

}  // namespace

std::vector<Change> diff(const Model& from, const Model& to) {
  std::vector<Change> out;
  compare_all(ObjectKind::certificate, from.certificates, to.certificates, out);
  compare_all(ObjectKind::certificate, from.authorities, to.authorities, out);
  compare_all(ObjectKind::certificate, from.revocations, to.revocations, out);
  compare_all(ObjectKind::phase1, from.phase1, to.phase1, out);
  compare_all(ObjectKind::phase2, from.phase2, to.phase2, out);
  compare_all(ObjectKind::interface, from.interfaces, to.interfaces, out);
  compare_all(ObjectKind::route, from.routes, to.routes, out);
  const auto before = out.size();
  compare_all(ObjectKind::policy, from.policies, to.policies, out);
  if (out.size() == before && !same_order(from.policies, to.policies))
    out.push_back({ObjectKind::policy, ChangeKind::in_place, "order"});
  compare_all(ObjectKind::snmp, from.snmp_communities, to.snmp_communities, out);
  if (!same_sysinfo(from.snmp_sysinfo, to.snmp_sysinfo)) out.push_back({ObjectKind::snmp, ChangeKind::in_place, ""});
  if (from.hostname != to.hostname || from.quick_crash_detect != to.quick_crash_detect ||
      from.session_resume != to.session_resume || from.honor_df != to.honor_df || from.data_plane != to.data_plane)
    out.push_back({ObjectKind::global, ChangeKind::in_place, ""});
  return out;
}

std::string summary(const std::vector<Change>& changes) {
  if (changes.empty()) return "nothing changed";
  std::string out;
  for (const auto& c : changes)
    out += (out.empty() ? "" : "; ") + std::string(word_of(c.object)) + (c.name.empty() ? "" : " " + c.name) + ": " +
           word_of(c.kind);
  return out;
}

}  // namespace dormouse::config
