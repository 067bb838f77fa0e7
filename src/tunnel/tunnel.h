// One tunnel: what the user sees. It outlives the IKE SAs below it. Data only; tunnel_life.cc moves it.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/timers.h"
#include "config/model/model.h"
#include "esp/data_plane.h"
#include "tunnel/actions.h"
#include "tunnel/certificates.h"
#include "tunnel/machine.h"
#include "tunnel/rate_limit.h"
#include "tunnel/status.h"
#include "tunnel/ticket.h"
#include "wire/inside_config.h"

namespace dormouse::tunnel {

/// From a re-authentication that failed, or could not begin, to the next try.
inline constexpr Duration kReauthAgain = std::chrono::seconds(5);

enum class Timer : std::uint8_t {
  sleep_over,     ///< client-resume-interval (or the re-authentication deadline) ends the sleep
  dpd,            ///< look whether the peer fell silent
  nat_keepalive,  ///< keep a NAT's mapping (RFC 3948 4)
  connect,        ///< static: the next login attempt
  wake_probe,     ///< static: ask again on the old SAs
  resume,         ///< static: back by ticket
  held_resume,    ///< static: as held_answer, for the ticket's exchange
  reauth,         ///< static: a new login is due (RFC 4478)
  reauth_over,    ///< dynamic: its client did not log in again in time
  ticket_rekey,   ///< static: woke by ticket, so a fresh key exchange is due
  tell_restart,   ///< restored: its client is told that the SAs are gone (RFC 6290)
  held_answer,    ///< static: the old SAs had their chance, the login goes on
  rest,           ///< static: its machine was about to sleep; the gateway's answer, or the end of the waiting for it
  unannounced,    ///< MOBIKE: traffic came from where no update told; is the path we have still good?
  replaced_over,  ///< logged in without a Child SA: what that replaced is kept until there is one, or so long
  redirect,       ///< dynamic: its client is told to go to another gateway
  unpark,         ///< woke by login: the parked packets wait until the peer has its new Child SA
  count_,
};
[[nodiscard]] const char* reason_of(Timer t);

/// A Child SA as the tunnel knows it.
struct TunnelChild {
  ChildId id;
  IkeSaId sa;
  std::string phase2;
  EspSpi spi_in, spi_out;
  TrafficSelectors remote_ts;
  Suite suite{};
  bool transport = false;
};

/// A session ticket that a client has, or had before an answer of ours was lost.
struct GivenTicket {
  TicketId id{};
  IkeSaId sa{};  ///< of which it is; 0: of one before our restart
  Instant issued{}, expires{};
};

struct Tunnel {
  TunnelId id;
  std::string name;
  std::shared_ptr<const config::Phase1> phase1;
  bool dynamic = false;
  unsigned index = 0;
  State state = State::down;
  TimerTable<Timer> timers;

  // interface
  DeviceId device{};
  std::string device_name;
  int device_ifindex = 0;
  bool own_device = false;  ///< removed with the tunnel (net-device enable, or static)
  unsigned mtu = 0;

  // peer
  std::optional<Identity> local_id, peer_id;
  std::uint8_t auth_method = 0;       ///< of the peer's login (RFC 7296 3.8); a ticket keeps it
  SharedPeerCertificate certificate;  ///< it logged in with; null: with a shared key
  ike::Path path;                     ///< of IKE
  esp::OuterPath outer;               ///< of ESP
  bool udp_encap = false, local_behind_nat = false, remote_behind_nat = false;
  bool in_data_plane = false;

  /// Dynamic: what its client was given; the addresses are held in the phase 1's pool until the tunnel is gone, and are
  /// what a ticket or a record needs for lease_again(). Static: what the gateway gave; the addresses are on the
  /// interface, and stay there until another login gives others.
  wire::InsideConfig inside{};

  // SAs: newest first. `current` carries probes and new children.
  std::vector<IkeSaId> sas;
  std::optional<IkeSaId> current;
  std::optional<IkeSaId> attempt;  ///< static: the login under way
  std::vector<IkeSaId> replaced;   ///< to be dropped silently once the new login has its child
  std::vector<TunnelChild> children;
  std::vector<Prefix> routes;         ///< wanted in the RouteTable
  std::set<std::string> reported_up;  ///< phase 2 of which a trap said "up" and none "down" since

  /// The IKE SA that a restarted gateway's client may still believe in.
  struct LostSa {
    IkeSpi spi_i, spi_r;
    bool ours = false;  ///< we began it
    unsigned told = 0;
  };
  std::optional<LostSa> lost_sa;
  bool spis_kept = false;

  // tickets given (gateway)
  SessionId session{};  ///< zero until a ticket was given
  bool session_kept = false;
  Instant tickets_since{};         ///< older ones than this are refused, also those that `given` does not know
  std::vector<GivenTicket> given;  ///< not known to be spent; newest last

  // sleep
  Instant asleep_since{}, asleep_until{};
  std::optional<Instant> reauth_deadline;  ///< no sleep lasts longer
  bool reauth_due = false;                 ///< static: the login under way, or wanted once it is up, is for that
  unsigned asked = 0;                      ///< static: how often by address since then
  Instant ladder_since{};                  ///< static: since when it asks for its gateway; zero: it does not
  bool resumed_child_pending = false;      ///< woke by login: parked packets wait for its child
  bool sleep_announced = false;            ///< its client said so itself; answers on their way do not wake it
  /// Static: this machine is about to sleep. From `announced` on nothing is sent on its SAs until it wakes.
  enum class Rest : std::uint8_t { none, announced, silent };
  Rest rest = Rest::none;
  Instant probed{};                         ///< static: when it last asked on its old SAs
  Bucket hurries{limits::kHurries, 250ms};  ///< static: how often a change of the network may start the ladder anew
  Instant rest_since{}, rest_ended{};
  // liveness
  Instant last_ike_in{};
  Instant last_dpd_tick{};
  std::uint64_t dpd_seqno = 0, dpd_sent = 0;
  // connecting
  unsigned attempts = 0;
  struct Held {
    ike::Path path;
    Bytes datagram;
  };
  std::optional<Held> held_answer;  ///< first answer to the login under way, while the old SAs are asked once more
  bool answer_was_held = false;     ///< once for each login
  struct Ticket {
    IkeSaId sa;  ///< the IKE SA it was given for
    ike::ResumeState state;
    Instant expires;
  };
  std::optional<Ticket> ticket;  ///< static: to come back with (RFC 5723)
  struct Resume {
    std::optional<IkeSaId> sa{};
    IkeSaId of{};          ///< the IKE SA whose ticket is shown
    bool refused = false;  ///< in clear, so a hint
    bool was_held = false;
    std::optional<Held> held{};
  };
  /// Static: other gateways than the configured one (RFC 5685).
  struct Redirect {
    std::optional<IpAddress> to{};  ///< where the next login, or the one under way, goes
    IpAddress from{};               ///< with `to`: who said so
    std::optional<IpAddress> at{};  ///< where the SAs and the ticket are of; none: of the configured one
    bool home_next = false;         ///< with `at`: the next login goes to the configured one
    IpAddress trying{};             ///< of the login under way
    std::vector<Instant> times{};   ///< followed, of late
  };
  Redirect redirect;
  Resume resume;           ///< static: coming back by ticket, beside or before the login under way
  bool held_down = false;  ///< "diagnose vpn tunnel down": only traffic or "up" starts it again

  // record
  bool stored = false;  ///< a record of it was handed out
  Instant created{}, up_since{}, logged_in{};
  WakeWay last_wake = WakeWay::none;
  Duration last_sleep{}, last_wake_took{};
  Instant last_wake_at{};
  unsigned sleeps = 0, wakes_by_address = 0, wakes_by_ticket = 0, wakes_by_login = 0;
  unsigned ike_created = 0, ike_established = 0, child_created = 0, child_established = 0;
  Duration ike_setup_time{};

  [[nodiscard]] TunnelChild* find_child(ChildId child);
  [[nodiscard]] bool dead() const { return state == State::gone; }
};

/// The ESP path that goes with an IKE path.
[[nodiscard]] esp::OuterPath outer_of(const ike::Path& path, bool udp_encap);
/// The identity `peerid` names: an address, a mail address or a domain name.
[[nodiscard]] Identity peer_identity(const config::Phase1& phase1);
/// "toClient/0": names an instance in the store.
[[nodiscard]] std::string instance_key(const Tunnel& t);
/// "0123456789abcdef/fedcba9876543210".
[[nodiscard]] std::string spi_pair(IkeSpi i, IkeSpi r);
/// Not a multicast, broadcast or unspecified address.
[[nodiscard]] bool is_host(const IpAddress& a);
/// FortiOS writes IPv4 routes with a mask: "0.0.0.0/0.0.0.0".
[[nodiscard]] std::string prefix_text(const Prefix& p);

}  // namespace dormouse::tunnel
