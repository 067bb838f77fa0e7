// One IKE SA and its Child SAs, both roles, without sockets, clocks or threads: datagrams, commands and `now` in;
// actions and one next deadline out. The parts (message window, exchanges, child SAs, key schedule) are objects with
// files of their own.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "ike/actions.h"
#include "ike/owner.h"
#include "wire/message.h"

namespace dormouse::ike {

enum class SaState : std::uint8_t { init_sent, auth_sent, half_open, established, rekeyed, closing, closed };
[[nodiscard]] const char* name_of(SaState s);

/// How the addresses of an IKE SA may change (RFC 4555).
enum class Mobility : std::uint8_t {
  none,     ///< one end does not do MOBIKE: follow authenticated packets, if at all (RFC 7296 2.23)
  leads,    ///< we began the first of this line of IKE SAs: we decide, by move()
  follows,  ///< the peer decides
};

/// What a client keeps of an IKE SA to resume it (RFC 5723).
struct ResumeState {
  Bytes ticket;
  SecretBytes sk_d;
  Suite suite;
};

struct InitiatorSetup {
  Path path;  ///< ports 500, or 4500 to begin there
  IkePolicy policy{};
  std::string gateway{};                    ///< tunnel name for logs
  Identity local{};                         ///< empty with credentials: the subject of the one that is taken
  std::optional<Identity> expected_peer{};  ///< else any identity that the secret proves
  SecretBytes psk{};
  std::vector<ChildPolicy> children{};  ///< the first goes into IKE_AUTH, the rest by CREATE_CHILD_SA at once
  bool initial_contact = true;
  std::optional<wire::InsideRequest> ask_inside{};  ///< CFG_REQUEST of the login
  std::vector<LocalCredential> credentials{};       ///< we sign with one of these; none: the shared key proves us
  bool peer_signs = false;                          ///< the gateway must prove itself by a signature
  std::optional<IpAddress> redirected_from{};       ///< the gateway that sent us to this one (RFC 5685)
  std::optional<ResumeState> resume{};              ///< come back by ticket instead of a login; no secret is used then
};

/// A read-only view for status and tests.
struct ChildStatus {
  ChildId id;
  std::string phase2;
  EspSpi spi_in, spi_out;
  Suite suite;
  TrafficSelectors local_ts, remote_ts;
  Instant created, soft, hard;
  bool rekeying = false, replaced = false;
  bool transport = false;
};
struct SaStatus {
  IkeSaId id;
  SaState state;
  bool initiator;
  IkeSpi spi_i, spi_r;
  Suite suite;
  Path path;
  std::optional<Identity> local, peer;
  Instant created, established, soft, hard;
  std::uint32_t next_request_out, next_request_in;  ///< message ids
  bool request_pending;
  bool udp_encap;
  bool mobike = false;
  bool cookie_wanted = false;  ///< as initiator: the peer answered the first question, by a COOKIE
  std::vector<ChildStatus> children;
  std::optional<wire::InsideConfig> inside{};  ///< what the login gave (responder) or got (initiator) by CFG_REPLY
  wire::AuthMethod peer_method{};              ///< of the peer's AUTH; 0 before, and for an SA that has none (a rekey)
};

class IkeSa {
 public:
  /// `owner` must outlive the SA. The SPI is allocated here; nothing is sent before start().
  [[nodiscard]] static std::unique_ptr<IkeSa> make_initiator(Owner& owner, InitiatorSetup setup, Instant now);
  /// For a first IKE_SA_INIT request that the layer above decided to serve (cookie already checked). Feed it by
  /// on_message().
  [[nodiscard]] static std::unique_ptr<IkeSa> make_responder(Owner& owner, const Path& path, IkePolicy policy,
                                                             IkeSpi peer_spi, Instant now);
  virtual ~IkeSa() = default;

  virtual void start(Instant now, Outbox& out) = 0;  ///< initiator: IKE_SA_INIT
  /// A datagram whose SPIs named this SA (marker removed). Hostile until verified; a bad one changes nothing.
  virtual void on_message(ByteView datagram, const Path& path, Instant now, Outbox& out) = 0;
  virtual void on_timer(Instant now, Outbox& out) = 0;  ///< does all that is due at `now`
  [[nodiscard]] virtual std::optional<Deadline> next_deadline() const = 0;

  // Commands; each queues its exchange if the window is taken. No effect once closing.
  virtual void probe(Instant now, Outbox& out) = 0;  ///< empty INFORMATIONAL, unless a request is already pending
  /// Initiator: repeats the first message now, if it is not answered yet.
  virtual void resend_first(Instant now, Outbox& out) = 0;
  virtual void resend_pending(
      Instant now,
      Outbox& out) = 0;  ///< repeats the pending request at once, schedule from the start; without one: probe
  virtual void create_child(const ChildPolicy& policy, Instant now, Outbox& out) = 0;
  virtual void rekey_child(ChildId child, Instant now, Outbox& out) = 0;
  virtual void delete_child(ChildId child, Instant now, Outbox& out) = 0;
  /// The data plane saw the first verified packet of a Child SA: its peer uses it, so may we (RFC 7296 2.8).
  virtual void child_used(ChildId child, Instant now, Outbox& out) = 0;
  virtual void rekey(Instant now, Outbox& out) = 0;  ///< the IKE SA itself
  virtual void close(Instant now, Outbox& out) = 0;  ///< Delete is sent; Closed follows the answer or one short wait
  virtual void abandon(Instant now,
                       Outbox& out) = 0;  ///< ends silently: ChildDown for each child, Closed{deleted}; nothing is sent
  virtual void set_path(const Path& path) = 0;  ///< for everything sent from now on
  virtual void set_gateway_name(std::string name) = 0;
  /// Whether the peer is one of ours, which takes an announcement of sleep.
  [[nodiscard]] virtual bool understands_sleep() const = 0;
  /// Tells it that this machine is about to sleep, before anything else that waits. SleepHeard follows its answer. From
  /// the sending on until set_asleep(false) nothing else leaves, answers included. `sent`: of each Child SA.
  virtual void announce_sleep(std::vector<LastSent> sent, Instant now, Outbox& out) = 0;
  /// With Mobility::leads: travels `path` from now on. A pending request goes out again there, then the peer is told
  /// (RFC 4555 3.5), also if the path is the same and only what a NAT makes of it may have changed. Moved or
  /// MoveRefused follows, unless the next move() comes first. During IKE_AUTH the request is repeated, and the rest
  /// follows when the SA stands. Otherwise: set_path().
  virtual void move(const Path& path, Instant now, Outbox& out) = 0;
  /// Tells the peer by which addresses it may reach us (RFC 4555 3.6). No effect without MOBIKE.
  virtual void announce_addresses(Instant now, Outbox& out) = 0;
  /// Tells the client to go to another gateway (RFC 5685 5). False: it said nothing of following, or we are the client.
  virtual bool redirect(const OtherGateway& to, Instant now, Outbox& out) = 0;
  /// Asleep: no rekey is started and nothing is retransmitted; hard lifetimes go on and end SAs without a message.
  virtual void set_asleep(bool asleep, Instant now) = 0;
  virtual void update_children(
      std::vector<ChildPolicy> policies) = 0;  ///< after a configuration change; living children stay

  [[nodiscard]] virtual SaState state() const = 0;
  [[nodiscard]] virtual IkeSaId id() const = 0;
  [[nodiscard]] virtual bool initiator() const = 0;
  [[nodiscard]] virtual IkeSpi spi_i() const = 0;
  [[nodiscard]] virtual IkeSpi spi_r() const = 0;
  [[nodiscard]] virtual Mobility mobility() const = 0;
  [[nodiscard]] virtual const std::vector<IpAddress>& peer_addresses() const = 0;  ///< beside the one in use
  [[nodiscard]] virtual SaStatus status() const = 0;
};

}  // namespace dormouse::ike
