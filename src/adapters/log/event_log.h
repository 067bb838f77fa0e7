// The event log: one FortiOS key=value line per event of a tunnel, the newest kept in memory.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/log/logger.h"
#include "base/ip.h"

namespace dormouse::log {

/// What an event line tells of its tunnel beside the event itself. What is unknown prints as N/A or 0.
struct TunnelFacts {
  std::optional<Endpoint> local{}, remote{};
  std::string out_interface{};
  IkeSpi spi_i{}, spi_r{};
  std::string user{};                   ///< authenticated identity
  std::optional<IpAddress> assigned{};  ///< inside address given by us
  std::optional<IpAddress> tunnel_address{};
  std::uint32_t tunnel_id = 0;
  std::uint64_t duration_s = 0;
  std::uint64_t sent_bytes = 0, received_bytes = 0;
};

/// Facts of a tunnel by name; nothing if it is unknown.
using FactsOf = std::function<std::optional<TunnelFacts>(std::string_view tunnel)>;

/// One line: date=... time=... eventtime=... tz="..." logid="0101037138" type="event" subtype="vpn" level="notice" ...
/// action= is tunnel-up or tunnel-down where FortiOS has the event, and tunnel-asleep, tunnel-resumed, tunnel-expired
/// (of our own, log ids 0101037171 to 0101037173), negotiate or system otherwise.
[[nodiscard]] std::string event_line(const LogEvent& e, const TunnelFacts& facts, Stamp at);

class EventLog : public Sink {
 public:
  explicit EventLog(FactsOf facts) : facts_(std::move(facts)) {}
  /// Notice and above.
  [[nodiscard]] bool wants(LogId id) const override { return level_of(id) >= LogLevel::notice; }
  void write(const LogEvent& e, Stamp at) override;
  /// The newest `count` lines, oldest first. At most limits::kEventLogLines are kept.
  [[nodiscard]] std::vector<std::string> newest(std::size_t count) const;
  void clear() { lines_.clear(); }

 private:
  FactsOf facts_;
  std::deque<std::string> lines_;
};

}  // namespace dormouse::log
