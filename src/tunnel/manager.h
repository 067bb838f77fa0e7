// All tunnels of the host, both roles: datagrams, packet-path events, timers, configuration and commands in; actions
// and one next deadline out. Files: manager.cc routes what comes in; responder.cc decides who may begin; authorize.cc
// who may enter and as which tunnel, with peer_proof.cc for whether it is who it says; sa_actions.cc carries out what
// the engine asks; tunnel_life.cc makes, wakes, puts to sleep and ends tunnels (with sleep.cc, dpd.cc, adoption.cc for
// the decisions); mode_cfg.cc gives and takes inside addresses, tickets.cc session tickets; connect.cc is the static
// tunnel's way up and resume.cc its second rung; restore.cc hands out what outlives the daemon and takes it back;
// crash.cc is RFC 6290; redirect.cc sends clients to other gateways and goes there; mobike.cc moves tunnels to other
// outer addresses; announce.cc is sleep that is told before it begins; status.cc copies out.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "config/model/model.h"
#include "crypto/suite.h"
#include "esp/data_plane.h"
#include "ike/cookie.h"
#include "ike/owner.h"
#include "ike/qcd.h"
#include "ike/sa.h"
#include "tunnel/actions.h"
#include "tunnel/adoption.h"
#include "tunnel/certificates.h"
#include "tunnel/mode_cfg.h"
#include "tunnel/rate_limit.h"
#include "tunnel/routes.h"
#include "tunnel/sa_table.h"
#include "tunnel/spent_tickets.h"
#include "tunnel/status.h"
#include "tunnel/ticket.h"
#include "tunnel/tunnel.h"
#include "tunnel/tunnel_index.h"

namespace dormouse::tunnel {

/// A system interface as the kernel has it.
struct LinkInfo {
  std::string name;
  int ifindex = 0;
  bool up = true;  ///< with carrier
  std::vector<IpAddress> addresses;
  unsigned mtu = 0;  ///< 0 = not known
  friend bool operator==(const LinkInfo&, const LinkInfo&) = default;
};

class Manager final : private ike::Owner {
 public:
  /// All must outlive the manager. Without an engine for certificates nobody can log in by signature.
  Manager(crypto::Provider& crypto, Rng& rng, esp::DataPlane& data, crypto::CertificateEngine* certificates = nullptr);
  ~Manager() override;
  /// From now on `to`, which must outlive this, is told the keys of all SAs.
  void export_keys(crypto::KeyExport& to) { key_export_ = &to; }

  // --- events
  /// Takes a new configuration: starts, changes in place or tears down just what differs. Returns a summary for the
  /// operator.
  std::string configure(std::shared_ptr<const config::Model> model, Instant now);
  void set_links(std::vector<LinkInfo> links, Instant now);
  /// The kernel has another route: what could not be sent a moment ago may find its way now.
  void routes_changed(Instant now);
  /// What an earlier daemon kept: its tunnels come back asleep. Once, after the first configure() and before anything
  /// arrives, so that no login takes a place that belongs to a sleeper.
  void restore(StoredState stored, Instant now);
  /// This machine has slept for so long and is back: static tunnels ask at once whether their gateway kept them.
  void machine_woke(Duration slept, Instant now);
  /// This machine is about to sleep: the static tunnels of that name (empty: all) whose gateway is one of ours tell it
  /// so and fall silent until machine_woke() or stay_awake(), or for 30 s. ReadyForSleep follows, within 1.5 s. Returns
  /// how many tell.
  std::size_t go_to_sleep(const std::string& name, Instant now);
  /// It woke, or did not sleep after all: those that fell silent are used again. Returns how many.
  std::size_t stay_awake(const std::string& name, Instant now);
  /// An IKE datagram from UDP 500, or from 4500 with its marker removed (path.local.port tells).
  void on_datagram(const ike::Path& path, ByteView datagram, Instant now);
  void on_path_event(const esp::PathEvent& event, Instant now);
  void on_timer(Instant now);
  [[nodiscard]] std::optional<Deadline> next_deadline() const;
  /// Everything to do since the last call, in order.
  [[nodiscard]] std::vector<Action> take_actions() {
    save_changed();
    report_rest();
    return std::exchange(out_, {});
  }
  void set_debug(bool on) { debug_ = on; }
  /// The calendar, for the validity of certificates: said before whatever may need it, as it can be set back and forth.
  void set_wall_time(WallTime wall, Instant at) { wall_ = {wall, at}; }

  // --- commands; `name` is a tunnel or a phase 1, empty = all. Return how many tunnels were touched.
  std::size_t clear(const std::string& name, Instant now);  ///< with a Delete to the peer
  std::size_t flush(const std::string& name, Instant now);  ///< silently
  [[nodiscard]] Outcome<void> bring_up(const std::string& phase2, const std::string& phase1, Instant now);
  [[nodiscard]] Outcome<void> bring_down(const std::string& phase2, const std::string& phase1, Instant now);
  /// Clients of the dialup phase 1 `name` (empty: of all) that follow are sent to `gateway`, an address or a domain
  /// name (RFC 5685): who logs in from now on, and who is here already. Until end_drain() or the end of the daemon.
  /// Returns how many are here and are told, as far as they follow.
  [[nodiscard]] Outcome<std::size_t> drain_to(const std::string& gateway, const std::string& name, Instant now);
  [[nodiscard]] Outcome<void> end_drain(const std::string& name);
  /// Deletes to every peer, everything removed; the manager is empty afterwards.
  void shutdown(Instant now);

  [[nodiscard]] Status status(Instant now);
  /// Of one tunnel, at a price that does not depend on how many there are. None of that name: none.
  [[nodiscard]] std::optional<TunnelStatus> tunnel(std::string_view name, Instant now) const;
  [[nodiscard]] Footprint footprint() const;

 private:
  struct PendingLogin {  ///< authorize() said yes; Established makes it so
    std::shared_ptr<const config::Phase1> phase1;
    std::optional<TunnelId> adopt{};
    unsigned index = 0;
    Identity peer{}, local{};
    bool initial_contact = false;
    SessionId session{};  ///< of the tickets it is given
    bool by_ticket = false;
    Instant logged_in{};  ///< by ticket: when its owner did
    std::optional<Instant> reauth_deadline{};
    std::optional<GivenTicket> shown{}, given{};
    std::uint8_t auth_method = 0;  ///< of the login; by ticket, of the one that it came from
    SharedPeerCertificate certificate{};
  };
  struct Tickets {
    Tickets(crypto::Provider& crypto, Rng& rng) : keys(crypto, rng) {}
    TicketKeys keys;
    SpentTickets spent{limits::kSpentTickets};
    std::uint64_t given = 0, refused = 0;
  };
  struct SharedDevice {
    DeviceId id;
    std::string name;
    int ifindex = 0;
  };
  struct Counters {
    std::uint64_t cookies_sent = 0, dropped_unknown = 0, dropped_malformed = 0, crash_answers = 0;
  };
  struct CrashDetection {
    CrashDetection(crypto::Provider& crypto, Rng& rng);
    std::shared_ptr<const SecretBytes> secret;
    ike::QcdMaker maker;
    RateLimit rate;
  };
  struct Phase1Counters {
    std::uint64_t logins = 0, refused = 0, sleeps = 0, by_address = 0, by_ticket = 0, by_login = 0, expired = 0,
                  redirected = 0;
    std::map<std::string, std::uint64_t> refused_by_reason;
  };

  // ike::Owner
  Rng& rng() override { return rng_; }
  crypto::Provider& crypto() override { return crypto_; }
  crypto::KeyExport* key_export() override { return key_export_; }
  IkeSaId next_ike_id() override { return IkeSaId(++last_ike_id_); }
  ChildId next_child_id() override { return ChildId(++last_child_id_); }
  std::optional<Bytes> qcd_token(bool initiator, IkeSpi i, IkeSpi r) override;
  EspSpi allocate_esp_spi() override;
  void release_esp_spi(EspSpi spi) override { spis_.erase(spi); }
  IkeSpi allocate_ike_spi() override;
  Result<ike::AuthGrant> authorize(const ike::AuthQuery& query, std::vector<LogEvent>& log) override;
  Result<crypto::SharedCertificate> believe(const ike::CertificateQuery& query, std::vector<LogEvent>& log) override;

  // tickets.cc
  std::optional<ike::GivenTicket> give_ticket(const ike::TicketSubject& subject, Instant now) override;
  Result<ike::OpenTicket> open_ticket(IkeSaId sa, ByteView ticket, Instant now, std::vector<LogEvent>& log) override;
  Result<ike::AuthGrant> authorize_resumed(const ike::ResumeQuery& query, Instant now,
                                           std::vector<LogEvent>& log) override;
  [[nodiscard]] std::uint64_t policy_fingerprint(const config::Phase1& phase1);
  [[nodiscard]] const char* ticket_obstacle(const TicketId& id, const TicketContent& c, const config::Phase1* phase1,
                                            Instant now);
  void restore_tickets(const StoredState& stored, Instant now);
  static void restore_ticket_session(Tunnel& t, const Bytes& value);
  void rotate_ticket_keys(Instant now);
  [[nodiscard]] std::optional<SaveBlob> session_blob(const Tunnel& t) const;
  void keep_session(Tunnel& t);
  void forget_session(Tunnel& t);
  void refuse_from_now(const SpentTickets::Id& id, Instant issued, Instant expires, Instant now);
  void revoke_tickets(Tunnel& t, Instant now);
  void spend_older_tickets(Tunnel& t, IkeSaId sa, Instant now);
  void note_given(Tunnel& t, const GivenTicket& given, Instant now);
  void count_refusal(const std::string& phase1, const char* reason);

  // resume.cc
  [[nodiscard]] bool has_ticket(const Tunnel& t, Instant now) const;
  void resume_by_ticket(Tunnel& t, Instant now);
  void resume_failed(Tunnel& t, ike::CloseReason reason, Instant now);
  bool show_ticket_again(Tunnel& t, Duration fresh, Instant now);
  void login_now(Tunnel& t, Instant now);
  void give_held_resume(Tunnel& t, Instant now);
  void drop_other_attempts(Tunnel& t, Instant now);

  // responder.cc
  void begin_responder(const ike::Path& path, const wire::Header& header, ByteView datagram, Instant now);
  void refuse_critical(const ike::Path& path, const wire::Header& header, std::uint8_t payload, Instant now);
  void answer_newer_version(const ike::Path& path, ByteView datagram, Instant now);
  [[nodiscard]] std::vector<std::shared_ptr<const config::Phase1>> phase1_for(const ike::Path& path) const;
  [[nodiscard]] bool cookie_passes(const ike::Path& path, const wire::Message& message, Instant now);

  // authorize.cc
  [[nodiscard]] bool identity_fits(const config::Phase1& phase1, const Identity& peer) const;
  [[nodiscard]] PendingLogin place_login(std::shared_ptr<const config::Phase1> phase1, const ike::AuthQuery& query,
                                         const Endpoint& remote);
  [[nodiscard]] std::set<unsigned> reserved_indices(const config::Phase1& phase1) const;
  [[nodiscard]] bool index_taken(const config::Phase1& phase1, unsigned index) const;
  [[nodiscard]] unsigned free_index(const config::Phase1& phase1) const;

  // peer_proof.cc
  struct Proof {  ///< how the peer proved itself; made once for all phase 1 that are tried
    std::optional<std::expected<Certificates::Believed, const char*>> believed{};
    std::optional<bool> signature_fits{};
  };
  static constexpr const char* kWrongMethod = "authentication method not configured";
  static constexpr const char* kPskMismatch = "pre-shared key mismatch";
  static constexpr const char* kPpkMismatch = "no post-quantum preshared key in common";
  static constexpr const char* kSignatureMismatch = "signature does not verify";
  [[nodiscard]] const char* proof_obstacle(const config::Phase1& phase1, const ike::AuthQuery& query, Proof& proof);
  static void log_obstacle(const char* why, const std::string& phase1, const ike::AuthQuery& query,
                           std::vector<LogEvent>& log);
  static void remember_proof(const Proof& proof, const config::Phase1& phase1, PendingLogin& login,
                             const ike::AuthQuery& query, std::vector<LogEvent>& log);
  [[nodiscard]] const char* own_obstacle(const config::Phase1& phase1) const;
  void prove_ourselves(const config::Phase1& phase1, ike::AuthGrant& grant) const;
  [[nodiscard]] static ike::PpkPolicy ppk_policy(const config::Phase1& phase1);
  void offer_signatures(ike::IkePolicy& policy, const config::Phase1& phase1) const;
  void take_certificates();
  void end_withdrawn(Instant now);
  [[nodiscard]] WallTime wall_at(Instant now) const { return {wall_.at.seconds + seconds_of(now - wall_.since)}; }

  // mode_cfg.cc
  [[nodiscard]] LeasePools& pools_of(const config::Phase1& phase1);
  /// Addresses for an instance: those it has, or free ones; empty: none of what it asks is free.
  [[nodiscard]] InsideAddresses lease(const config::Phase1& phase1, unsigned index, const Identity& owner,
                                      const wire::InsideRequest& asked);
  /// Exactly these again, as after a restart; all or none. False: one is not free, or not of the pool any more.
  [[nodiscard]] bool lease_again(const config::Phase1& phase1, unsigned index, const Identity& owner,
                                 const InsideAddresses& addresses);
  void end_lease(const std::string& phase1, unsigned index);
  [[nodiscard]] InsideAddresses held_lease(const config::Phase1& phase1, unsigned index);
  bool reclaim_lease(const config::Phase1& phase1, const Tunnel* spared, Instant now);
  /// Fills what `grant` says of the inside. Returns why the peer is turned away, or null.
  [[nodiscard]] const char* grant_inside(const ike::AuthQuery& query, unsigned index, const Tunnel* adopted,
                                         const config::Phase1& phase1, ike::AuthGrant& grant, Instant now);
  void take_inside(Tunnel& t, const std::optional<wire::InsideConfig>& inside);

  // sa_actions.cc
  void drain(ike::Outbox& box, Instant now);
  void with_sa(IkeSaId id, Instant now, const std::function<void(ike::IkeSa&, ike::Outbox&)>& use);
  void carry_out(ike::Transmit& a, Instant now);
  void carry_out(ike::Established& a, Instant now);
  void carry_out(ike::ChildUp& a, Instant now);
  void carry_out(ike::ChildOutboundReady& a, Instant now);
  void carry_out(ike::ChildDown& a, Instant now);
  void carry_out(ike::ChildFailed& a, Instant now);
  void carry_out(ike::Closed& a, Instant now);
  void carry_out(ike::Unreachable& a, Instant now);
  [[nodiscard]] bool is_established(IkeSaId id) const;
  [[nodiscard]] bool sleeps_on_delete(const Tunnel& t) const;
  void carry_out(ike::ReauthWanted& a, Instant now);
  void reauthenticate(Tunnel& t, Instant now);
  void carry_out(ike::TicketReceived& a, Instant now);
  void carry_out(ike::TicketRefused& a, Instant now);
  void carry_out(ike::PeerCrashed& a, Instant now);
  void carry_out(ike::PeerAlive& a, Instant now);
  void carry_out(ike::PeerGoesToSleep& a, Instant now);
  void carry_out(ike::SleepHeard& a, Instant now);
  void carry_out(ike::Rekeyed& a, Instant now);
  void carry_out(ike::NatState& a, Instant now);
  void carry_out(ike::Moved& a, Instant now);
  void carry_out(ike::MoveRefused& a, Instant now);
  void carry_out(ike::PeerAddresses& a, Instant now);
  void carry_out(ike::Redirected& a, Instant now);
  void carry_out(ike::Log& a, Instant now);

  // tunnel_life.cc
  Tunnel* make_instance(const PendingLogin& login, Instant now);
  bool make_device(Tunnel& t);
  /// Of the interface of `phase1` for packets protected by one of `suites`, of which `saved` octets do not travel.
  [[nodiscard]] unsigned device_mtu(const config::Phase1& phase1, std::span<const Suite> suites, bool outer_v6,
                                    esp::Encap encap, std::uint32_t saved = 0) const;
  /// Before anything is agreed: whatever the configuration lets the peer choose.
  [[nodiscard]] unsigned device_mtu(const config::Phase1& phase1) const;
  /// Gives the tunnel's interface the MTU that its Child SAs and its path leave.
  void fit_device(Tunnel& t);
  void fit_shared_devices();
  /// Whether the configuration has an MTU for the interface itself.
  [[nodiscard]] bool sets_mtu(const std::string& device) const;
  [[nodiscard]] esp::HeaderRules headers_of(const Tunnel& t, const std::string& phase2) const;
  void enter(Tunnel& t, Event event);
  void login_succeeded(Tunnel& t, IkeSaId sa, const PendingLogin* login, Instant now);
  void fall_asleep(Tunnel& t, Instant now);
  void wake_by_address(Tunnel& t, IkeSaId sa, Instant now);
  void resumed_awake(Tunnel& t, IkeSaId sa, Instant now);
  void note_resumed(Tunnel& t, WakeWay way, Duration slept, Duration took, Instant now);
  void note_proof(Tunnel& t, const ike::SaStatus& status, const PendingLogin* login, bool by_ticket);
  void adopt_tickets(Tunnel& t, const PendingLogin& login, Instant now);
  void finish_wake(Tunnel& t, WakeWay way, Duration took, Instant now);
  void unpark(Tunnel& t);
  void sleep_expired(Tunnel& t, Instant now);
  void peer_silent(Tunnel& t, IkeSaId sa, Instant now);
  void teardown(Tunnel& t, const char* reason, bool tell_peer, Instant now, bool tickets_stay = false);
  void drop_sas(Tunnel& t, bool tell_peer, Instant now);
  void drop_replaced(Tunnel& t, Instant now);
  void enforce_sa_limit(Tunnel& t, Instant now);
  void remove_child(Tunnel& t, ChildId child, Instant now);
  void sync_routes(Tunnel& t);
  void want_route(Tunnel& t, const Prefix& prefix);
  void release_route(Tunnel& t, const Prefix& prefix);
  void log_routes(Tunnel& t, std::vector<Action> changes);
  void set_path(Tunnel& t, const ike::Path& path, bool udp_encap);
  void on_tunnel_timer(Tunnel& t, Timer timer, Instant now);
  void check_dpd(Tunnel& t, Instant now);
  void start_liveness(Tunnel& t, Instant now);
  void refresh(Tunnel& t);
  void report_up(Tunnel& t, const TunnelChild& child);
  void report_down(Tunnel& t, const std::string& phase2);
  void remove_gone();

  // redirect.cc
  [[nodiscard]] const ike::OtherGateway* drains_to(const std::string& phase1) const;
  void redirect_awake(Tunnel& t, Instant now);
  void tell_redirect(Tunnel& t, Instant now);
  [[nodiscard]] bool sends_on(const config::Phase1& phase1, const Identity& peer, bool follows, ike::AuthGrant& grant,
                              std::vector<LogEvent>& log);
  [[nodiscard]] static const IpAddress& gateway_of(const Tunnel& t);
  [[nodiscard]] static const IpAddress& login_target(const Tunnel& t);
  [[nodiscard]] static bool may_be_redirected(Tunnel& t, Instant now);
  [[nodiscard]] const char* redirect_obstacle(Tunnel& t, const ike::OtherGateway& to, const IpAddress& from,
                                              Instant now);
  void follow_redirect(Tunnel& t, Instant now);
  static void arrived(Tunnel& t);
  static void did_not_arrive(Tunnel& t);
  // announce.cc
  void rest(Tunnel& t, Instant now);
  void announced(Tunnel& t, const char* outcome, Instant now);
  void rest_timer(Tunnel& t, Instant now);
  void end_rest(Tunnel& t, Instant now);
  void report_rest();
  // mobike.cc
  std::vector<IpAddress> other_addresses(IkeSaId sa, const ike::Path& path) override;
  bool may_move(IkeSaId sa, const ike::Path& path) override;
  [[nodiscard]] ike::Mobility mobility_of(const Tunnel& t) const;
  [[nodiscard]] std::vector<ike::Path> paths_of(const Tunnel& t) const;
  /// When the MTU of the interface it goes out by has changed.
  void follow_size(Tunnel& t, const std::vector<LinkInfo>& before);
  void follow_links(Tunnel& t, const std::vector<LinkInfo>& before, Instant now);
  void follow_link_as_gateway(Tunnel& t, const std::vector<LinkInfo>& before, Instant now);
  void move_attempts(Tunnel& t, Instant now);
  void move_to(Tunnel& t, const ike::Path& path, Instant now);
  void ask_by_address(Tunnel& t, Instant now);
  [[nodiscard]] bool follows_ike(const Tunnel& t, IkeSaId sa) const;
  [[nodiscard]] bool follows_esp(const Tunnel& t) const;
  void unannounced(Tunnel& t, const Endpoint& from, Instant now);
  void keep_nat_mapping(Tunnel& t, Instant now);

  // crash.cc
  void restore_qcd_secret(const StoredState& stored);
  [[nodiscard]] std::optional<SaveBlob> spi_blob(const Tunnel& t) const;
  void keep_spis(Tunnel& t);
  void forget_spis(Tunnel& t);
  void restore_spis(Tunnel& t, const Bytes& value, Instant at);
  void tell_restart(Tunnel& t, Instant now);
  void answer_unknown(const ike::Path& path, const wire::Header& header, ByteView datagram, Instant now);

  // restore.cc
  void note_changed(const Tunnel& t);  ///< call when anything of it changed that the index or the record has
  void forget(Tunnel& t);
  void save_changed();
  [[nodiscard]] std::optional<SessionRecord> kept_record(const Tunnel& t) const;
  void restore_session(const SessionRecord& record, Instant now);
  void restore_blobs(const StoredState& stored, Instant now);

  // connect.cc
  void make_static(std::shared_ptr<const config::Phase1> phase1, Instant now);
  void connect(Tunnel& t, Instant now);
  void want_attempt(Tunnel& t, Instant now);
  void remove_static(Tunnel& t);
  void attempt_failed(Tunnel& t, Instant now);
  void wake_probe(Tunnel& t, Instant now);
  /// By address costs one round trip: where nothing says that the network is back, give it that much of a start.
  static constexpr Duration kTicketAfterProbe = 300ms;
  static constexpr Duration kTicketRoundTrip = 1500ms;  ///< a login is not held back longer for a ticket's answer
  void begin_wake_ladder(Tunnel& t, Instant now, Duration ticket_after = kTicketAfterProbe);
  void climb(Tunnel& t, Instant now, Duration ticket_after);
  void hurry(Tunnel& t, Instant now);
  [[nodiscard]] static bool asks_again(ByteView datagram);
  [[nodiscard]] bool holds_answer(const ike::IkeSa& sa, const ike::Path& path, ByteView datagram, Instant now);
  void give_held_answer(Tunnel& t, Instant now);
  void want_children(Tunnel& t, Instant now, bool all);

  // configure (manager.cc)
  [[nodiscard]] bool needs_restart(const config::Phase1& was, const config::Phase1& is,
                                   const config::Model& old_model) const;
  void apply_in_place(Tunnel& t, std::shared_ptr<const config::Phase1> is, Instant now);
  void sync_shared_devices(const config::Model& old);

  // status.cc
  [[nodiscard]] TunnelStatus status_of(const Tunnel& t, Instant now) const;

  // helpers
  [[nodiscard]] Tunnel* find(TunnelId id);
  [[nodiscard]] Tunnel* tunnel_of_sa(IkeSaId id);
  [[nodiscard]] std::vector<Tunnel*> select(const std::string& name);
  [[nodiscard]] std::vector<ike::ChildPolicy> child_policies(const config::Phase1& phase1) const;
  [[nodiscard]] std::vector<ike::ChildPolicy> child_policies(const Tunnel& t) const;  ///< with its lease
  [[nodiscard]] ike::IkePolicy ike_policy(const config::Phase1& phase1) const;
  [[nodiscard]] const LinkInfo* link(const std::string& name) const;
  [[nodiscard]] std::optional<IpAddress> local_address(const config::Phase1& phase1) const;
  [[nodiscard]] std::optional<IpAddress> local_address(const config::Phase1& phase1, Family family) const;
  void log(LogId id, LogScope scope, std::vector<LogField> fields = {});
  [[nodiscard]] static LogScope scope_of(const Tunnel& t) { return {.gateway = t.name}; }

  crypto::Provider& crypto_;
  crypto::KeyExport* key_export_ = nullptr;
  Rng& rng_;
  esp::DataPlane& data_;
  std::shared_ptr<const config::Model> model_;
  std::vector<LinkInfo> links_;
  ike::CookieJar cookies_;
  Instant cookies_until_{};  ///< initiators must return one until then
  CrashDetection crash_;
  Tickets tickets_;
  Certificates certificates_;
  struct Calendar {
    WallTime at;
    Instant since;
  } wall_;
  std::unordered_map<IkeSaId, SharedPeerCertificate> believed_;  // of gateways, until we are logged in
  std::unordered_map<IkeSaId, TicketKeys::Opened> opened_;       // of half-open SAs
  std::set<EspSpi> spis_;  // before the SAs: at their end they give back what they hold
  SaTable sas_;
  std::map<TunnelId, std::unique_ptr<Tunnel>> tunnels_;
  TunnelIndex index_;           // of tunnels_
  std::vector<TunnelId> gone_;  // still in tunnels_
  std::set<std::pair<Instant, TunnelId>> deadlines_;
  std::unordered_map<TunnelId, Instant> due_;
  std::unordered_map<IkeSaId, PendingLogin> pending_;
  std::unordered_map<IkeSaId, ike::NatState> nat_;
  std::unordered_map<ChildId, TunnelId> child_tunnel_;
  static constexpr std::size_t kRecentSpis = 1024;
  std::deque<IkeSpi> recent_spis_;  // chosen last; some are of SAs that the engine has not shown yet
  std::map<std::string, SharedDevice> shared_devices_;
  std::map<std::string, Phase1Counters> phase1_counters_;
  std::map<std::string, LeasePools> pools_;            // of each dynamic phase 1 that gave an address
  std::map<std::string, ike::OtherGateway> draining_;  // by phase 1; "": all
  RouteTable routes_;
  Counters counters_;
  ike::Path incoming_;  // of the datagram being handled; authorize() needs it
  Instant incoming_at_{};
  std::vector<Action> out_;
  std::set<TunnelId> unsaved_;  // changed since their record was handed out
  bool rest_asked_ = false;     // go_to_sleep() is not reported as done yet
  bool debug_ = true;
  std::uint32_t last_ike_id_ = 0, last_child_id_ = 0, last_tunnel_id_ = 0, last_device_id_ = 0;
};

}  // namespace dormouse::tunnel
