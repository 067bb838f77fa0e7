#include "programs/dormouse/trail.h"

#include <nlohmann/json.hpp>

namespace dormouse::shell {

using Json = nlohmann::json;

Outcome<void> Trail::follow(const DebugWish& wish) {
  if (!wish.streams()) {
    client_.reset();
    return {};
  }
  if (client_ && wish == followed_) return {};
  if (!client_) {
    TRY_ASSIGN(auto client, control::Client::connect(socket_));
    client_ = std::move(client);
  }
  const Json filter = {{"name", wish.filter.empty() ? Json(nullptr) : Json(wish.filter)}};
  const Json request = {{"op", "debug"}, {"level", wish.level}, {"timestamps", wish.timestamps}, {"filter", filter}};
  if (auto sent = client_->send(request.dump(-1, ' ', false, Json::error_handler_t::replace)); !sent) {
    client_.reset();
    return std::unexpected(sent.error());
  }
  followed_ = wish;
  return {};
}

Outcome<void> Trail::drain() {
  while (client_) {
    auto message = client_->receive(0s);
    if (!message) {
      client_.reset();
      return failure("the debug trail ended: " + message.error().text);
    }
    if (!*message) return {};
    TRY(take(**message));
  }
  return {};
}

Outcome<void> Trail::take(const std::string& message) {
  const auto pushed = Json::parse(message, nullptr, false);
  if (!pushed.is_object()) return {};
  if (const auto line = pushed.find("line"); line != pushed.end() && line->is_string()) {
    print_(line->get<std::string>());
    return {};
  }
  // Not a line: the answer to what follow() asked.
  const auto ok = pushed.find("ok");
  if (ok == pushed.end() || *ok != Json(false)) return {};
  client_.reset();
  const auto error = pushed.find("error");
  return failure("no debug trail: " +
                 (error != pushed.end() && error->is_string() ? error->get<std::string>() : "the daemon refused"));
}

}  // namespace dormouse::shell
