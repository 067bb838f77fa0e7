// A daemon for tests: answers from a table and remembers what it was asked.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "programs/dormouse/daemon.h"

namespace dormouse::shell {

class FakeDaemon : public Daemon {
 public:
  std::map<std::string, Json> answers;  ///< by "op"; else {"ok":true}
  std::vector<Json> asked;
  bool there = true;

  [[nodiscard]] Outcome<Json> request(const Json& request) override {
    if (!there) return failure("no daemon is running (/x/control.sock does not exist)");
    asked.push_back(request);
    const auto it = answers.find(request["op"].get<std::string>());
    return it == answers.end() ? Json{{"ok", true}} : it->second;
  }
};

}  // namespace dormouse::shell
