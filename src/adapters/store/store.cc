#include "adapters/store/store.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/store/schema.h"
#include "adapters/store/secret_files.h"

namespace dormouse::store {
namespace {

constexpr std::chrono::seconds kHeartbeat{60};  // what a calendar set back can add to a window, at most
constexpr std::chrono::seconds kRetry{5};       // after a disk was full

// EXCLUSIVE: a second daemon on the same directory is refused instead of mixing its tunnels into ours.
constexpr const char* kPragmas =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;";

/// Whether SQLite says that the file itself is at fault; a lock or a lack of rights is no damage.
bool damaged(const Database& db) {
  if (db.trouble() == Trouble::damaged) return true;
  auto q = db.prepare("PRAGMA quick_check(1)");
  return q.step() ? q.text(0) != "ok" : db.trouble() == Trouble::damaged;
}

}  // namespace

Store::Store(std::string dir, Clocks clocks) : dir_(std::move(dir)), clocks_(std::move(clocks)) {}

std::unique_ptr<Store> Store::open(const std::string& dir, Clocks clocks) {
  std::unique_ptr<Store> s(new Store(dir, std::move(clocks)));
  s->problem_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) s->complain(dir + ": " + std::strerror(errno));
  s->open_database();
  std::vector<std::string> skipped;
  s->stored_.secrets = read_secrets(dir, skipped);
  for (const auto& why : skipped) s->complain(why);
  s->thread_ = std::thread([me = s.get()] { me->work(); });
  return s;
}

Store::~Store() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (problem_fd_ >= 0) close(problem_fd_);
}

// --- at the start

void Store::open_database() {
  auto opened = try_database();
  if (!opened && db_ && damaged(*db_)) {
    complain(opened.error().text + "; the file is set aside as sessions.db.damaged and a new one begun");
    db_.reset();
    set_aside();
    opened = try_database();
  }
  if (opened) {
    read_database();
    return;
  }
  db_.reset();
  last_problem_ = opened.error().text;
  complain("tunnels will not survive a restart: " + opened.error().text);
}

Outcome<void> Store::try_database() {
  const std::string path = dir_ + "/sessions.db";
  TRY_ASSIGN(db_, Database::open(path));
  TRY(db_->execute(kPragmas));
  if (damaged(*db_)) return failure(path + ": the file is damaged");
  if (const auto done = migrate(*db_); !done) return failure(path + ": " + done.error().text);
  return {};
}

void Store::read_database() {
  auto read = read_all(*db_, clocks_);
  writer_.emplace(*db_, clocks_.boot_id);
  keeping_ = writer_->heartbeat(clocks_.read());
  if (!read) return complain(read.error().text);
  for (const auto& why : read->skipped) complain(why);
  for (const auto& drop : read->expired) submit(drop);
  stored_ = std::move(read->state);
}

void Store::set_aside() {
  const std::string path = dir_ + "/sessions.db";
  for (const char* part : {"", "-wal", "-shm"})
    (void)std::rename((path + part).c_str(), (path + ".damaged" + part).c_str());
}

// --- from any thread

void Store::submit(tunnel::StoreChange change) {
  {
    const std::lock_guard lock(mutex_);
    if (auto* s = std::get_if<tunnel::SaveSession>(&change)) {
      std::pair key(s->record.phase1, s->record.index);
      pending_.sessions[std::move(key)] = std::move(s->record);
    } else if (const auto* d = std::get_if<tunnel::DropSession>(&change)) {
      pending_.sessions[{d->phase1, d->index}] = std::nullopt;
    } else if (auto* b = std::get_if<tunnel::SaveBlob>(&change)) {
      std::pair key(b->area, b->key);
      pending_.blobs[std::move(key)] = std::move(*b);
    } else if (const auto* gone = std::get_if<tunnel::DropBlob>(&change)) {
      pending_.blobs[{gone->area, gone->key}] = std::nullopt;
    } else if (auto* secret = std::get_if<tunnel::SaveSecret>(&change)) {
      pending_.secrets[secret->name] = std::move(secret->value);
    }
  }
  wake_.notify_one();
}

void Store::flush() {
  std::unique_lock lock(mutex_);
  try_now_ = pending_.size() != 0;
  wake_.notify_one();
  idle_.wait(lock, [&] { return !writing_ && !try_now_ && (pending_.size() == 0 || failing_); });
}

std::vector<std::string> Store::take_problems() {
  std::uint64_t count = 0;
  (void)!read(problem_fd_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(problems_, {});
}

StoreStatus Store::status() const {
  const std::lock_guard lock(mutex_);
  return {dir_ + "/sessions.db", keeping_, last_problem_, written_, pending_.size()};
}

void Store::complain(const std::string& what) {
  {
    const std::lock_guard lock(mutex_);
    problems_.push_back(what);
  }
  const std::uint64_t one = 1;
  (void)!::write(problem_fd_, &one, sizeof one);
}

// --- the thread

void Store::work() {
  std::unique_lock lock(mutex_);
  auto next_heartbeat = std::chrono::steady_clock::now() + kHeartbeat;
  for (bool last = false; !last;) {
    const auto until = failing_ ? std::chrono::steady_clock::now() + kRetry : next_heartbeat;
    // While the disk is full, more changes are no reason to try sooner.
    wake_.wait_until(lock, until, [&] { return stop_ || try_now_ || (!failing_ && pending_.size() != 0); });
    try_now_ = false;
    last = stop_;  // then this is the last time
    Pending batch = std::exchange(pending_, {});
    const auto count = batch.size();
    writing_ = true;
    lock.unlock();
    const bool beat = std::chrono::steady_clock::now() >= next_heartbeat;
    if (beat) next_heartbeat = std::chrono::steady_clock::now() + kHeartbeat;
    if (count != 0) write(batch);
    if (beat && writer_) (void)writer_->heartbeat(clocks_.read());
    lock.lock();
    writing_ = false;
    written_ += count - batch.size();
    // What could not be written waits under what came since.
    pending_.sessions.merge(batch.sessions);
    pending_.blobs.merge(batch.blobs);
    pending_.secrets.merge(batch.secrets);
    idle_.notify_all();
  }
}

void Store::write(Pending& batch) {
  for (auto it = batch.secrets.begin(); it != batch.secrets.end(); it = batch.secrets.erase(it))
    if (const auto done = write_secret(dir_, it->first, *it->second); !done) complain(done.error().text);
  if (!writer_ || write_rows(batch)) {
    batch.sessions.clear();
    batch.blobs.clear();
    return;
  }
  rows_failed();
  if (!writer_) batch = {};
}

bool Store::write_rows(const Pending& batch) {
  const auto now = clocks_.read();
  if (!db_->execute("BEGIN IMMEDIATE")) return false;
  bool good = true;
  for (const auto& [key, record] : batch.sessions)
    good = good && (record ? writer_->write(tunnel::SaveSession{*record}, now)
                           : writer_->write(tunnel::DropSession{key.first, key.second}));
  for (const auto& [key, blob] : batch.blobs)
    good = good && (blob ? writer_->write(*blob, now) : writer_->write(tunnel::DropBlob{key.first, key.second}));
  if (!good || !db_->execute("COMMIT")) return false;
  const std::lock_guard lock(mutex_);
  if (std::exchange(failing_, false)) {
    last_problem_.clear();
    problems_.push_back(dir_ + "/sessions.db: written again");
  }
  return true;
}

void Store::rows_failed() {
  const auto trouble = db_->trouble();
  const auto why = db_->problem();
  (void)db_->execute("ROLLBACK");
  const bool hopeless = trouble == Trouble::damaged;
  if (hopeless) writer_.reset();
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = !std::exchange(failing_, !hopeless);
    last_problem_ = why;
    keeping_ = !hopeless;
  }
  if (hopeless)
    complain("tunnels will not survive a restart: " + why);
  else if (first)
    complain("tunnels cannot be saved now, trying again: " + why);
}

}  // namespace dormouse::store
