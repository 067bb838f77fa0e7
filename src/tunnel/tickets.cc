// Session tickets at the gateway (RFC 5723): given to clients of phase 1 that may resume, taken back once. A ticket is
// spent when its owner first uses the new SA, not when it is shown: a copy of it that somebody else sends burns
// nothing, and a client whose last answer was lost may come again with the same one.
#include <algorithm>

#include "base/limits.h"
#include "tunnel/manager.h"
#include "wire/registry.h"

namespace dormouse::tunnel {
namespace {

constexpr const char* kKeysName = "tickets";
constexpr const char* kKeysArea = "ticket-key";
constexpr const char* kSpentArea = "ticket-spent";
constexpr const char* kFloorArea = "ticket-floor";
constexpr std::size_t kGivenPerTunnel = 4;

std::string hex_of(ByteView b) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const auto v : b) {
    out += kDigits[v >> 4];
    out += kDigits[v & 15];
  }
  return out;
}

std::optional<SpentTickets::Id> id_of(const std::string& hex) {
  SpentTickets::Id id{};
  if (hex.size() != 2 * id.size()) return std::nullopt;
  const auto digit = [](char c) { return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= '0' && c <= '9' ? c - '0' : -1; };
  for (std::size_t i = 0; i < id.size(); ++i) {
    const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return id;
}

void put(Writer& w, std::string_view text) {
  w.u32(static_cast<std::uint32_t>(text.size()));
  w.bytes(as_bytes(text));
}
void put(Writer& w, const std::vector<Suite>& suites) {
  for (const auto& s : suites)
    for (const auto v : {static_cast<unsigned>(s.encr), static_cast<unsigned>(s.key_bits), static_cast<unsigned>(s.prf),
                         static_cast<unsigned>(s.integ), static_cast<unsigned>(s.ke), static_cast<unsigned>(s.esn)})
      w.u16(static_cast<std::uint16_t>(v));
  for (const auto& s : suites)  // none: as before there were any
    for (std::size_t i = 0; s.has_additional() && i < s.addke.size(); ++i)
      w.u16(static_cast<std::uint16_t>(s.addke[i]));
}
void put(Writer& w, const TrafficSelectors& ts) {
  for (const auto& s : ts) {
    w.u8(s.protocol);
    w.u16(s.first_port);
    w.u16(s.last_port);
    put(w, s.range.first.text() + "-" + s.range.last.text());
  }
}

/// What is asked of a peer's certificate. Who vouched for it, and whether still, is looked up when the ticket comes.
void put_certificate_terms(Writer& w, const config::Phase1& p) {
  w.u8(static_cast<std::uint8_t>(p.auth));
  w.u8(static_cast<std::uint8_t>(p.auth_remote));
  if (p.auth_remote != config::AuthMethod::signature) return;
  w.u8(p.cert_id_validation ? 1 : 0);
  for (const auto& peer : p.peers) {
    put(w, peer.ca);
    w.u8(peer.mandatory_ca_verify ? 1 : 0);
    put(w, peer.subject);
    put(w, peer.cn);
    w.u8(static_cast<std::uint8_t>(peer.cn_type));
  }
}

/// The entry among the spent tickets that says since when the tickets of a session count. It expires with the longest
/// ticket of that moment, and so tells the moment.
TicketId since_entry(const SessionId& session) {
  TicketId id{};
  std::ranges::transform(session, id.begin(), [](std::uint8_t v) { return static_cast<std::uint8_t>(~v); });
  return id;
}

/// When whoever shows this ticket must log in again: what was said at the login, and what is asked for by now.
std::optional<Instant> reauth_due(const TicketContent& c, const config::Phase1& p) {
  if (!p.reauth) return c.reauth_deadline;
  const auto by_policy = c.logged_in + p.keylife;
  return std::min(c.reauth_deadline.value_or(by_policy), by_policy);
}

}  // namespace

/// What this phase 1 asks of a peer and lets it do. Changed, and whoever came under the old terms logs in anew.
std::uint64_t Manager::policy_fingerprint(const config::Phase1& p) {
  Bytes terms;
  Writer w(terms);
  put(w, p.name);
  w.u8(static_cast<std::uint8_t>(p.peertype));
  put(w, p.peerid);
  put(w, p.localid ? p.localid->text() : "");
  put(w, p.suites);
  if (p.psk) w.bytes(p.psk->reveal());
  if (p.ppk != config::PpkMode::disable) {
    w.u8(static_cast<std::uint8_t>(p.ppk));
    put(w, p.ppk_identity);
    if (p.ppk_secret) w.bytes(p.ppk_secret->reveal());
  }
  put_certificate_terms(w, p);
  for (const auto* p2 : model_->phase2_of(p.name)) {
    put(w, p2->name);
    put(w, p2->suites);
    w.u8(p2->pfs ? 1 : 0);
    put(w, p2->src);
    put(w, p2->dst);
  }
  const std::array<ByteView, 1> parts{terms};
  const auto mac = crypto_.prf(PrfId::hmac_sha2_256, as_bytes("Dormouse policy"), parts);
  wipe(terms);
  return mac ? load64(mac->reveal().data()) : 0;
}

// --- kept

void Manager::restore_tickets(const StoredState& stored, Instant now) {
  std::map<std::uint32_t, Instant> kept_until;
  for (const auto& b : stored.blobs) {
    if (!b.expires) continue;
    if (b.area == kKeysArea)
      kept_until[static_cast<std::uint32_t>(std::strtoul(b.key.c_str(), nullptr, 10))] = *b.expires;
    if (b.area == kFloorArea) tickets_.spent.raise_floor(*b.expires - TicketKeys::kLongestTicket);
    if (b.area != kSpentArea) continue;
    if (const auto id = id_of(b.key)) tickets_.spent.add(*id, now, *b.expires, now);
  }
  if (const auto keys = stored.secrets.find(kKeysName); keys != stored.secrets.end())
    tickets_.keys.import(*keys->second, kept_until, now);
}

/// Which session a restored tunnel belongs to, so that its tickets find it.
void Manager::restore_ticket_session(Tunnel& t, const Bytes& value) {
  if (value.size() != t.session.size()) return;
  std::ranges::copy(value, t.session.begin());
  t.session_kept = true;
}

void Manager::rotate_ticket_keys(Instant now) {
  if (!tickets_.keys.rotate(now)) return;
  for (const auto& [id, until] : tickets_.keys.kept_until())
    out_.push_back(Persist{SaveBlob{kKeysArea, std::to_string(id), Bytes{0}, until}});
  out_.push_back(Persist{SaveSecret{kKeysName, tickets_.keys.exported()}});
}

std::optional<SaveBlob> Manager::session_blob(const Tunnel& t) const {
  if (!t.dynamic || t.session == SessionId{}) return std::nullopt;
  return SaveBlob{kSessionArea, instance_key(t), to_bytes(t.session), std::nullopt};
}

void Manager::keep_session(Tunnel& t) {
  auto blob = t.session_kept ? std::nullopt : session_blob(t);
  if (!blob) return;
  t.session_kept = true;
  out_.push_back(Persist{std::move(*blob)});
}

void Manager::refuse_from_now(const SpentTickets::Id& id, Instant issued, Instant expires, Instant now) {
  const auto floor = tickets_.spent.floor();
  if (!tickets_.spent.add(id, issued, expires, now)) return;
  out_.push_back(Persist{SaveBlob{kSpentArea, hex_of(id), Bytes{0}, expires}});
  if (tickets_.spent.floor() != floor)
    out_.push_back(Persist{SaveBlob{kFloorArea, "0", Bytes{0}, *tickets_.spent.floor() + TicketKeys::kLongestTicket}});
}

/// The tunnel is gone by somebody's will, or its client has logged in anew: no ticket of it counts any more.
void Manager::revoke_tickets(Tunnel& t, Instant now) {
  t.given.clear();
  if (t.session == SessionId{}) return;
  refuse_from_now(t.session, now, now + TicketKeys::kLongestTicket, now);
  forget_session(t);
}

void Manager::forget_session(Tunnel& t) {
  if (std::exchange(t.session_kept, false)) out_.push_back(Persist{DropBlob{kSessionArea, instance_key(t)}});
  t.session = {};
}

/// The client uses `sa`: it has what was given with it, so all older tickets of the tunnel are spent. Those that were
/// given before a restart are not known one by one.
void Manager::spend_older_tickets(Tunnel& t, IkeSaId sa, Instant now) {
  const auto* s = t.given.empty() || t.current != sa ? nullptr : sas_.find(sa);
  if (!s) return;
  const auto since = s->status().created;
  std::erase_if(t.given, [&](const GivenTicket& g) {
    if (g.sa == sa || g.issued >= since) return false;  // what it was given last may be of the successor
    refuse_from_now(g.id, g.issued, g.expires, now);
    return true;
  });
  if (t.logged_in < since && t.tickets_since != since) {
    t.tickets_since = since;
    refuse_from_now(since_entry(t.session), since, since + TicketKeys::kLongestTicket, now);
  }
}

// --- ike::Owner

std::optional<ike::GivenTicket> Manager::give_ticket(const ike::TicketSubject& subject, Instant now) {
  const auto login = pending_.find(subject.sa);
  Tunnel* t = login == pending_.end() ? tunnel_of_sa(subject.sa) : nullptr;
  const auto phase1 = t ? t->phase1 : login == pending_.end() ? nullptr : login->second.phase1;
  if (!phase1 || !model_->session_resume) return std::nullopt;
  rotate_ticket_keys(now);
  const bool by_ticket = !t && login->second.by_ticket;
  TicketContent c{.phase1 = phase1->name, .index = t ? t->index : login->second.index};
  if (t && t->session == SessionId{}) rng_.fill(t->session);
  c.session = t ? t->session : login->second.session;
  c.auth_method = t ? t->auth_method : login->second.auth_method;
  if (const auto certificate = t ? t->certificate : login->second.certificate) {
    if (certificate->facts.steps.empty()) return std::nullopt;  // nothing to hold a revocation list against
    c.certificate = certificate->facts;
  }
  c.peer = subject.peer;
  c.local = subject.local;
  c.logged_in = t ? t->logged_in : by_ticket ? login->second.logged_in : now;
  c.reauth_deadline = t ? t->reauth_deadline : login->second.reauth_deadline;
  c.lease = t ? t->inside.addresses : held_lease(*phase1, c.index);
  c.issued = now;
  c.expires = std::min({subject.hard, now + TicketKeys::kLongestTicket, c.reauth_deadline.value_or(subject.hard)});
  c.suite = subject.suite;
  c.sk_d = SecretBytes(subject.sk_d);
  c.policy = policy_fingerprint(*phase1);
  // A second may be lost to rounding on either side; a shorter one is of no use.
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(c.expires - now) - 1s;
  if (lifetime < 1s) return std::nullopt;
  auto sealed = tickets_.keys.seal(c);
  if (!sealed) return std::nullopt;
  const GivenTicket given{.id = sealed->id, .sa = subject.given_to, .issued = now, .expires = c.expires};
  if (t) {
    index_.update(*t);  // its session may be new
    keep_session(*t);
    note_given(*t, given, now);
  } else {
    login->second.given = given;
  }
  ++tickets_.given;
  return ike::GivenTicket{.ticket = std::move(sealed->ticket), .lifetime = lifetime};
}

void Manager::note_given(Tunnel& t, const GivenTicket& given, Instant now) {
  t.given.push_back(given);
  if (t.given.size() <= kGivenPerTunnel) return;
  refuse_from_now(t.given.front().id, t.given.front().issued, t.given.front().expires, now);
  t.given.erase(t.given.begin());
}

/// Why a ticket that opened is not good (any more); null if it is.
const char* Manager::ticket_obstacle(const TicketId& id, const TicketContent& c, const config::Phase1* phase1,
                                     Instant now) {
  if (!model_->session_resume) return "session resumption is disabled";
  if (!phase1) return "its phase 1 was removed";
  if (!phase1->has_policy) return "its policies were removed";
  if (c.expires <= now) return "expired";
  if (const auto due = reauth_due(c, *phase1); due && *due <= now) return "re-authentication is due";
  if (tickets_.spent.contains(id)) return "used before";
  if (tickets_.spent.contains(c.session)) return "revoked";
  const auto counts = tickets_.spent.expiry(since_entry(c.session));  // a ticket tells full seconds
  if (counts && c.issued + 1s <= *counts - TicketKeys::kLongestTicket) return "replaced by a newer one";
  if (tickets_.spent.floor() && c.issued <= *tickets_.spent.floor()) return "too old";
  if (c.policy != policy_fingerprint(*phase1)) return "the configuration changed";
  if (std::ranges::find(phase1->suites, c.suite) == phase1->suites.end()) return "its suite is no longer allowed";
  if (c.certificate) return certificates_.fault(*c.certificate, wall_at(now));
  return nullptr;
}

void Manager::count_refusal(const std::string& phase1, const char* reason) {
  ++phase1_counters_[phase1].refused_by_reason[reason];
}

Result<ike::OpenTicket> Manager::open_ticket(IkeSaId sa, ByteView ticket, Instant now, std::vector<LogEvent>& log) {
  const auto refuse = [&](const std::string& phase1, const char* why) {
    log.push_back({LogId::ticket_refused, {.gateway = phase1, .ike = sa}, {std::string(why)}});
    count_refusal(phase1, why);
    ++tickets_.refused;
    return fail(ErrorCode::refused, "ticket");
  };
  auto opened = tickets_.keys.open(ticket, now);
  const auto candidates = phase1_for(incoming_);
  const std::string first = candidates.empty() ? "?" : candidates.front()->name;
  if (!opened) {
    // It names nobody: counted where the address leads first.
    return refuse(first, opened.error().code == ErrorCode::unexpected ? "sealed with a key of another gateway or time"
                                                                      : "not a ticket of this gateway");
  }
  const auto& c = opened->content;
  const auto phase1 = std::ranges::find(candidates, c.phase1, [](const auto& p) { return p->name; });
  if (const char* why = ticket_obstacle(opened->id, c, phase1 == candidates.end() ? nullptr : phase1->get(), now))
    return refuse(c.phase1, why);
  ike::OpenTicket good{.suite = c.suite, .sk_d = c.sk_d.clone(), .peer = c.peer, .local = c.local};
  good.policy = ike_policy(**phase1);
  opened_.insert_or_assign(sa, std::move(*opened));
  return good;
}

Result<ike::AuthGrant> Manager::authorize_resumed(const ike::ResumeQuery& query, Instant now,
                                                  std::vector<LogEvent>& log) {
  auto node = opened_.extract(query.sa);
  if (node.empty()) return fail(ErrorCode::auth_failed, "ticket");
  const auto& [id, c] = node.mapped();
  const auto refuse = [&](const char* why) {
    log.push_back({LogId::event_refused, {}, {c.phase1, query.peer.text(), "session ticket: " + std::string(why)}});
    count_refusal(c.phase1, why);
    return fail(ErrorCode::auth_failed, "AUTH");
  };
  // Asked again: much may have happened since it was opened.
  const auto* found = model_->find_phase1(c.phase1);
  if (const char* why = ticket_obstacle(id, c, found, now)) return refuse(why);
  const std::shared_ptr<const config::Phase1> phase1(model_, found);
  ike::AuthGrant sent_on{
      .gateway = c.phase1, .local = c.local, .psk = {}, .policy = ike_policy(*phase1), .children = {}};
  if (sends_on(*phase1, query.peer, query.follows, sent_on, log)) return sent_on;
  PendingLogin login{.phase1 = phase1, .index = c.index, .peer = c.peer, .local = c.local};
  login.by_ticket = true;
  login.auth_method = c.auth_method;
  if (c.certificate) login.certificate = std::make_shared<PeerCertificate>(PeerCertificate{.facts = *c.certificate});
  login.session = c.session;
  login.logged_in = c.logged_in;
  login.reauth_deadline = reauth_due(c, *phase1);
  login.shown = GivenTicket{.id = id, .sa = IkeSaId{}, .issued = c.issued, .expires = c.expires};
  login.adopt = index_.fixed(c.phase1);
  if (!login.adopt) login.adopt = index_.of_session(c.phase1, c.session);
  if (!login.adopt && tunnels_.size() >= limits::kMaxTunnels) return refuse("too many tunnels");
  if (!login.adopt && index_taken(*phase1, login.index)) login.index = free_index(*phase1);
  const Tunnel* t = login.adopt ? find(*login.adopt) : nullptr;
  ike::AuthGrant grant{.gateway = t ? t->name : c.phase1 + "_" + std::to_string(login.index),
                       .local = c.local,
                       .psk = {},
                       .policy = ike_policy(*phase1),
                       .children = child_policies(*phase1)};
  if (login.reauth_deadline) grant.auth_lifetime = *login.reauth_deadline - now;  // what is left of the login's
  const ike::AuthQuery asked{
      .sa = query.sa, .peer = query.peer, .suite = c.suite, .verify = {}, .inside = query.inside};
  // A gateway that lost its records still finds in the ticket which addresses are its client's.
  if (!t && query.inside && phase1->mode_cfg.assigns()) (void)lease_again(*phase1, login.index, c.peer, c.lease);
  if (const char* why = grant_inside(asked, t ? t->index : login.index, t, *phase1, grant, now)) {
    if (!t) end_lease(c.phase1, login.index);
    grant.gateway = c.phase1;
    log.push_back({LogId::event_refused, {}, {c.phase1, query.peer.text(), std::string(why)}});
    count_refusal(c.phase1, why);
    return grant;
  }
  pending_[query.sa] = std::move(login);
  return grant;
}

}  // namespace dormouse::tunnel
