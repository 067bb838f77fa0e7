#include "programs/dormouse/session.h"

#include <nlohmann/json.hpp>

#include "adapters/control/client.h"

namespace dormouse::shell {

using nlohmann::json;

Outcome<json> Session::call_raw(const json& request) const {
  TRY_ASSIGN(auto client, control::Client::connect(socket_));
  TRY_ASSIGN(const auto text, client.call(request.dump(), 30s));
  auto answer = json::parse(text, nullptr, false);
  if (!answer.is_object()) return failure("the daemon's answer is not JSON");
  return answer;
}

Outcome<json> Session::call(const json& request) const {
  TRY_ASSIGN(auto answer, call_raw(request));
  if (answer.value("ok", false)) return answer;
  return failure(answer.value("error", std::string("refused")));
}

void Session::stream(const std::function<void(const std::string&)>& line, const std::function<bool()>& stop) const {
  auto client = control::Client::connect(socket_);
  if (!client) return line(client.error().text);
  const json request = {
      {"op", "debug"}, {"level", debug.level}, {"timestamps", debug.timestamps}, {"filter", {{"name", debug.filter}}}};
  if (const auto sent = client->send(request.dump()); !sent) return line(sent.error().text);
  while (!stop()) {
    const auto message = client->receive(200ms);
    if (!message) return line("the daemon ended");
    if (!*message) continue;
    const auto pushed = json::parse(**message, nullptr, false);
    if (pushed.is_object() && pushed.contains("line")) line(pushed["line"].get<std::string>());
  }
}

}  // namespace dormouse::shell
