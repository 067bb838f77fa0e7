// What the engine asks of the world, as values in order. Nothing here has happened yet when it is returned.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/event.h"
#include "base/ip.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/transform.h"
#include "ike/redirect.h"

namespace dormouse::ike {

class IkeSa;

/// Outer addresses of an IKE SA. Ports 500 or 4500 (4500: the adapter puts the non-ESP marker in front, RFC 3948 2.2).
struct Path {
  Endpoint local, remote;
  int ifindex = 0;  ///< interface the phase 1 is bound to; 0 = any
  friend bool operator==(const Path&, const Path&) = default;
};

enum class CloseReason : std::uint8_t {
  deleted_by_peer,
  deleted,
  rekeyed,
  expired,
  negotiation_timeout,
  no_answer,
  auth_failed,
  no_proposal,
  refused,
  no_address,  ///< the gateway had no inside address for us
  malformed,
  redirected,  ///< to another gateway; Redirected said where
  no_cookie2,  ///< the peer did not return what was sent to where it says it is (RFC 4555 3.7)
};
[[nodiscard]] const char* name_of(CloseReason r);  ///< for logs, e.g. "deleted by peer"

/// One Child SA, ready to be installed. Keys are ours: in = what we receive with.
struct NewChild {
  ChildId id;
  std::string phase2;               ///< name of the ChildPolicy
  std::optional<ChildId> replaces;  ///< rekey: the old one, still installed until its ChildDown
  Suite suite;
  EspSpi spi_in, spi_out;
  SecretBytes encr_in, integ_in, encr_out, integ_out;
  TrafficSelectors local_ts, remote_ts;
  bool transport = false;      ///< transport mode: the selectors are of the two hosts of the IKE SA's path
  bool outbound_ready = true;  ///< false on a rekey's responder until the peer uses it or deletes the old one
  Duration soft{}, hard{};     ///< lifetimes from now, for the record
};

struct Transmit {
  Path path;
  Bytes message;
};
/// The IKE SA is authenticated. Sent once per login, before the ChildUp of its first child; not on rekeys.
struct Established {
  IkeSaId sa;
};
struct ChildUp {
  IkeSaId sa;
  NewChild child;
};
struct ChildOutboundReady {
  IkeSaId sa;
  ChildId child;
};
struct ChildDown {
  IkeSaId sa;
  ChildId child;
  CloseReason reason;
};
/// A wanted child was refused (error notify) while the IKE SA lives on.
struct ChildFailed {
  IkeSaId sa;
  std::string phase2;
  std::uint16_t notify;
};
/// The SA is finished and may be destroyed; every child of it has had its ChildDown, unless `rekeyed`.
struct Closed {
  IkeSaId sa;
  CloseReason reason;
};
/// A request had no answer after the whole schedule. The SA stays usable (wake by address) until told otherwise.
struct Unreachable {
  IkeSaId sa;
};
/// The peer that we logged in to wants a new login within this time; zero: now (RFC 4478).
struct ReauthWanted {
  IkeSaId sa;
  Duration within{};
};
/// The gateway gave us a session ticket for this IKE SA (RFC 5723), to come back with for `lifetime` from now.
struct TicketReceived {
  IkeSaId sa;
  Bytes ticket;
  Duration lifetime{};
  SecretBytes sk_d;  ///< of the IKE SA it was given for
  Suite suite;
};
/// Our ticket was refused. In clear, so a hint and no more: the answer to the same question may still come.
struct TicketRefused {
  IkeSaId sa;
};
/// The peer proved by its token that it lost this IKE SA (RFC 6290). Nothing was done yet: abandon() it.
struct PeerCrashed {
  IkeSaId sa;
};
/// A fresh authenticated message (never a retransmission) came over this path.
struct PeerAlive {
  IkeSaId sa;
  Path path;
  bool answer = false;  ///< to a request of ours
};
/// The last packet of a Child SA before its sender fell silent.
struct LastSent {
  EspSpi spi;  ///< the sender's outbound one
  std::uint64_t seq = 0;
};
/// The client says that its machine is about to sleep (no PeerAlive then). It was answered; nothing else was done yet.
struct PeerGoesToSleep {
  IkeSaId sa;
  Path path;
  std::vector<std::pair<ChildId, std::uint64_t>> sent;  ///< number of the last packet from it
};
/// The gateway answered our announcement of sleep.
struct SleepHeard {
  IkeSaId sa;
};
/// The successor has taken over the children (ids and SPIs unchanged). The old SA will report Closed{rekeyed} when
/// deleted.
struct Rekeyed {
  IkeSaId old_sa;
  std::unique_ptr<IkeSa> successor;
  // Out of line (names.cc): IkeSa is not complete here.
  Rekeyed(IkeSaId old, std::unique_ptr<IkeSa> next);
  Rekeyed(Rekeyed&&) noexcept;
  Rekeyed& operator=(Rekeyed&&) noexcept;
  ~Rekeyed();
};
/// NAT detection finished (after SA_INIT): which side is behind one, and how ESP must travel.
struct NatState {
  IkeSaId sa;
  bool local_behind_nat;
  bool remote_behind_nat;
  bool udp_encap;
};
/// MOBIKE: from now on the IKE SA and its Child SAs travel this path (RFC 4555 3.5). To whoever decides, when the peer
/// has agreed; to the other end, when the peer has shown that it receives there.
struct Moved {
  IkeSaId sa;
  Path path;
  bool local_behind_nat, remote_behind_nat, udp_encap;
};
/// The peer does not want the addresses of our update.
struct MoveRefused {
  IkeSaId sa;
  std::uint16_t notify;
};
/// The peer told its addresses anew (RFC 4555 3.6), from path.remote; the others are peer_addresses().
struct PeerAddresses {
  IkeSaId sa;
  Path path;
};
/// The gateway sends us to another one (RFC 5685). Unless it was `authenticated` and the IKE SA stood, Closed follows.
struct Redirected {
  IkeSaId sa;
  OtherGateway to;
  bool authenticated = false;
};
struct Log {
  LogEvent event;
};

using Action =
    std::variant<Transmit, Established, ChildUp, ChildOutboundReady, ChildDown, ChildFailed, Closed, Unreachable,
                 ReauthWanted, TicketReceived, TicketRefused, PeerCrashed, PeerAlive, PeerGoesToSleep, SleepHeard,
                 Rekeyed, NatState, Moved, MoveRefused, PeerAddresses, Redirected, Log>;

/// Collects actions in order. `debug` off spares the making of debug lines.
class Outbox {
 public:
  explicit Outbox(bool debug = true) : debug_(debug) {}
  template <class T>
  void add(T action) {
    actions_.emplace_back(std::move(action));
  }
  void log(LogId id, const LogScope& scope, std::vector<LogField> fields = {}) {
    if (debug_ || level_of(id) != LogLevel::debug) actions_.emplace_back(Log{LogEvent{id, scope, std::move(fields)}});
  }
  [[nodiscard]] bool debug() const { return debug_; }
  [[nodiscard]] std::vector<Action> take() { return std::exchange(actions_, {}); }

 private:
  bool debug_;
  std::vector<Action> actions_;
};

}  // namespace dormouse::ike
