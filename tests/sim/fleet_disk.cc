#include "sim/fleet_disk.h"

#include <algorithm>

namespace dormouse::sim {
namespace {

constexpr std::int64_t kLag = 5'000'000'000;  // what is older is safe in any case

}  // namespace

void Disk::write(tunnel::StoreChange change, const store::ClockReading& now, const std::string& boot) {
  newest_.push_back({std::move(change), {now.wall_ns, now.offset(), boot}});
  sync_before(now.wall_ns - kLag);
}

void Disk::sync_before(std::int64_t wall_ns) {
  while (!newest_.empty() && newest_.front().written.saved < wall_ns) {
    apply(std::move(newest_.front()));
    newest_.pop_front();
  }
}

void Disk::follow_calendar(const store::ClockReading& now, const std::string& boot) {
  const auto follow = [&](store::Written& w) {
    if (w.boot == boot) w = {now.wall_ns, now.offset(), boot};
  };
  sync();
  for (auto& [key, row] : sessions_) follow(row.second);
  for (auto& [key, row] : blobs_) follow(row.second);
  newest_saved_ = now.wall_ns;
  for (const auto& [key, row] : sessions_) newest_saved_ = std::max(newest_saved_, row.second.saved);
  for (const auto& [key, row] : blobs_) newest_saved_ = std::max(newest_saved_, row.second.saved);
}

void Disk::sync() {
  for (auto& change : newest_) apply(std::move(change));
  newest_.clear();
}

Disk::Lost Disk::lose_newest(std::int64_t since_wall_ns) {
  Lost lost;
  while (!newest_.empty() && newest_.back().written.saved >= since_wall_ns) {
    const auto* secret = std::get_if<tunnel::SaveSecret>(&newest_.back().what);
    lost.ticket_keys |= secret && secret->name == "tickets";
    ++lost.writes;
    newest_.pop_back();
  }
  sync();
  return lost;
}

void Disk::apply(Change change) {
  const auto& w = change.written;
  newest_saved_ = std::max(newest_saved_, w.saved);
  if (auto* save = std::get_if<tunnel::SaveSession>(&change.what)) {
    const auto key = std::pair(save->record.phase1, save->record.index);
    sessions_.insert_or_assign(key, std::pair(std::move(save->record), w));
  } else if (const auto* ended = std::get_if<tunnel::DropSession>(&change.what)) {
    sessions_.erase({ended->phase1, ended->index});
  } else if (auto* blob = std::get_if<tunnel::SaveBlob>(&change.what)) {
    const auto key = std::pair(blob->area, blob->key);
    blobs_.insert_or_assign(key, std::pair(std::move(*blob), w));
  } else if (const auto* gone = std::get_if<tunnel::DropBlob>(&change.what)) {
    blobs_.erase({gone->area, gone->key});
  } else if (const auto* secret = std::get_if<tunnel::SaveSecret>(&change.what)) {
    secrets_[secret->name] = secret->value;
  }
}

tunnel::StoredState Disk::load(const store::ClockReading& now, const std::string& boot) {
  const store::TimeReader reader({[&] { return now; }, boot}, newest_saved_);
  const auto moved = [&](Instant t, const store::Written& w) {  // calendar time is what a row on disk has
    return reader.instant(t.since_boot().count() + w.offset, w);
  };
  // As adapters/store does it, rows of other boots become rows of this one.
  const auto adopted = [&](const store::Written& w) {
    return w.boot == boot ? w : store::Written{w.saved, reader.offset(), boot};
  };
  tunnel::StoredState out;
  for (auto& [key, row] : sessions_) {
    auto& [r, w] = row;
    for (Instant* t : {&r.created, &r.logged_in, &r.asleep_since, &r.asleep_until}) *t = moved(*t, w);
    if (r.reauth_deadline) r.reauth_deadline = moved(*r.reauth_deadline, w);
    w = adopted(w);
    out.sessions.push_back(r);
  }
  std::erase_if(blobs_, [&](const auto& e) {
    const auto& [blob, w] = e.second;
    return blob.expires && moved(*blob.expires, w) <= now.boot;
  });
  for (auto& [key, row] : blobs_) {
    auto& [b, w] = row;
    if (b.expires) b.expires = moved(*b.expires, w);
    w = adopted(w);
    out.blobs.push_back(b);
  }
  out.secrets = secrets_;
  return out;
}

}  // namespace dormouse::sim
