// What diagnose, get, SNMP and the tests see: values copied out of the tunnel layer, never references into it.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/time.h"
#include "base/transform.h"
#include "esp/data_plane.h"
#include "ike/sa.h"
#include "tunnel/machine.h"

namespace dormouse::tunnel {

enum class WakeWay : std::uint8_t { none, address, ticket, login };
[[nodiscard]] const char* name_of(WakeWay w);

/// One tunnel: a static phase 1 or an instance of a dynamic one.
struct TunnelStatus {
  TunnelId id;
  std::string name;      ///< "toServer", "toClient_0"
  std::string phase1;    ///< "toClient"
  bool dynamic = false;  ///< an instance of a dialup phase 1
  unsigned index = 0;    ///< of the instance
  State state = State::down;
  std::string interface;  ///< phase 1's outgoing interface
  int ifindex = 0;        ///< of that interface
  DeviceId device{};      ///< the tunnel interface it uses
  std::string device_name;
  int device_ifindex = 0;
  esp::OuterPath path;
  std::optional<Identity> local_id, peer_id;
  std::string auth_method{};  ///< of the peer's login: "pre-shared key", "RSA signature", ...
  bool certified = false;     ///< a certificate stands behind its identity
  std::string certificate{},
      certificate_issuer{};  ///< its subject and the authority's name, unless a ticket is all there is
  bool local_behind_nat = false, remote_behind_nat = false;
  wire::InsideConfig inside{};  ///< dynamic: given to the client; static: got from the gateway
  Instant created{}, up_since{}, logged_in{};
  Instant asleep_since{}, asleep_until{};  ///< meaningful in State::asleep
  Duration sleep_left{};                   ///< 0 unless asleep
  WakeWay last_wake = WakeWay::none;
  Instant last_wake_at{};
  Duration last_sleep{};      ///< how long it slept then
  Duration last_wake_took{};  ///< client: since it began to ask; gateway: since the first message of the new IKE SA
  unsigned sleeps = 0, wakes_by_address = 0, wakes_by_ticket = 0, wakes_by_login = 0;
  unsigned ike_created = 0, ike_established = 0, child_created = 0, child_established = 0;  ///< totals
  std::uint64_t dpd_sent = 0, dpd_seqno = 0;
  std::string dpd_mode;  ///< "on-idle", "on-demand", "disable"
  Duration dpd_interval{};
  unsigned dpd_retrycount = 3;
  Duration nat_keepalive{};
  Duration ike_setup_time{};                       ///< of the newest IKE SA, from first message to established
  std::vector<ike::SaStatus> ike;                  ///< newest first
  std::vector<esp::ChildCounters> child_counters;  ///< in the order of the children of all `ike`, newest SA first
  esp::TunnelCounters counters;
  unsigned mtu = 0;
  std::optional<Deadline> next;  ///< what it waits for
};

struct Phase1Status {
  std::string name;
  bool dynamic = false;
  std::string interface{};
  unsigned tunnels = 0, up = 0, asleep = 0;
  bool has_policy = true;
  std::vector<std::string> phase2{};
  std::uint64_t pool = 0;    ///< inside addresses that may be given, of both families; saturates
  std::uint64_t leases = 0;  ///< of these, held
  std::uint64_t logins = 0, logins_refused = 0, sleeps = 0, resumed_by_address = 0, resumed_by_ticket = 0,
                resumed_by_login = 0, expired = 0;
  std::string drains_to{};                                   ///< the gateway its clients are sent to; empty: none
  std::uint64_t redirected = 0;                              ///< logins that were sent there
  std::map<std::string, std::uint64_t> refused_by_reason{};  ///< logins and tickets
};

struct Status {
  Instant now;
  std::vector<Phase1Status> phase1{};
  std::vector<TunnelStatus> tunnels{};
  std::size_t half_open = 0;
  std::uint64_t cookies_sent = 0, dropped_unknown = 0, dropped_malformed = 0;
  std::uint64_t crash_answers = 0;  ///< peers told that their IKE SA is of before a restart (RFC 6290)
};

/// How many entries the tunnel layer keeps of each kind: what it holds on to after a busy week, or after nothing is
/// left to hold.
struct Footprint {
  std::size_t tunnels = 0, deadlines = 0;
  std::size_t ike_sas = 0, half_open = 0, pending = 0, opened = 0, nat = 0;
  std::size_t children = 0, esp_spis = 0;
  std::size_t spent_tickets = 0, unsaved = 0;
};

}  // namespace dormouse::tunnel
