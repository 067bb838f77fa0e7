// The sinks of the daemon itself: standard error and the journal.
#pragma once
#include <string>

#include "adapters/log/logger.h"

namespace dormouse::log {

/// One line per event: "2025-07-08 13:04:39.713739 notice: tunnel up: ..."; trail lines as FortiOS prints them.
class TextSink : public Sink {
 public:
  /// Writes to `fd`, which stays the caller's. Events below `lowest` are left out. A reader that does not read loses
  /// lines only if `fd` is non-blocking.
  TextSink(int fd, LogLevel lowest) : fd_(fd), lowest_(lowest) {}
  void set_lowest(LogLevel lowest) { lowest_ = lowest; }
  [[nodiscard]] bool wants(LogId id) const override { return level_of(id) >= lowest_; }
  void write(const LogEvent& e, Stamp at) override;

 private:
  int fd_;
  LogLevel lowest_;
};

/// Journal entries with MESSAGE, PRIORITY, DORMOUSE_EVENT and DORMOUSE_TUNNEL.
class JournalSink : public Sink {
 public:
  explicit JournalSink(LogLevel lowest) : lowest_(lowest) {}
  void set_lowest(LogLevel lowest) { lowest_ = lowest; }
  [[nodiscard]] bool wants(LogId id) const override { return level_of(id) >= lowest_; }
  void write(const LogEvent& e, Stamp at) override;

 private:
  LogLevel lowest_;
};

/// Whether `fd` is the journal's stream, which systemd names in $JOURNAL_STREAM: then JournalSink is the better sink.
[[nodiscard]] bool is_journal(int fd);

/// "debug", "info", "notice", "warning" or "error".
[[nodiscard]] const char* name_of(LogLevel level);
/// The tunnel an event is about: its scope's gateway, or the name an event line carries; empty for the daemon.
[[nodiscard]] std::string tunnel_of(const LogEvent& e);

}  // namespace dormouse::log
