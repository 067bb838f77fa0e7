// The daemon as the shell sees it: requests and answers in JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"

namespace dormouse::shell {

using Json = nlohmann::json;

class Daemon {
 public:
  virtual ~Daemon() = default;
  /// The answer as it is, also one of "ok":false; always a JSON object. Failure: there is no answer, and why.
  [[nodiscard]] virtual Outcome<Json> request(const Json& request) = 0;
  /// request(), with an answer of "ok":false as the Failure it tells of.
  [[nodiscard]] Outcome<Json> ask(const Json& question);
};

/// The daemon behind a control socket. Each request has a connection of its own, so a daemon that was restarted
/// meanwhile is found again.
class SocketDaemon : public Daemon {
 public:
  explicit SocketDaemon(std::string socket) : socket_(std::move(socket)) {}
  [[nodiscard]] Outcome<Json> request(const Json& request) override;

 private:
  std::string socket_;
};

}  // namespace dormouse::shell
