// One operator's session: the connection to the daemon, and what debug asked for so far.
#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"

namespace dormouse::shell {

struct DebugWish {
  int level = 0;         ///< diagnose debug application ike LEVEL
  bool enabled = false;  ///< diagnose debug enable
  bool timestamps = false;
  std::string filter;  ///< diagnose vpn ike log filter name X
};

class Session {
 public:
  explicit Session(std::string run_dir) : socket_(run_dir + "/control.sock") {}
  /// One request and its answer. Failure: the daemon is not there (the text names the socket), or it answered ok:false.
  [[nodiscard]] Outcome<nlohmann::json> call(const nlohmann::json& request) const;
  /// The same, but an answer of ok:false comes back as it is.
  [[nodiscard]] Outcome<nlohmann::json> call_raw(const nlohmann::json& request) const;
  /// Streams the trail as `debug` wishes until `stop` says so or the daemon ends.
  void stream(const std::function<void(const std::string&)>& line, const std::function<bool()>& stop) const;
  DebugWish debug;
  bool as_json = false;  ///< --json: lists as JSON

 private:
  std::string socket_;
};

}  // namespace dormouse::shell
