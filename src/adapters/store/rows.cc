#include "adapters/store/rows.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/limits.h"

namespace dormouse::store {
namespace {

using tunnel::SessionRecord;

constexpr std::int64_t kCalendarSet = 1'000'000'000;                     // nanoseconds; less is a clock that is slewed
constexpr std::int64_t kEncap = 1, kLocalBehind = 2, kRemoteBehind = 4;  // bits of the column nat

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& p : parts) out += p + '\n';
  return out;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (auto end = text.find('\n'); end != std::string::npos; at = end + 1, end = text.find('\n', at))
    out.push_back(text.substr(at, end - at));
  return out;
}

std::vector<std::string> texts(const std::vector<Prefix>& routes) {
  std::vector<std::string> out;
  for (const auto& r : routes) out.push_back(r.text());
  return out;
}

std::optional<std::vector<Prefix>> prefixes(const std::string& text) {
  std::vector<Prefix> out;
  for (const auto& word : split(text)) {
    const auto p = Prefix::parse(word);
    if (!p) return std::nullopt;
    out.push_back(*p);
  }
  return out;
}

std::vector<std::string> texts(const InsideAddresses& lease) {
  std::vector<std::string> out;
  for (const auto f : {Family::v4, Family::v6})
    if (lease.of(f)) out.push_back(lease.of(f)->text());
  return out;
}

std::optional<InsideAddresses> inside_addresses(const std::string& text) {
  InsideAddresses out;
  for (const auto& word : split(text)) {
    const auto a = IpAddress::parse(word);
    if (!a || out.of(a->family())) return std::nullopt;
    out.of(a->family()) = a;
  }
  return out;
}

std::optional<Endpoint> endpoint(const std::string& address, std::int64_t port) {
  const auto a = IpAddress::parse(address);
  if (!a || port < 0 || port > 65535) return std::nullopt;
  return Endpoint{*a, static_cast<std::uint16_t>(port)};
}

std::optional<Identity> identity(std::int64_t type, Bytes data) {
  if (type < 0 || type > 255) return std::nullopt;
  return Identity{static_cast<IdType>(type), std::move(data)};
}

constexpr const char* kSelectSessions =
    "SELECT phase1, idx, auth_method, peer_type, peer, local_type, local, local_address, local_port, remote_address, "
    "remote_port, nat, routes, reported_up, created, logged_in, asleep, asleep_since, asleep_until, reauth_deadline, "
    "sleeps, saved, clock_offset, boot, lease FROM session ORDER BY logged_in";
constexpr const char* kFollowSession =
    "UPDATE session SET created = created + ?1 - clock_offset, logged_in = logged_in + ?1 - clock_offset, asleep_since "
    "= "
    "asleep_since + ?1 - clock_offset, asleep_until = asleep_until + ?1 - clock_offset, reauth_deadline = "
    "reauth_deadline + ?1 - clock_offset, saved = ?2, clock_offset = ?1 WHERE boot = ?3 AND clock_offset <> ?1";
constexpr const char* kInsertSession =
    "INSERT OR REPLACE INTO session (phase1, idx, auth_method, peer_type, peer, local_type, local, local_address, "
    "local_port, remote_address, remote_port, nat, routes, reported_up, created, logged_in, asleep, asleep_since, "
    "asleep_until, reauth_deadline, sleeps, saved, clock_offset, boot, lease) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

std::optional<SessionRecord> session_of(const Statement& row, const TimeReader& times) {
  const auto peer = identity(row.integer(3), row.octets(4));
  const auto local = identity(row.integer(5), row.octets(6));
  const auto local_end = endpoint(row.text(7), row.integer(8));
  const auto remote_end = endpoint(row.text(9), row.integer(10));
  const auto routes = prefixes(row.text(12));
  const auto index = row.integer(1), method = row.integer(2), sleeps = row.integer(20);
  const auto lease = inside_addresses(row.text(24));
  if (!peer || !local || !local_end || !remote_end || !routes || !lease) return std::nullopt;
  if (index < 0 || index >= static_cast<std::int64_t>(limits::kMaxTunnels)) return std::nullopt;
  if (method < 0 || method > 255 || sleeps < 0 || sleeps > UINT32_MAX) return std::nullopt;
  const Written written{row.integer(21), row.integer(22), row.text(23)};
  const auto at = [&](int column) { return times.instant(row.integer(column), written); };
  const auto nat = row.integer(11);
  SessionRecord r{.phase1 = row.text(0), .index = static_cast<unsigned>(index)};
  r.auth_method = static_cast<std::uint8_t>(method);
  r.peer = *peer;
  r.local = *local;
  r.local_end = *local_end;
  r.remote_end = *remote_end;
  r.udp_encap = (nat & kEncap) != 0;
  r.local_behind_nat = (nat & kLocalBehind) != 0;
  r.remote_behind_nat = (nat & kRemoteBehind) != 0;
  r.lease = *lease;
  r.routes = *routes;
  r.reported_up = split(row.text(13));
  r.created = at(14);
  r.logged_in = at(15);
  r.asleep = row.integer(16) != 0;
  if (r.asleep) {
    r.asleep_since = at(17);
    r.asleep_until = at(18);
  }
  if (!row.is_null(19)) r.reauth_deadline = at(19);
  r.sleeps = static_cast<unsigned>(sleeps);
  return r;
}

std::int64_t newest_saved(const Database& db) {
  auto q = db.prepare(
      "SELECT max(saved) FROM (SELECT saved FROM session UNION ALL SELECT saved FROM blob UNION ALL SELECT saved FROM "
      "heartbeat)");
  return q.step() && !q.is_null(0) ? q.integer(0) : INT64_MIN;
}

Outcome<void> read_blobs(const Database& db, const TimeReader& times, Instant now, ReadResult& out) {
  auto row = db.prepare("SELECT area, key, value, expires, saved, clock_offset, boot FROM blob");
  while (row.step()) {
    tunnel::SaveBlob b{row.text(0), row.text(1), row.octets(2)};
    if (!row.is_null(3)) b.expires = times.instant(row.integer(3), {row.integer(4), row.integer(5), row.text(6)});
    if (b.expires && *b.expires <= now)
      out.expired.push_back({b.area, b.key});
    else
      out.state.blobs.push_back(std::move(b));
  }
  if (!row.ok()) return failure(db.problem());
  return {};
}

/// From here on rows of other boots are rows of this one: who reads them again after the calendar was set, in a restart
/// without a reboot, finds the times that were handed out now. Tickets are held to those.
Outcome<void> adopt_rows(const Database& db, const TimeReader& times, const std::string& boot_id) {
  if (boot_id.empty()) return {};
  for (const auto* change : {"UPDATE session SET clock_offset = ?1, boot = ?2 WHERE boot <> ?2",
                             "UPDATE blob SET clock_offset = ?1, boot = ?2 WHERE boot <> ?2"}) {
    auto q = db.prepare(change);
    q.bind(1, times.offset());
    q.bind(2, boot_id);
    if (!q.run()) return failure(db.problem());
  }
  return {};
}

}  // namespace

RowWriter::RowWriter(const Database& db, std::string boot_id)
    : boot_id_(std::move(boot_id)),
      save_session_(db.prepare(kInsertSession)),
      drop_session_(db.prepare("DELETE FROM session WHERE phase1 = ? AND idx = ?")),
      save_blob_(db.prepare("INSERT OR REPLACE INTO blob (area, key, value, expires, saved, clock_offset, boot) "
                            "VALUES (?,?,?,?,?,?,?)")),
      drop_blob_(db.prepare("DELETE FROM blob WHERE area = ? AND key = ?")),
      heartbeat_(db.prepare("INSERT OR REPLACE INTO heartbeat (one, saved) VALUES (1, ?)")),
      expire_(db.prepare("DELETE FROM blob WHERE expires IS NOT NULL AND boot = ? AND expires - clock_offset <= ?")),
      follow_session_(db.prepare(kFollowSession)),
      follow_blob_(db.prepare("UPDATE blob SET expires = expires + ?1 - clock_offset, saved = ?2, clock_offset = ?1 "
                              "WHERE boot = ?3 AND clock_offset <> ?1")) {}

bool RowWriter::write(const tunnel::SaveSession& change, const ClockReading& now) {
  const auto& r = change.record;
  auto& s = save_session_;
  const auto wall = [&](Instant t) { return t.since_boot().count() + now.offset(); };
  int n = 0;
  const auto number = [&](std::int64_t v) { s.bind(++n, v); };
  const auto text = [&](std::string_view v) { s.bind(++n, v); };
  text(r.phase1);
  number(r.index);
  number(r.auth_method);
  number(static_cast<std::int64_t>(r.peer.type));
  s.bind(++n, ByteView(r.peer.data));
  number(static_cast<std::int64_t>(r.local.type));
  s.bind(++n, ByteView(r.local.data));
  text(r.local_end.address.text());
  number(r.local_end.port);
  text(r.remote_end.address.text());
  number(r.remote_end.port);
  number((r.udp_encap ? kEncap : 0) | (r.local_behind_nat ? kLocalBehind : 0) |
         (r.remote_behind_nat ? kRemoteBehind : 0));
  text(join(texts(r.routes)));
  text(join(r.reported_up));
  number(wall(r.created));
  number(wall(r.logged_in));
  number(r.asleep);
  number(r.asleep ? wall(r.asleep_since) : 0);
  number(r.asleep ? wall(r.asleep_until) : 0);
  if (r.reauth_deadline)
    number(wall(*r.reauth_deadline));
  else
    s.bind_null(++n);
  number(r.sleeps);
  number(now.wall_ns);
  number(now.offset());
  text(boot_id_);
  text(join(texts(r.lease)));
  return s.run();
}

bool RowWriter::write(const tunnel::DropSession& change) {
  auto& s = drop_session_;
  s.bind(1, change.phase1);
  s.bind(2, std::int64_t{change.index});
  return s.run();
}

bool RowWriter::write(const tunnel::SaveBlob& b, const ClockReading& now) {
  auto& s = save_blob_;
  s.bind(1, b.area);
  s.bind(2, b.key);
  s.bind(3, ByteView(b.value));
  if (b.expires)
    s.bind(4, b.expires->since_boot().count() + now.offset());
  else
    s.bind_null(4);
  s.bind(5, now.wall_ns);
  s.bind(6, now.offset());
  s.bind(7, boot_id_);
  return s.run();
}

bool RowWriter::write(const tunnel::DropBlob& change) {
  auto& s = drop_blob_;
  s.bind(1, change.area);
  s.bind(2, change.key);
  return s.run();
}

bool RowWriter::heartbeat(const ClockReading& now) {
  auto& s = heartbeat_;
  s.bind(1, now.wall_ns);
  expire_.bind(1, boot_id_);
  expire_.bind(2, now.boot.since_boot().count());
  const bool set = offset_ && std::abs(now.offset() - *offset_) > kCalendarSet;
  if (set && !follow_calendar(now)) return false;  // tried again at the next one
  if (set || !offset_) offset_ = now.offset();
  return s.run() && expire_.run();
}

bool RowWriter::follow_calendar(const ClockReading& now) {
  for (auto* q : {&follow_session_, &follow_blob_}) {
    q->bind(1, now.offset());
    q->bind(2, now.wall_ns);
    q->bind(3, boot_id_);
    if (!q->run()) return false;
  }
  return true;
}

Outcome<ReadResult> read_all(const Database& db, const Clocks& clocks) {
  ReadResult out;
  const TimeReader times(clocks, newest_saved(db));
  auto row = db.prepare(kSelectSessions);
  while (row.step()) {
    auto r = session_of(row, times);
    if (r && out.state.sessions.size() < limits::kMaxTunnels)
      out.state.sessions.push_back(std::move(*r));
    else
      out.skipped.push_back("the record of " + row.text(0) + "_" + row.text(1) + " makes no sense; it is left out");
  }
  if (!row.ok()) return failure(db.problem());
  TRY(read_blobs(db, times, clocks.read().boot, out));
  if (auto adopted = adopt_rows(db, times, clocks.boot_id); !adopted)
    out.skipped.push_back("times may shift when the calendar is set: " + adopted.error().text);
  return out;
}

}  // namespace dormouse::store
