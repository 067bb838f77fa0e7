// Keeps what outlives the daemon: sessions and blobs in SQLite, secrets in files of their own, all in the state
// directory. A thread of its own writes, whatever gathered meanwhile in one transaction, so that no disk ever holds up
// a packet or a login. Whatever is wrong with the directory is told, and the daemon goes on without.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/store/clocks.h"
#include "adapters/store/rows.h"
#include "adapters/store/sqlite.h"
#include "tunnel/session_store.h"

namespace dormouse::store {

struct StoreStatus {
  std::string path;
  bool keeping = false;                    ///< sessions are being written
  std::string problem{};                   ///< why not, or why the last write failed; empty if all is well
  std::uint64_t written = 0, waiting = 0;  ///< changes since the start; not yet on disk
};

class Store {
 public:
  /// Makes `dir` (0700) if it is not there, reads all, and begins to write. A damaged file is set aside as
  /// sessions.db.damaged and a new one begun. Never fails: what is wrong is in take_problems().
  [[nodiscard]] static std::unique_ptr<Store> open(const std::string& dir, Clocks clocks);
  /// Writes what waits, then ends.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// What was there at the start; once.
  [[nodiscard]] tunnel::StoredState take_stored() { return std::exchange(stored_, {}); }
  /// Never waits for the disk. Changes of one thing reach it in their order, and only the newest of them must.
  void submit(tunnel::StoreChange change);
  /// Waits until all that was submitted is on its way to the disk, or, tried at once, could not be written.
  void flush();
  /// Sentences for the log since the last call.
  [[nodiscard]] std::vector<std::string> take_problems();
  /// Readable while there are problems to take.
  [[nodiscard]] int problem_fd() const { return problem_fd_; }
  [[nodiscard]] StoreStatus status() const;

 private:
  struct Pending {  ///< the newest change of each thing; none = drop it
    std::map<std::pair<std::string, unsigned>, std::optional<tunnel::SessionRecord>> sessions;
    std::map<std::pair<std::string, std::string>, std::optional<tunnel::SaveBlob>> blobs;
    std::map<std::string, std::shared_ptr<const SecretBytes>> secrets;
    [[nodiscard]] std::size_t size() const { return sessions.size() + blobs.size() + secrets.size(); }
  };
  Store(std::string dir, Clocks clocks);
  void open_database();
  [[nodiscard]] Outcome<void> try_database();
  void read_database();
  void set_aside();
  void work();
  /// Leaves in `batch` what is still to be written.
  void write(Pending& batch);
  [[nodiscard]] bool write_rows(const Pending& batch);
  void rows_failed();
  void complain(const std::string& what);

  const std::string dir_;
  const Clocks clocks_;
  tunnel::StoredState stored_;
  std::optional<Database> db_;       // of the thread, once it runs
  std::optional<RowWriter> writer_;  // likewise; goes before db_
  int problem_fd_ = -1;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_, idle_;
  Pending pending_;
  bool writing_ = false, try_now_ = false, stop_ = false, failing_ = false, keeping_ = false;
  std::string last_problem_;
  std::vector<std::string> problems_;
  std::uint64_t written_ = 0;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace dormouse::store
