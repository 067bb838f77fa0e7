// The coordinator of one IKE SA. It owns the parts and routes messages, commands and timers to the exchanges:
//   sa.cc             dispatch, tasks, timers, commands
//   fragments.cc      messages in pieces (RFC 7383)
//   ike_sa_init.cc    IKE_SA_INIT, both roles (RFC 7296 1.2, 2.6, 2.7, 2.23)
//   intermediate.cc   IKE_INTERMEDIATE with additional key exchanges (RFC 9242, RFC 9370)
//   ike_auth.cc       IKE_AUTH with a shared key (1.2, 2.15)
//   signature_auth.cc AUTH by signature, CERT and CERTREQ (2.15, 3.6-3.8, RFC 7427)
//   ppk.cc            post-quantum preshared keys (RFC 8784)
//   mode_cfg.cc       Configuration payloads of the login (2.19)
//   childless.cc      logins without a Child SA (RFC 6023)
//   session_resume.cc IKE_SESSION_RESUME and session tickets, both roles (RFC 5723)
//   children.cc       what all ways of making a Child SA share: choice, keys, install, remove
//   create_child.cc   CREATE_CHILD_SA for new children and their rekey (1.3.1, 1.3.3, 2.8)
//   followup_ke.cc    IKE_FOLLOWUP_KE: further key exchanges of a CREATE_CHILD_SA (RFC 9370)
//   rekey_ike.cc      CREATE_CHILD_SA for the IKE SA itself (1.3.2, 2.18)
//   informational.cc  probes, Deletes (1.4) and crash detection (RFC 6290)
//   going_to_sleep.cc a client's announcement that its machine is about to sleep (ours alone)
//   redirect.cc       another gateway instead of this one (RFC 5685)
//   transport_mode.cc Child SAs in transport mode (1.3.1)
//   mobike.cc         other addresses under the same SAs (RFC 4555)
#pragma once
#include <deque>
#include <variant>

#include "ike/child_sa.h"
#include "ike/held_spi.h"
#include "ike/intermediate.h"
#include "ike/message_window.h"
#include "ike/mobike.h"
#include "ike/nat_detection.h"
#include "ike/ppk.h"
#include "ike/protection.h"
#include "ike/qcd.h"
#include "ike/sa.h"

namespace dormouse::ike {

/// Work that waits for the window.
struct ProbeTask {};
struct CreateChildTask {
  ChildPolicy policy;
  std::optional<ChildId> rekeys;
  KeId group = KeId::none;
  bool transport = false;  ///< to be asked for: the one it rekeys is in transport mode
};
struct DeleteChildTask {
  ChildId child;
};
struct RekeyIkeTask {
  KeId group = KeId::none;
};
struct CloseTask {};
struct TokenTask {};   ///< gives the peer our token of this SA, after a rekey that we began (RFC 6290 4.3)
struct TicketTask {};  ///< asks for a session ticket by INFORMATIONAL (RFC 5723 4.1)
struct RedirectTask {
  OtherGateway to;
};
struct SleepTask {
  std::vector<LastSent> sent;
};
using Task = std::variant<ProbeTask, CreateChildTask, DeleteChildTask, RekeyIkeTask, CloseTask, TokenTask, TicketTask,
                          RedirectTask, SleepTask, UpdateTask, RoutabilityTask, AddressesTask>;

/// Our request under way, with what its answer will need.
struct Exchange {
  Task task;
  std::unique_ptr<crypto::KeyExchange> ke;
  Bytes nonce;
  HeldSpi esp_spi{};
  IkeSpi ike_spi{};
  std::optional<ChildSa::Rival> rival{};  ///< of the Child SA we rekey, when the peer has deleted that one meanwhile
  Bytes cookie2{};                        ///< what the answer must bring back (RFC 4555 3.7)
  Path sent_over{};                       ///< with `cookie2`: the path of the first transmission
};

[[nodiscard]] inline bool is_mobike(const Task& t) {
  return std::holds_alternative<UpdateTask>(t) || std::holds_alternative<RoutabilityTask>(t) ||
         std::holds_alternative<AddressesTask>(t);
}

/// What must not be begun while the peer replaces this IKE SA.
[[nodiscard]] inline bool is_about_children(const Task& t) {
  return std::holds_alternative<CreateChildTask>(t) || std::holds_alternative<DeleteChildTask>(t) ||
         std::holds_alternative<RekeyIkeTask>(t) || std::holds_alternative<TicketTask>(t);
}

/// A longer ticket is not put into an answer that carries much else: TICKET_ACK, and the client asks again.
constexpr std::size_t kTicketRoom = 600, kTicketRoomLarge = 1000;

class SaImpl final : public IkeSa {
 public:
  SaImpl(Owner& owner, IkeSaId id, bool initiator, Path path, IkePolicy policy, Instant now);

  void start(Instant now, Outbox& out) override;
  void on_message(ByteView datagram, const Path& path, Instant now, Outbox& out) override;
  void on_timer(Instant now, Outbox& out) override;
  std::optional<Deadline> next_deadline() const override;
  void probe(Instant now, Outbox& out) override;
  void resend_first(Instant now, Outbox& out) override;
  void resend_pending(Instant now, Outbox& out) override;
  void create_child(const ChildPolicy& policy, Instant now, Outbox& out) override;
  void rekey_child(ChildId child, Instant now, Outbox& out) override;
  void delete_child(ChildId child, Instant now, Outbox& out) override;
  void child_used(ChildId child, Instant now, Outbox& out) override;
  void rekey(Instant now, Outbox& out) override;
  void close(Instant now, Outbox& out) override;
  void abandon(Instant now, Outbox& out) override;
  void set_path(const Path& path) override { path_ = path; }
  void set_gateway_name(std::string name) override { gateway_ = std::move(name); }
  bool understands_sleep() const override { return peer_is_ours_ && established(); }
  void announce_sleep(std::vector<LastSent> sent, Instant now, Outbox& out) override;
  void move(const Path& path, Instant now, Outbox& out) override;
  void announce_addresses(Instant now, Outbox& out) override;
  bool redirect(const OtherGateway& to, Instant now, Outbox& out) override;
  void set_asleep(bool asleep, Instant now) override;
  void update_children(std::vector<ChildPolicy> policies) override { children_policy_ = std::move(policies); }
  SaState state() const override { return state_; }
  IkeSaId id() const override { return id_; }
  bool initiator() const override { return initiator_; }
  IkeSpi spi_i() const override { return spi_i_; }
  IkeSpi spi_r() const override { return spi_r_; }
  Mobility mobility() const override {
    return !mobike_.on ? Mobility::none : mobike_.leads ? Mobility::leads : Mobility::follows;
  }
  const std::vector<IpAddress>& peer_addresses() const override { return mobike_.peer_addresses; }
  SaStatus status() const override;

 private:
  friend class IkeSa;
  using Payloads = std::vector<wire::Payload>;

  // sa.cc
  [[nodiscard]] LogScope scope() const;
  [[nodiscard]] LogScope scope(const ChildSa& c) const;
  [[nodiscard]] std::string spis() const;
  [[nodiscard]] wire::Header header(wire::ExchangeType e, bool response, MessageId id) const;
  void transmit(const Bytes& message, const wire::Header& h, bool repeated, const Path& path, Outbox& out);
  void transmit(const Datagrams& message, const wire::Header& h, bool repeated, const Path& path, Outbox& out);
  void repeat_request(Outbox& out);
  void request(wire::ExchangeType e, Payloads payloads, Instant now, Outbox& out);
  void reply(const wire::Message& to, ByteView datagram, const Payloads& payloads, const Path& path, Outbox& out);
  void reply_notify(const wire::Message& to, ByteView datagram, wire::NotifyType type, Bytes data, const Path& path,
                    Outbox& out);
  void push(Task task, Instant now, Outbox& out);
  void next_task(Instant now, Outbox& out);
  void start_task(Task task, Instant now, Outbox& out);
  void on_request(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out);
  void on_response(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out);
  void take_request(const wire::Message& m, ByteView datagram, const Result<Payloads>& payloads, const Path& path,
                    Instant now, Outbox& out);
  void take_response(const wire::Message& m, const Result<Payloads>& payloads, const Path& path, Instant now,
                     Outbox& out);
  void log_dropped(const Error& e, Outbox& out) const;
  void fail_with(CloseReason reason, Outbox& out);
  void set_lifetimes(Instant now);
  void schedule_rekeys(Instant now, Outbox& out);
  void enforce_lifetimes(Instant now, Outbox& out);
  void gave_up(Instant now, Outbox& out);
  [[nodiscard]] bool established() const { return state_ == SaState::established; }

  // fragments.cc
  [[nodiscard]] std::size_t room(const Path& path) const;
  void offer_fragmentation(Payloads& p) const;
  void settle_fragmentation(const Payloads& p);
  void on_fragment(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out);

  // ike_sa_init.cc
  void send_init(Instant now, Outbox& out);
  void on_init_request(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out);
  void on_init_response(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out);
  void answer_again(const wire::Message& m, ByteView datagram, const Path& path, Outbox& out);
  /// What the AUTH of this end may be about; empty: no second one.
  [[nodiscard]] std::array<ByteView, 2> first_messages(bool initiators) const;
  void refuse_init(const wire::Message& m, wire::NotifyType type, Bytes data, CloseReason reason, const Path& path,
                   Outbox& out);
  [[nodiscard]] Result<void> derive(ByteView g_ir);
  void settle_nat(const Payloads& payloads, const Path& path, Outbox& out);
  void log_offer(const std::vector<Proposal>& offer, const char* protocol, const char* encapsulation,
                 Outbox& out) const;

  // intermediate.cc
  void offer_intermediate(Payloads& p) const;
  void answer_intermediate(Payloads& p);
  [[nodiscard]] static bool takes_intermediate(const Payloads& p);
  void begin_intermediate();
  [[nodiscard]] bool owes_intermediate() const { return intermediate_ && !intermediate_->to_do.empty(); }
  void continue_login(Instant now, Outbox& out);
  void send_intermediate(Instant now, Outbox& out);
  void on_intermediate_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                               Outbox& out);
  void on_intermediate_response(const wire::Message& m, const Payloads& p, Instant now, Outbox& out);
  [[nodiscard]] Result<void> finish_intermediate(ByteView request, ByteView response, ByteView secret);
  [[nodiscard]] Result<Payloads> open(const wire::Message& m, ByteView datagram);
  [[nodiscard]] Result<Fragment> open_with_previous_keys(const wire::Message& m, ByteView datagram);
  void note_intermediate(const wire::Header& h, ByteView datagram, wire::PayloadType first, ByteView content);
  [[nodiscard]] Bytes int_auth() const;

  // ike_auth.cc
  void send_auth(Instant now, Outbox& out);
  void on_auth_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path, Instant now,
                       Outbox& out);
  void on_auth_response(const Payloads& p, Instant now, Outbox& out);
  [[nodiscard]] Result<SecretBytes> own_auth(const Identity& local) const;
  [[nodiscard]] bool peer_auth_fits(ByteView psk, const Identity& peer, ByteView auth) const;
  void take_auth_lifetime(const Payloads& p, Outbox& out);

  // signature_auth.cc
  void add_hash_list(Payloads& p);
  void add_certificate_request(Payloads& p) const;
  void take_signature_terms(const Payloads& p);
  [[nodiscard]] std::optional<HashList> agreed(const std::optional<HashList>& list) const;
  [[nodiscard]] bool take_credential(const std::optional<Identity>& asked_for, Outbox& out);
  void add_own_certificates(Payloads& p) const;
  void forget_credentials();
  [[nodiscard]] Result<wire::AuthPayload> own_auth_payload() const;
  [[nodiscard]] Result<Bytes> sign(const crypto::PrivateKey& key, const AuthScheme& scheme) const;
  [[nodiscard]] bool peer_signature_fits(const crypto::PublicKey& key, const Identity& peer,
                                         const wire::AuthPayload& auth) const;
  [[nodiscard]] static Result<std::vector<Bytes>> certificates_of(const Payloads& p);
  [[nodiscard]] bool gateway_proves_itself(const Payloads& p, const Identity& peer, const wire::AuthPayload& auth,
                                           Outbox& out) const;
  [[nodiscard]] bool answerable(const wire::AuthPayload* auth, bool certificates_fit, Outbox& out) const;
  void become_established(Instant now, Outbox& out);

  // ppk.cc
  void offer_ppk(Payloads& p) const;
  [[nodiscard]] bool settle_ppk(const Payloads& p);
  [[nodiscard]] Result<void> with_ppk(ByteView ppk);
  void without_ppk();
  [[nodiscard]] Result<void> add_ppk(Payloads& p);
  [[nodiscard]] bool ppk_answered(const Payloads& p, Outbox& out);
  void take_ppk(const Payloads& p);
  [[nodiscard]] bool choose_ppk(const PpkPolicy& ours);
  [[nodiscard]] wire::AuthPayload shown_auth(const wire::AuthPayload& auth) const;
  void answer_ppk(Payloads& answer, Outbox& out) const;

  // childless.cc
  void offer_childless(Payloads& p);
  void learn_childless(const Payloads& p);
  void create_children_from(std::size_t first, Instant now, Outbox& out);

  // mode_cfg.cc
  [[nodiscard]] static std::optional<wire::InsideRequest> asked_inside(const Payloads& p);
  void take_inside(const Payloads& p, Outbox& out);
  void log_inside(const wire::InsideConfig& config, Outbox& out) const;
  [[nodiscard]] Result<SecretBytes> resumed_auth(bool own, ByteView message, ByteView id_body) const;
  void establish_responder(const wire::Message& m, ByteView datagram, const Payloads& p, const Identity& peer,
                           AuthGrant grant, const Path& path, Instant now, Outbox& out);

  // session_resume.cc
  void send_resume(Instant now, Outbox& out);
  void on_resume_request(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out);
  void on_resume_response(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out);
  [[nodiscard]] Result<void> derive_resumed(ByteView sk_d_old);
  void on_resumed_auth_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                               Instant now, Outbox& out);
  void ask_for_ticket(Payloads& p) const;
  void answer_ticket_request(const Payloads& request, Payloads& answer, std::size_t room, IkeSaId on, Instant now,
                             Outbox& out);
  void postpone_ticket(const Payloads& request, Payloads& answer) const;
  void take_ticket(const Payloads& answer, Instant now, Outbox& out);
  void send_ticket_request(Instant now, Outbox& out);

  // children.cc
  struct Agreement {
    const ChildPolicy* policy = nullptr;
    Suite suite;
    Proposal answer;
    EspSpi peer_spi{};
    TrafficSelectors local, remote;
    bool transport = false;
  };
  /// A CREATE_CHILD_SA whose key exchanges go on in IKE_FOLLOWUP_KE: what was agreed, until the SA can be made.
  struct Followup {
    Suite suite;
    Bytes ni, nr;
    SecretBytes g_ir, more;  ///< SK(0), and SK(1) | ... of those done
    std::size_t done = 0;    ///< kinds of Suite::addke that are dealt with
    Bytes link;              ///< what the next request must bring
    std::optional<Agreement> child{};
    ChildPolicy policy{};  ///< a copy, as the configuration may change meanwhile
    std::optional<ChildId> replaces{};
    HeldSpi esp_spi{};         ///< responder
    IkeSpi spi_i{}, spi_r{};   ///< of the new IKE SA, without `child`
    Payloads answer{};         ///< initiator: to the CREATE_CHILD_SA
    Instant until{};           ///< responder: forgotten then
    std::optional<Task> ours;  ///< responder: our own rekey, given up for this one
    [[nodiscard]] KeId next_group() const;
    void add(ByteView secret);
  };
  /// What a peer's offer of a Child SA comes to with one of our policies.
  [[nodiscard]] Result<Agreement> agree(const Payloads& p, const ChildPolicy& policy, bool with_ke, Outbox& out) const;
  [[nodiscard]] Result<Agreement> agree_any(const Payloads& p, bool with_ke, Outbox& out) const;
  /// Checks the peer's answer to our offer.
  [[nodiscard]] Result<Agreement> accept(const Payloads& p, const ChildPolicy& policy, bool with_ke) const;
  [[nodiscard]] Result<ChildId> install(const Agreement& a, EspSpi in, ByteView g_ir, ByteView ni, ByteView nr,
                                        bool we_began, std::optional<ChildId> replaces, Instant now, Outbox& out,
                                        ByteView more = {});
  void remove_child(ChildId id, CloseReason reason, Outbox& out);
  [[nodiscard]] ChildSa* child(ChildId id);
  [[nodiscard]] bool we_rekey(ChildId id) const;  ///< our request to replace it is under way
  [[nodiscard]] ChildSa* child_by_out(EspSpi spi);
  [[nodiscard]] const ChildPolicy* policy_named(const std::string& name) const;
  [[nodiscard]] Payloads child_offer(const ChildPolicy& policy, EspSpi in, bool with_ke) const;

  // transport_mode.cc
  [[nodiscard]] static bool asks_transport(const Payloads& p);
  void settle_mode(const Payloads& p, const ChildSa* replaced, Agreement& a, Outbox& out) const;
  void drop_moved_transport(Instant now, Outbox& out);

  // create_child.cc
  void send_create_child(CreateChildTask task, Instant now, Outbox& out);
  void on_create_child_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                               Instant now, Outbox& out);
  void on_create_child_response(Exchange x, const Payloads& p, Instant now, Outbox& out);
  void finish_child(Exchange x, Followup f, Instant now, Outbox& out);
  [[nodiscard]] bool finish_child_of_peer(Followup& f, Instant now, Outbox& out);
  void settle_rekeyed_child(Exchange x, ChildId fresh, const Bytes& theirs, Instant now, Outbox& out);
  [[nodiscard]] std::optional<wire::NotifyType> refusal(const Payloads& p) const;
  void retry_later(Task task, Instant now);

  // followup_ke.cc
  [[nodiscard]] bool following_up() const { return exchange_ && followup_; }
  void follow_up(Exchange x, std::unique_ptr<Followup> f, Instant now, Outbox& out);
  void send_followup(Instant now, Outbox& out);
  void on_followup_response(Exchange x, const Payloads& p, Instant now, Outbox& out);
  void followup_refused(Exchange x, const Followup& f, wire::NotifyType why, Instant now, Outbox& out);
  void await_followup(std::unique_ptr<Followup> f, Payloads& answer, Instant now);
  void on_followup_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path, Instant now,
                           Outbox& out);
  void give_way(Task ours, Instant now, Outbox& out);
  void forget_followup(Instant now);
  [[nodiscard]] bool awaits_new_ike_sa() const { return awaited_ && !awaited_->child; }

  // rekey_ike.cc
  void send_rekey_ike(RekeyIkeTask task, Instant now, Outbox& out);
  void on_rekey_ike_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path, Instant now,
                            Outbox& out);
  void on_rekey_ike_response(Exchange x, const Payloads& p, Instant now, Outbox& out);
  [[nodiscard]] Result<std::unique_ptr<SaImpl>> make_successor(const Suite& suite, bool we_began, IkeSpi i, IkeSpi r,
                                                               ByteView g_ir, ByteView ni, ByteView nr, Instant now,
                                                               ByteView more = {}) const;
  void finish_rekey_ike(Exchange x, const Followup& f, Instant now, Outbox& out);
  void take_rekeyed_by_peer(std::unique_ptr<SaImpl> next, Bytes lowest_nonce, Instant now, Outbox& out);
  [[nodiscard]] bool rekeys_ike_itself() const {
    return exchange_ && std::holds_alternative<RekeyIkeTask>(exchange_->task);
  }
  void hand_over(std::unique_ptr<SaImpl> successor, Outbox& out);
  void hand_over_to_rival(Instant now, Outbox& out);

  // informational.cc
  void send_token(Instant now, Outbox& out);
  void on_unprotected(const wire::Message& m, Outbox& out);
  void add_token(Payloads& p, bool initiator, IkeSpi i, IkeSpi r);
  void send_delete_child(ChildId id, Instant now, Outbox& out);
  void on_informational_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                                Instant now, Outbox& out);
  void on_informational_response(Exchange x, const Payloads& p, Instant now, Outbox& out);

  // going_to_sleep.cc
  void send_sleep(SleepTask task, Instant now, Outbox& out);
  void take_back_sleep(Outbox& out);
  [[nodiscard]] bool is_announcement(const wire::Message& m, const Payloads& p) const;
  void take_announcement(const Payloads& p, const Path& path, Outbox& out);
  // redirect.cc
  void offer_redirect(Payloads& p) const;
  [[nodiscard]] bool redirected_in_clear(const Payloads& p, Outbox& out);
  [[nodiscard]] bool redirected_at_login(const Payloads& p, Instant now, Outbox& out);
  void take_redirect(const Payloads& p, Outbox& out);
  void learn_redirect(const Payloads& p);
  void let_go(Instant now);
  void send_redirect(RedirectTask task, Instant now, Outbox& out);

  // mobike.cc
  void offer_mobike(Payloads& p);
  void agree_mobike(const Payloads& p, const Path& path, Outbox& out);
  void answer_mobike(Payloads& answer, const Path& path);
  void add_nat_payloads(Payloads& p, const Path& path);
  void settle_moved_nat(const Payloads& p, const Path& path);
  void resend_on_path(bool other, Instant now, Outbox& out);
  void put_first(Task task);
  void send_mobike(Task task, Instant now, Outbox& out);
  void on_mobike_response(Exchange x, const Payloads& p, const Path& path, Instant now, Outbox& out);
  void on_update_response(const Payloads& p, const Path& path, Instant now, Outbox& out);
  void take_addresses(const Payloads& p, const Path& path, Instant now, Outbox& out);
  void take_update(const Payloads& p, const Path& path, Instant now, Outbox& out);
  void answer_addresses(const Payloads& p, const Path& path, Payloads& answer);
  void note_mapping(const Payloads& p, Instant now, Outbox& out);
  void end_unproven(Outbox& out);
  void report_moved(Instant now, Outbox& out);

  Owner& owner_;
  IkeSaId id_;
  bool initiator_;
  Path path_;
  IkePolicy policy_;
  std::string gateway_;
  SaState state_ = SaState::half_open;
  IkeSpi spi_i_{}, spi_r_{};
  Suite suite_;
  std::optional<Protection> protection_;
  MessageWindow window_;
  bool fragments_ = false;                      ///< both ends have said FRAGMENTATION_SUPPORTED
  Reassembler request_pieces_, answer_pieces_;  ///< of the peer's request and of the answer to ours
  std::vector<ChildSa> children_;
  std::vector<ChildPolicy> children_policy_;
  std::deque<Task> tasks_;
  std::optional<Exchange> exchange_;
  bool asleep_ = false, udp_encap_ = false, quit_after_reply_ = false;

  // of the login
  Identity local_;
  std::optional<Identity> expected_peer_, peer_;
  SecretBytes psk_;
  bool initial_contact_ = true;
  Bytes ni_, nr_, init_request_, init_response_, cookie_;
  Bytes init_request_twin_;  ///< responder: the same with a cookie, or without
  std::unique_ptr<crypto::KeyExchange> ke_;
  KeId group_ = KeId::none;
  unsigned init_rounds_ = 0;
  CloseReason hint_ = CloseReason::no_answer;
  HeldSpi first_child_spi_{};
  std::unique_ptr<Intermediate> intermediate_;  ///< from IKE_SA_INIT to IKE_AUTH, if both ends have IKE_INTERMEDIATE
  NatFindings nat_;
  QcdTokens peer_tokens_;
  Mobike mobike_;
  std::optional<wire::InsideRequest> ask_inside_;
  std::optional<IpAddress> redirected_from_;
  bool peer_follows_ = false;  ///< gateway: its client may be sent elsewhere (RFC 5685)
  bool childless_ = false;     ///< initiator: IKE_AUTH goes without a Child SA; responder: it may

  std::unique_ptr<PpkLogin> ppk_;  ///< during the login, if both ends have said USE_PPK

  // of signatures
  std::vector<LocalCredential> credentials_;
  crypto::SharedCredential credential_;  ///< the one of these that is taken; none: the shared key proves us
  bool peer_signs_ = false;              ///< initiator: what the gateway must do
  std::optional<HashList> offered_hashes_, peer_hashes_;  ///< sent and got in IKE_SA_INIT
  std::vector<AuthorityKeyId> wanted_authorities_;        ///< of the peer's CERTREQ
  std::optional<Identity> wanted_local_;                  ///< responder: the name the peer asked for
  wire::AuthMethod peer_method_{};
  std::optional<wire::InsideConfig> inside_;

  // of tickets
  bool wants_tickets_ = false;         ///< we came as the client
  std::optional<ResumeState> resume_;  ///< initiator: until the SA stands
  bool resumed_ = false;               ///< AUTH is made of SK_p, identities are those of the ticket
  std::optional<Instant> ticket_at_;   ///< ask (again) then

  // of announced sleep
  bool peer_is_ours_ = false;
  bool silent_ = false;     ///< we announced sleep
  Bytes instead_of_sleep_;  ///< repeated until the peer is heard, after an announcement without an answer

  // of a rekey of this IKE SA begun by the peer while ours is under way (RFC 7296 2.8.2)
  std::unique_ptr<SaImpl> rival_;  ///< none while its key exchanges go on
  Bytes rival_lowest_;             ///< not empty: there is one

  // of further key exchanges
  std::unique_ptr<Followup> followup_;  ///< of exchange_
  std::unique_ptr<Followup> awaited_;   ///< of the peer's CREATE_CHILD_SA
  unsigned lost_followups_ = 0;         ///< in a row (STATE_NOT_FOUND)

  Instant created_, established_at_{}, soft_{}, hard_{};
  std::optional<Instant> negotiate_until_, closing_until_, retry_at_;
  unsigned put_off_ = 0;     ///< how often in a row
  std::vector<Task> retry_;  ///< refused with TEMPORARY_FAILURE, for retry_at_
};

}  // namespace dormouse::ike
