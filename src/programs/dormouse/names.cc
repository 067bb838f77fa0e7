#include "programs/dormouse/names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "programs/status_view/fields.h"

namespace dormouse::shell {

using status_view::list;
using status_view::object;
using status_view::text;

std::vector<std::string> names_of(Daemon& daemon, const std::string& place) {
  std::vector<std::string> out;
  if (place != "TUNNEL" && place != "PHASE1" && place != "PHASE2") return out;
  const auto answer = daemon.ask({{"op", "status"}});
  if (!answer) return out;
  const auto& status = object(*answer, "status");
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(out, name) == out.end()) out.push_back(name);
  };
  for (const auto& p : list(status, "phase1")) {
    if (place != "PHASE2") add(text(p, "name"));
    for (const auto& name : list(p, "phase2"))
      if (place == "PHASE2" && name.is_string()) add(name.get<std::string>());
  }
  if (place == "TUNNEL")
    for (const auto& t : list(status, "tunnels")) add(text(t, "name"));
  return out;
}

}  // namespace dormouse::shell
