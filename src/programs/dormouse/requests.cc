#include "programs/dormouse/requests.h"

#include <nlohmann/json.hpp>

#include "programs/status_view/tunnel_facts.h"

namespace dormouse::shell {
namespace {

/// The status without the tunnels that a list by name leaves out.
Json limited(Json status, const std::string& name) {
  if (name.empty()) return status;
  Json kept = Json::array();
  for (const auto& t : status_view::list(status, "tunnels"))
    if (status_view::is_chosen(t, name)) kept.push_back(t);
  status["tunnels"] = std::move(kept);
  return status;
}

}  // namespace

Run show_status(Desk& desk, View view) {
  return [&desk, view](const Words& arguments) -> Reply {
    const auto answer = desk.daemon.ask({{"op", "status"}});
    if (!answer) return failed(answer.error().text);
    const auto name = arguments.empty() ? std::string() : arguments[0];
    const auto& status = status_view::object(*answer, "status");
    return {desk.json ? limited(status, name).dump(2) + "\n" : view(status, name)};
  };
}

Run send(Desk& desk, std::string op, std::vector<std::string> keys) {
  return [&desk, op = std::move(op), keys = std::move(keys)](const Words& arguments) -> Reply {
    Json request = {{"op", op}};
    for (std::size_t i = 0; i < keys.size(); ++i)
      request[keys[i]] = i < arguments.size() ? Json(arguments[i]) : Json(nullptr);
    const auto answer = desk.daemon.ask(request);
    return answer ? Reply{} : failed(answer.error().text);
  };
}

}  // namespace dormouse::shell
