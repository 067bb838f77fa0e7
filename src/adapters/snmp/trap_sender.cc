// net-snmp keeps its state in globals and likes to read and write files. All of that is met here: it is told once to
// leave files alone, and each trap uses a session of its own that is closed at once.
#include "adapters/snmp/trap_sender.h"

#include <algorithm>
#include <fcntl.h>
#include <memory>
#include <net-snmp/net-snmp-config.h>  // must come before the rest
#include <net-snmp/net-snmp-includes.h>

namespace dormouse::snmp {
namespace {

constexpr oid kSysUpTime[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
constexpr oid kTrapOid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
constexpr oid kSysName[] = {1, 3, 6, 1, 2, 1, 1, 5, 0};
constexpr oid kSerial[] = {1, 3, 6, 1, 4, 1, 12356, 100, 1, 1, 1, 0};          // fnSysSerial
constexpr oid kLocalGateway[] = {1, 3, 6, 1, 4, 1, 12356, 101, 12, 3, 2, 0};   // fgVpnTrapLocalGateway
constexpr oid kRemoteGateway[] = {1, 3, 6, 1, 4, 1, 12356, 101, 12, 3, 3, 0};  // fgVpnTrapRemoteGateway
constexpr oid kPhase1Name[] = {1, 3, 6, 1, 4, 1, 12356, 101, 12, 3, 4, 0};     // fgVpnTrapPhase1Name
constexpr oid kTunnelUp[] = {1, 3, 6, 1, 4, 1, 12356, 101, 2, 0, 301};         // fgTrapVpnTunUp
constexpr oid kTunnelDown[] = {1, 3, 6, 1, 4, 1, 12356, 101, 2, 0, 302};       // fgTrapVpnTunDown

/// Once per process. Without init_snmp() no file is read, no MIB parsed and no directory made.
void prepare_library() {
  [[maybe_unused]] static const bool done = [] {
    for (const int option : {NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE,
                             NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE})
      netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, option, 1);
    snmp_disable_log();
    return true;
  }();
}

struct FreePdu {
  void operator()(netsnmp_pdu* p) const { snmp_free_pdu(p); }
};
using Pdu = std::unique_ptr<netsnmp_pdu, FreePdu>;

struct CloseSession {
  void operator()(void* s) const { snmp_sess_close(s); }
};
using Session = std::unique_ptr<void, CloseSession>;

template <std::size_t N>
void add(netsnmp_pdu& pdu, const oid (&name)[N], unsigned char type, const void* value, std::size_t size) {
  snmp_pdu_add_variable(&pdu, name, N, type, value, size);
}
template <std::size_t N>
void add_text(netsnmp_pdu& pdu, const oid (&name)[N], const std::string& text) {
  // DisplayString ends at 255 octets (RFC 2579).
  add(pdu, name, ASN_OCTET_STR, text.data(), std::min<std::size_t>(text.size(), 255));
}
template <std::size_t N>
void add_address(netsnmp_pdu& pdu, const oid (&name)[N], const IpAddress& a) {
  const auto four = a.is_v4() ? a : IpAddress{};
  add(pdu, name, ASN_IPADDRESS, four.bytes().data(), 4);
}

Pdu make_pdu(const TunnelTrap& trap, const std::string& serial, const std::string& system_name, Duration up) {
  Pdu pdu(snmp_pdu_create(SNMP_MSG_TRAP2));
  if (!pdu) return pdu;
  // TimeTicks: hundredths of a second, modulo 2^32.
  const long ticks = static_cast<std::uint32_t>(up / 10ms);
  add(*pdu, kSysUpTime, ASN_TIMETICKS, &ticks, sizeof ticks);
  const auto& kind = trap.up ? kTunnelUp : kTunnelDown;
  add(*pdu, kTrapOid, ASN_OBJECT_ID, kind, sizeof kind);
  add_text(*pdu, kSerial, serial);
  add_text(*pdu, kSysName, system_name);
  add_address(*pdu, kLocalGateway, trap.local);
  add_address(*pdu, kRemoteGateway, trap.remote);
  add_text(*pdu, kPhase1Name, trap.tunnel);
  return pdu;
}

Session open_session(const std::string& community, const std::string& peer) {
  netsnmp_session wish;
  snmp_sess_init(&wish);
  wish.version = SNMP_VERSION_2c;
  std::string name = peer, words = community;
  wish.peername = name.data();
  wish.community = reinterpret_cast<unsigned char*>(words.data());
  wish.community_len = words.size();
  Session session(snmp_sess_open(&wish));
  if (!session) return session;
  // A full send buffer loses a trap; it must not stop the daemon.
  const auto* transport = snmp_sess_transport(session.get());
  if (transport != nullptr) fcntl(transport->sock, F_SETFL, fcntl(transport->sock, F_GETFL) | O_NONBLOCK);
  return session;
}

std::string peer_of(const config::SnmpHost& host) {
  return (host.address.is_v4() ? "udp:" : "udp6:") + Endpoint{host.address, host.port}.text();
}

bool send_one(Pdu pdu, const std::string& community, const config::SnmpHost& host) {
  const auto session = open_session(community, peer_of(host));
  if (!pdu || !session || snmp_sess_send(session.get(), pdu.get()) == 0) return false;
  (void)pdu.release();  // the library freed it
  return true;
}

}  // namespace

TrapSender::TrapSender(std::string serial, Instant started) : serial_(std::move(serial)), started_(started) {
  prepare_library();
}

Outcome<void> TrapSender::send(const TunnelTrap& trap, std::span<const config::SnmpCommunity> communities,
                               const std::string& system_name, Instant now) const {
  std::string first;
  for (const auto& c : communities) {
    if (!c.trap_v2c || !(trap.up ? c.event_tunnel_up : c.event_tunnel_down)) continue;
    for (const auto& host : c.hosts) {
      const bool sent = send_one(make_pdu(trap, serial_, system_name, now - started_), c.name, host);
      if (!sent && first.empty()) first = Endpoint{host.address, host.port}.text();
    }
  }
  if (!first.empty()) return failure("SNMP trap to " + first + " could not be sent");
  return {};
}

}  // namespace dormouse::snmp
