// The gateway's disk in a simulation: what the manager asked to be kept, with the clocks of the write beside each row
// as adapters/store has it, and a newest part that a sudden end may lose.
#pragma once
#include <deque>
#include <map>
#include <string>

#include "adapters/store/clocks.h"
#include "tunnel/session_store.h"

namespace dormouse::sim {

class Disk {
 public:
  void write(tunnel::StoreChange change, const store::ClockReading& now, const std::string& boot);
  struct Lost {
    std::size_t writes = 0;
    bool ticket_keys = false;
  };
  /// A sudden end: of what was written after `since` (calendar of the writer) nothing is there.
  Lost lose_newest(std::int64_t since_wall_ns);
  /// The store's heartbeat after the calendar was set: what it wrote in this boot is told in the new one.
  void follow_calendar(const store::ClockReading& now, const std::string& boot);
  /// Everything written is safe.
  void sync();
  /// What a daemon that starts now reads.
  [[nodiscard]] tunnel::StoredState load(const store::ClockReading& now, const std::string& boot);
  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }
  [[nodiscard]] std::size_t blobs() const { return blobs_.size(); }

 private:
  struct Change {
    tunnel::StoreChange what;
    store::Written written;
  };
  void apply(Change change);
  void sync_before(std::int64_t wall_ns);
  std::deque<Change> newest_;
  std::map<std::pair<std::string, unsigned>, std::pair<tunnel::SessionRecord, store::Written>> sessions_;
  std::map<std::pair<std::string, std::string>, std::pair<tunnel::SaveBlob, store::Written>> blobs_;
  std::map<std::string, std::shared_ptr<const SecretBytes>> secrets_;
  std::int64_t newest_saved_ = 0;
};

}  // namespace dormouse::sim
