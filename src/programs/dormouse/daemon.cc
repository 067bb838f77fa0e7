#include "programs/dormouse/daemon.h"

#include <nlohmann/json.hpp>

#include "adapters/control/client.h"

namespace dormouse::shell {

Outcome<Json> Daemon::ask(const Json& question) {
  TRY_ASSIGN(auto answer, request(question));
  if (const auto ok = answer.find("ok"); ok != answer.end() && ok->is_boolean() && ok->get<bool>()) return answer;
  const auto error = answer.find("error");
  return failure(error != answer.end() && error->is_string() ? error->get<std::string>()
                                                             : "the daemon refused without a reason");
}

Outcome<Json> SocketDaemon::request(const Json& request) {
  TRY_ASSIGN(auto client, control::Client::connect(socket_));
  // A configuration with many tunnels takes a while to apply.
  TRY_ASSIGN(const auto text, client.call(request.dump(-1, ' ', false, Json::error_handler_t::replace), 30s));
  auto answer = Json::parse(text, nullptr, false);
  if (!answer.is_object()) return failure("the daemon's answer is not a JSON object");
  return answer;
}

}  // namespace dormouse::shell
