// The live IKE trail for operators: each subscriber has a level, a filter and a choice of timestamps of its own.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "adapters/log/logger.h"
#include "base/strong.h"

namespace dormouse::log {

using SubscriberId = Strong<struct SubscriberIdTag, std::uint64_t>;

/// What one operator asked for. "diagnose debug application ike LEVEL" sets the level, "diagnose debug enable"
/// subscribes.
struct Subscription {
  int level = -1;           ///< 0 = nothing; negative or 255 and above = all; between: all but packets in hex
  bool timestamps = false;  ///< "2025-07-08 13:04:39.713739 " in front of each line
  std::string
      gateway{};  ///< only lines of this phase 1, its instances NAME_0, NAME_1, ..., or this instance; empty = all
};

class DebugHub : public Sink {
 public:
  /// Takes one line without newline; false ends the subscription (the operator went away or does not read).
  using Push = std::function<bool(std::string_view line)>;
  [[nodiscard]] SubscriberId subscribe(Subscription subscription, Push push);
  /// Changes level, filter or timestamps of a live subscription. False if it is over.
  bool change(SubscriberId id, Subscription subscription);
  void unsubscribe(SubscriberId id);
  [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }

  [[nodiscard]] bool wants(LogId id) const override;
  void write(const LogEvent& e, Stamp at) override;

 private:
  struct Subscriber {
    Subscription wish;
    Push push;
  };
  std::map<SubscriberId, Subscriber> subscribers_;
  std::uint64_t next_ = 1;
};

}  // namespace dormouse::log
