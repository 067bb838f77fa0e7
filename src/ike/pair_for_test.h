// Two ends of an IKE SA on one virtual clock, with the wire between them in a test's hands: every datagram waits in a
// queue until the test delivers, loses, repeats or spoils it.
#pragma once
#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/toy_certificates.h"
#include "crypto/testing/toy_provider.h"
#include "ike/qcd.h"
#include "ike/sa.h"

namespace dormouse::ike::testing {

/// Random, but the first octet of everything nonce-sized can be chosen: that decides who wins a collision.
class NonceRng final : public Rng {
 public:
  explicit NonceRng(std::uint64_t seed) : inner_(seed) {}
  std::optional<std::uint8_t> nonce_starts_with;
  void fill(MutableBytes out) override {
    inner_.fill(out);
    if (out.size() == 32 && nonce_starts_with) out[0] = *nonce_starts_with;
  }

 private:
  crypto::testing::SeededRng inner_;
};

[[nodiscard]] inline Suite ike_suite(KeId ke = KeId::x25519) {
  return {EncrId::aes_cbc, 128, PrfId::hmac_sha2_256, IntegId::hmac_sha2_256_128, ke, EsnId::no};
}
[[nodiscard]] inline Suite esp_suite(KeId ke = KeId::x25519) {
  return {.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha2_256_128, .ke = ke, .esn = EsnId::no};
}
[[nodiscard]] inline ChildPolicy child_policy(const std::string& name, const char* local, const char* remote) {
  ChildPolicy p;
  p.name = name;
  p.suites = {esp_suite()};
  p.local = {TrafficSelector::of(*Prefix::parse(local))};
  p.remote = {TrafficSelector::of(*Prefix::parse(remote))};
  return p;
}
[[nodiscard]] inline SecretBytes secret(std::string_view text) {
  return SecretBytes(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}
[[nodiscard]] inline Identity name_id(std::string_view text) { return {IdType::fqdn, {text.begin(), text.end()}}; }

/// One end: what the layer above would hold, reduced to records.
class End final : public Owner {
 public:
  End(std::string end_name, crypto::Provider& engine, std::uint64_t seed)
      : name(std::move(end_name)), rng_(seed), engine_(engine) {}

  std::string name;
  crypto::KeyExport* exporting = nullptr;
  IkePolicy policy;
  std::vector<ChildPolicy> children_policy;
  SecretBytes psk = secret("correct horse");
  Identity identity;
  std::vector<LocalCredential> credentials;    ///< none: the shared key proves this end
  bool wants_signature = false;                ///< of its peer
  crypto::Trust trust;                         ///< whom it believes then
  WallTime calendar{1'000'000};                ///< its date
  bool checks_identity = true;                 ///< the peer's name must stand in its certificate
  std::string peer_certificate;                ///< subject of the last one it believed
  std::optional<QcdMaker> qcd;                 ///< quick crash detection is on
  std::vector<IpAddress> others;               ///< further addresses, for MOBIKE
  bool stay = false;                           ///< may_move() says no
  bool refuse = false;                         ///< authorize() says no whatever the secret
  std::optional<wire::InsideConfig> gives;     ///< to who logs in
  std::optional<wire::NotifyType> turns_away;  ///< who logs in, though the secret is right
  std::optional<OtherGateway> sends_to;        ///< who logs in and follows

  std::set<EspSpi> spis;  ///< allocated and not given back; outlives the SAs, which give back what they hold
  std::map<IkeSaId, std::unique_ptr<IkeSa>> sas;
  std::map<ChildId, NewChild> children;  ///< installed now
  std::vector<ChildId> ready;            ///< told by ChildOutboundReady
  std::vector<std::string> events;       ///< what was reported, in order
  std::deque<Transmit> wire;             ///< sent, not yet taken by the test
  std::vector<AuthQuery> asked;
  NonceRng& dice() { return rng_; }

  Rng& rng() override { return rng_; }
  crypto::Provider& crypto() override { return engine_; }
  crypto::KeyExport* key_export() override { return exporting; }
  IkeSaId next_ike_id() override { return IkeSaId(++last_ike_); }
  ChildId next_child_id() override { return ChildId(++last_child_); }
  EspSpi allocate_esp_spi() override {
    return *spis.insert(EspSpi(0x1000 + ++last_spi_ + (name == "b" ? 0x100000U : 0U))).first;
  }
  void release_esp_spi(EspSpi spi) override { spis.erase(spi); }
  std::optional<Bytes> qcd_token(bool initiator, IkeSpi i, IkeSpi r) override {
    return qcd ? std::optional(qcd->token(initiator, i, r)) : std::nullopt;
  }
  IkeSpi allocate_ike_spi() override { return IkeSpi(0xabc000 + ++last_spi_ + (name == "b" ? 0x100000U : 0U)); }
  Result<AuthGrant> authorize(const AuthQuery& query, std::vector<LogEvent>&) override {
    asked.push_back({.sa = query.sa,
                     .peer = query.peer,
                     .wanted_local = query.wanted_local,
                     .initial_contact = query.initial_contact,
                     .suite = query.suite,
                     .verify = {},
                     .inside = query.inside,
                     .method = query.method,
                     .certificates = query.certificates,
                     .verify_signature = {},
                     .choose_ppk = {},
                     .follows = query.follows});
    if (refuse || !query.choose_ppk(policy.ppk) || !proves_itself(query)) return fail(ErrorCode::auth_failed, "AUTH");
    return AuthGrant{.gateway = "toClient_0",
                     .local = identity,
                     .psk = psk.clone(),
                     .policy = policy,
                     .children = children_policy,
                     .inside = gives,
                     .turned_away = turns_away,
                     .redirect_to = query.follows ? sends_to : std::nullopt,
                     .credentials = credentials};
  }
  bool proves_itself(const AuthQuery& query) {
    if (!wants_signature) return query.verify(psk.reveal());
    std::vector<LogEvent> log;
    const auto certificate = believe({.sa = query.sa, .peer = query.peer, .certificates = query.certificates}, log);
    return certificate && query.verify_signature(*(*certificate)->key);
  }
  Result<crypto::SharedCertificate> believe(const CertificateQuery& query, std::vector<LogEvent>&) override {
    const auto believed = crypto::testing::ToyCertificates().verify(query.certificates, trust, calendar);
    if (!believed) return fail(ErrorCode::refused, name_of(believed.error()));
    if (checks_identity && !certifies(*believed->certificate, query.peer)) return fail(ErrorCode::refused, "identity");
    peer_certificate = believed->certificate->subject_text;
    return believed->certificate;
  }

  std::vector<IpAddress> other_addresses(IkeSaId, const Path&) override { return others; }
  bool may_move(IkeSaId, const Path&) override { return !stay; }

  // Session tickets, kept by reference: enough to try the exchange; what may become of one is the tunnel layer's.
  struct Kept {
    Suite suite;
    SecretBytes sk_d;
    Identity peer, local;
  };
  std::map<Bytes, Kept> tickets;  ///< given
  unsigned opened = 0;
  bool refuse_resumed = false;
  std::size_t ticket_size = 24;
  std::optional<GivenTicket> give_ticket(const TicketSubject& s, Instant) override {
    auto fresh = rng_.bytes(ticket_size);
    tickets.emplace(fresh, Kept{s.suite, SecretBytes(s.sk_d), s.peer, s.local});
    return GivenTicket{fresh, 3600s};
  }
  Result<OpenTicket> open_ticket(IkeSaId, ByteView shown, Instant, std::vector<LogEvent>&) override {
    const auto kept = tickets.find(to_bytes(shown));
    if (kept == tickets.end()) return fail(ErrorCode::refused, "ticket");
    ++opened;
    return OpenTicket{kept->second.suite, kept->second.sk_d.clone(), kept->second.peer, kept->second.local, policy};
  }
  Result<AuthGrant> authorize_resumed(const ResumeQuery& query, Instant, std::vector<LogEvent>&) override {
    if (refuse_resumed) return fail(ErrorCode::auth_failed, "AUTH");
    events.push_back("resumed by " + query.peer.text());
    return AuthGrant{.gateway = "toClient_0",
                     .local = identity,
                     .psk = {},
                     .policy = policy,
                     .children = children_policy,
                     .redirect_to = query.follows ? sends_to : std::nullopt};
  }

  [[nodiscard]] IkeSa* only_sa() { return sas.size() == 1 ? sas.begin()->second.get() : nullptr; }
  [[nodiscard]] IkeSa* newest_sa() { return sas.empty() ? nullptr : sas.rbegin()->second.get(); }
  [[nodiscard]] bool saw(const std::string& event) const { return std::ranges::find(events, event) != events.end(); }
  [[nodiscard]] std::size_t count(const std::string& event) const {
    return static_cast<std::size_t>(std::ranges::count(events, event));
  }

  void carry_out(Outbox& box) {
    for (auto& action : box.take()) std::visit([this](auto& a) { note(a); }, action);
    std::erase_if(sas, [](const auto& s) { return s.second->state() == SaState::closed; });
  }

 private:
  void note(Transmit& a) { wire.push_back(std::move(a)); }
  void note(Established&) { events.emplace_back("established"); }
  void note(ChildUp& a) {
    events.push_back("child up " + a.child.phase2);
    children.emplace(a.child.id, std::move(a.child));
  }
  void note(ChildOutboundReady& a) {
    events.emplace_back("outbound ready");
    ready.push_back(a.child);
  }
  void note(ChildDown& a) {
    events.push_back("child down: " + std::string(name_of(a.reason)));
    children.erase(a.child);
  }
  void note(ChildFailed& a) { events.push_back("child failed " + a.phase2 + " " + std::to_string(a.notify)); }
  void note(Closed& a) { events.push_back("closed: " + std::string(name_of(a.reason))); }
  void note(Unreachable&) { events.emplace_back("unreachable"); }
  void note(TicketReceived& a) {
    events.emplace_back("ticket");
    ticket = std::move(a);
  }
  void note(ReauthWanted& a) { events.push_back("reauth within " + std::to_string(seconds_of(a.within))); }
  void note(TicketRefused&) { events.emplace_back("ticket refused"); }
  void note(PeerCrashed&) { events.emplace_back("peer crashed"); }
  void note(PeerAlive&) { ++alive; }
  void note(PeerGoesToSleep& a) {
    events.emplace_back("peer goes to sleep");
    last_words = std::move(a);
  }
  void note(SleepHeard&) { events.emplace_back("sleep heard"); }
  void note(Rekeyed& a) {
    events.emplace_back("rekeyed");
    const auto id = a.successor->id();
    sas[id] = std::move(a.successor);
  }
  void note(NatState& a) { nat = a; }
  void note(Moved& a) {
    events.push_back("moved to " + (sas.at(a.sa)->initiator() ? a.path.local : a.path.remote).text());
    moved = a;
  }
  void note(MoveRefused& a) { events.push_back("move refused " + std::to_string(a.notify)); }
  void note(PeerAddresses& a) { events.push_back("addresses from " + a.path.remote.text()); }
  void note(Redirected& a) { events.push_back("redirected to " + a.to.text() + (a.authenticated ? "" : ", in clear")); }
  void note(Log&) {}

 public:
  std::size_t alive = 0;  ///< PeerAlive reports
  std::optional<NatState> nat;
  std::optional<Moved> moved;
  std::optional<TicketReceived> ticket;  ///< the newest we were given
  std::optional<PeerGoesToSleep> last_words;

 private:
  NonceRng rng_;
  crypto::Provider& engine_;
  std::uint32_t last_ike_ = 0, last_child_ = 0, last_spi_ = 0;
};

/// Initiator `a` and responder `b`, with one phase 2 "p2" between 10.1.0.0/16 and 10.2.0.0/16.
class Pair {
 public:
  explicit Pair(std::uint64_t seed = 1) : Pair(own_engine(), seed) {}
  Pair(crypto::Provider& engine, std::uint64_t seed) : a("a", engine, seed), b("b", engine, seed + 1000) {
    a.identity = name_id("client");
    b.identity = name_id("gateway");
    for (End* e : {&a, &b}) {
      e->policy.gateway = e == &a ? "toServer" : "toClient";
      e->policy.suites = {ike_suite()};
    }
    a.children_policy = {child_policy("p2", "10.1.0.0/16", "10.2.0.0/16")};
    b.children_policy = {child_policy("p2", "10.2.0.0/16", "10.1.0.0/16")};
  }

  End a, b;
  Instant now = Instant::from_ns(1'000'000'000'000);
  Endpoint a_at{*IpAddress::parse("192.0.2.1"), 500}, b_at{*IpAddress::parse("192.0.2.2"), 500};
  Endpoint a_seen{*IpAddress::parse("192.0.2.1"), 500};  ///< what b sees of a: differs behind a NAT
  std::optional<Identity> expected_peer;
  std::optional<wire::InsideRequest> asks;  ///< of the initiator
  std::optional<IpAddress> redirected_from;

  End& other(End& e) { return &e == &a ? b : a; }

  /// `resume`: by ticket.
  void begin(std::optional<ResumeState> resume = std::nullopt) {
    InitiatorSetup setup{.path = {a_at, b_at, 0}, .policy = a.policy};
    setup.gateway = "toServer";
    setup.local = a.identity;
    setup.expected_peer = expected_peer;
    setup.psk = a.psk.clone();
    setup.credentials = a.credentials;
    setup.peer_signs = a.wants_signature;
    setup.children = a.children_policy;
    setup.resume = std::move(resume);
    setup.ask_inside = asks;
    setup.redirected_from = redirected_from;
    auto sa = IkeSa::make_initiator(a, std::move(setup), now);
    const auto id = sa->id();
    a.sas[id] = std::move(sa);
    use(a, *a.sas[id], [&](IkeSa& s, Outbox& out) { s.start(now, out); });
  }
  void login() {
    begin();
    settle();
  }
  void use(End& e, IkeSa& sa, const std::function<void(IkeSa&, Outbox&)>& what) {
    Outbox box;
    what(sa, box);
    e.carry_out(box);
  }
  /// Hands `message` to `to`, as it came over the wire of the other end.
  void hand(End& to, const Bytes& message, std::uint16_t port) {
    const bool to_b = &to == &b;
    Path path{to_b ? b_at : a_at, to_b ? a_seen : b_at, 0};
    path.local.port = port;
    path.remote.port = to_b && a_seen != a_at ? a_seen.port : port;
    hand(to, message, path);
  }
  void hand(End& to, const Bytes& message, const Path& path) {
    const auto h = wire::parse_header(message);
    if (!h) return;
    const IkeSpi ours = h->initiator ? h->spi_r : h->spi_i;
    IkeSa* found = nullptr;
    for (auto& [id, sa] : to.sas) {
      const bool mine = (sa->initiator() ? sa->spi_i() : sa->spi_r()) == ours && sa->initiator() != h->initiator;
      const bool first = ours.value() == 0 && h->initiator && !sa->initiator() && sa->spi_i() == h->spi_i;
      if (mine || first) found = sa.get();
    }
    if (found == nullptr) {
      const bool begins =
          h->exchange == wire::ExchangeType::ike_sa_init || h->exchange == wire::ExchangeType::ike_session_resume;
      if (!begins || h->response || ours.value() != 0) return;
      auto sa = IkeSa::make_responder(to, path, to.policy, h->spi_i, now);
      const auto id = sa->id();
      found = (to.sas[id] = std::move(sa)).get();
    }
    use(to, *found, [&](IkeSa& s, Outbox& out) { s.on_message(message, path, now, out); });
  }
  /// Delivers the oldest datagram `from` sent; false: none.
  bool deliver_one(End& from) {
    if (from.wire.empty()) return false;
    const auto t = std::move(from.wire.front());
    from.wire.pop_front();
    hand(other(from), t.message, t.path.remote.port);
    return true;
  }
  /// Delivers all, in turns, until both are silent.
  void settle() {
    for (bool moved = true; moved;) {
      moved = deliver_one(a);
      moved = deliver_one(b) || moved;
    }
  }
  void lose(End& from) { from.wire.clear(); }
  /// Time passes; timers that fall due on the way run, and what they send arrives if `connected`.
  void pass(Duration d, bool connected = true) {
    const Instant end = now + d;
    for (;;) {
      std::optional<Instant> next;
      for (End* e : {&a, &b})
        for (auto& [id, sa] : e->sas)
          if (const auto due = sa->next_deadline(); due && (!next || due->at < *next)) next = due->at;
      if (!next || *next > end) break;
      now = std::max(now, *next);
      for (End* e : {&a, &b}) {
        std::vector<IkeSaId> ids;
        for (auto& [id, sa] : e->sas) ids.push_back(id);
        for (const auto id : ids)
          if (const auto it = e->sas.find(id); it != e->sas.end())
            use(*e, *it->second, [&](IkeSa& s, Outbox& out) { s.on_timer(now, out); });
      }
      if (connected) settle();
    }
    now = end;
  }
  /// Every Child SA of one end has its mirror at the other, with the same keys.
  [[nodiscard]] bool children_agree() const {
    if (a.children.size() != b.children.size()) return false;
    for (const auto& [id, x] : a.children) {
      const auto mirror = std::ranges::find_if(b.children, [&](const auto& e) { return e.second.spi_in == x.spi_out; });
      if (mirror == b.children.end()) return false;
      const NewChild& y = mirror->second;
      if (y.spi_out != x.spi_in || !equal(x.encr_out.reveal(), y.encr_in.reveal()) ||
          !equal(x.encr_in.reveal(), y.encr_out.reveal()) || !equal(x.integ_out.reveal(), y.integ_in.reveal()) ||
          !equal(x.integ_in.reveal(), y.integ_out.reveal()) || x.local_ts != y.remote_ts || x.remote_ts != y.local_ts ||
          x.suite != y.suite)
        return false;
    }
    return true;
  }
  [[nodiscard]] bool one_tunnel() {
    return a.only_sa() && b.only_sa() && a.only_sa()->state() == SaState::established &&
           b.only_sa()->state() == SaState::established && a.only_sa()->spi_i() == b.only_sa()->spi_i() &&
           a.only_sa()->spi_r() == b.only_sa()->spi_r() && a.children.size() == 1 && children_agree();
  }

 private:
  static crypto::Provider& own_engine() {
    static crypto::testing::ToyProvider engine;  // stateless
    return engine;
  }
};

}  // namespace dormouse::ike::testing
