// The debug trail: what was asked for, and the connection it comes over.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "adapters/control/client.h"
#include "base/result.h"

namespace dormouse::shell {

/// What the `diagnose debug` commands of a session have set so far.
struct DebugWish {
  int level = 0;            ///< diagnose debug application ike LEVEL; 0 = nothing, negative = everything
  bool enabled = false;     ///< diagnose debug enable
  bool timestamps = false;  ///< diagnose debug console timestamp enable
  std::string filter{};     ///< diagnose vpn ike log filter name X; empty = all gateways
  [[nodiscard]] bool streams() const { return enabled && level != 0; }
  friend bool operator==(const DebugWish&, const DebugWish&) = default;
};

class Trail {
 public:
  using Print = std::function<void(const std::string& line)>;
  Trail(std::string socket, Print print) : socket_(std::move(socket)), print_(std::move(print)) {}

  /// Connects, changes or ends the stream so that it is what `wish` asks for.
  [[nodiscard]] Outcome<void> follow(const DebugWish& wish);
  [[nodiscard]] bool active() const { return client_.has_value(); }
  /// For poll(); -1 while not active.
  [[nodiscard]] int fd() const { return client_ ? client_->fd() : -1; }
  /// Prints what has come. Failure: the daemon ended or refused; the trail is over then.
  [[nodiscard]] Outcome<void> drain();

 private:
  [[nodiscard]] Outcome<void> take(const std::string& message);
  std::string socket_;
  Print print_;
  std::optional<control::Client> client_;
  DebugWish followed_;
};

}  // namespace dormouse::shell
