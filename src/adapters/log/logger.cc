#include "adapters/log/logger.h"

#include <algorithm>

namespace dormouse::log {

bool Logger::wants(LogId id) const {
  return std::ranges::any_of(sinks_, [id](const Sink* s) { return s->wants(id); });
}

void Logger::write(const LogEvent& e, Stamp at) {
  // By index: a sink's reader may go away while it is written to, and with it the sink.
  for (std::size_t i = 0; i < sinks_.size(); ++i)
    if (sinks_[i]->wants(e.id)) sinks_[i]->write(e, at);
}

bool in_trail(LogId id) {
  switch (id) {
    case LogId::event_up:
    case LogId::event_down:
    case LogId::event_asleep:
    case LogId::event_rest:
    case LogId::event_resumed:
    case LogId::event_expired:
    case LogId::event_refused:
    case LogId::daemon_started:
    case LogId::daemon_stopping:
    case LogId::config_applied:
    case LogId::config_refused:
    case LogId::config_warning:
    case LogId::system_failure: return false;
    default: return true;
  }
}

}  // namespace dormouse::log
