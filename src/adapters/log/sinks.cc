#include "adapters/log/sinks.h"

#define SD_JOURNAL_SUPPRESS_LOCATION  // where in this file the call stands helps nobody
#include <array>
#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

namespace dormouse::log {
namespace {

/// Lines of the trail carry their tunnel in front, those of the event log name it themselves.
std::string message_of(const LogEvent& e) { return in_trail(e.id) ? debug_line(e) : dormouse::text_of(e); }

int priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return LOG_DEBUG;
    case LogLevel::info: return LOG_INFO;
    case LogLevel::notice: return LOG_NOTICE;
    case LogLevel::warning: return LOG_WARNING;
    case LogLevel::error: break;
  }
  return LOG_ERR;
}

/// One line stays one line, whatever a peer put into its identity.
std::string printable(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

}  // namespace

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::notice: return "notice";
    case LogLevel::warning: return "warning";
    case LogLevel::error: break;
  }
  return "error";
}

std::string tunnel_of(const LogEvent& e) {
  if (!e.scope.gateway.empty()) return e.scope.gateway;
  switch (e.id) {
    case LogId::event_up:
    case LogId::event_down:
    case LogId::event_asleep:
    case LogId::event_rest:
    case LogId::event_resumed:
    case LogId::event_expired:
      if (const auto* name = e.fields.empty() ? nullptr : std::get_if<std::string>(&e.fields[0])) return *name;
      break;
    default: break;
  }
  return {};
}

void TextSink::write(const LogEvent& e, Stamp at) {
  auto line = text_of(at) + " " + name_of(level_of(e.id)) + ": " + printable(message_of(e)) + "\n";
  for (std::string_view rest = line; !rest.empty();) {
    const auto n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

void JournalSink::write(const LogEvent& e, Stamp) {
  std::array<std::string, 5> fields{
      "MESSAGE=" + printable(message_of(e)), "PRIORITY=" + std::to_string(priority_of(level_of(e.id))),
      "SYSLOG_IDENTIFIER=dormoused", std::string("DORMOUSE_EVENT=") + dormouse::name_of(e.id),
      "DORMOUSE_TUNNEL=" + tunnel_of(e)};
  std::array<iovec, 5> parts;
  for (std::size_t i = 0; i < fields.size(); ++i) parts[i] = {fields[i].data(), fields[i].size()};
  const bool has_tunnel = !tunnel_of(e).empty();
  sd_journal_sendv(parts.data(), static_cast<int>(has_tunnel ? parts.size() : parts.size() - 1));
}

bool is_journal(int fd) {
  const char* named = std::getenv("JOURNAL_STREAM");
  struct stat st{};
  if (named == nullptr || fstat(fd, &st) != 0) return false;
  return named == std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino);
}

}  // namespace dormouse::log
