// Where log events go: the logger hands each to every sink that wants its level.
#pragma once
#include <memory>
#include <vector>

#include "adapters/log/stamp.h"
#include "base/event.h"

namespace dormouse::log {

class Sink {
 public:
  virtual ~Sink() = default;
  /// False: write() would do nothing with it. Asked before fields are made, so that a silent trail costs nothing.
  [[nodiscard]] virtual bool wants(LogId id) const = 0;
  /// Called only if wants() says so. Must not block.
  virtual void write(const LogEvent& e, Stamp at) = 0;
};

/// One thread's. Sinks are borrowed and must outlive it or be removed.
class Logger {
 public:
  void add(Sink& sink) { sinks_.push_back(&sink); }
  void remove(Sink& sink) { std::erase(sinks_, &sink); }
  [[nodiscard]] bool wants(LogId id) const;
  void write(const LogEvent& e, Stamp at);
  /// With the time of now.
  void write(const LogEvent& e) { write(e, stamp_now()); }

 private:
  std::vector<Sink*> sinks_;
};

/// Whether an event belongs to the IKE trail ("diagnose debug application ike"): everything but the event log's own
/// lines and the daemon's.
[[nodiscard]] bool in_trail(LogId id);

}  // namespace dormouse::log
