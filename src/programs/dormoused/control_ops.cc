// The requests of the control socket. Each answer is {"ok":true,...} or {"ok":false,"error":"a sentence"}.
#include <nlohmann/json.hpp>

#include "programs/dormoused/daemon.h"
#include "programs/dormoused/status_json.h"

#ifndef DORMOUSE_VERSION
#define DORMOUSE_VERSION "0"
#endif

namespace dormouse::daemon {
namespace {

using nlohmann::json;

json refused(const std::string& why) { return {{"ok", false}, {"error", why}}; }
json done() { return {{"ok", true}}; }
json of(const Outcome<void>& o) { return o ? done() : refused(o.error().text); }

std::string text(const json& request, const char* key) {
  const auto it = request.find(key);
  return it != request.end() && it->is_string() ? it->get<std::string>() : "";
}

json of(const std::vector<config::Diagnostic>& diagnostics) {
  json out = json::array();
  for (const auto& d : diagnostics)
    out.push_back({{"line", d.at.line},
                   {"column", d.at.column},
                   {"path", d.path},
                   {"attribute", d.attribute},
                   {"message", d.message},
                   {"accepted", d.accepted}});
  return out;
}

}  // namespace

void Daemon::on_request(control::ClientId client, const std::string& message) {
  const json request = json::parse(message, nullptr, false);
  const auto answer = [&](const json& a) {
    control_->send(client, a.dump(-1, ' ', false, json::error_handler_t::replace));
  };
  if (!request.is_object()) return answer(refused("the request is not a JSON object"));
  const auto op = text(request, "op");
  const auto now = this->now();
  if (op == "status") {
    auto status = to_json(manager_->status(now));
    status["data_plane"] = data_->name();
    status["store"] = to_json(store_->status());
    answer({{"ok", true}, {"status", status}});
  } else if (op == "version") {
    answer({{"ok", true}, {"version", DORMOUSE_VERSION}, {"hostname", model_ ? model_->hostname : "dormouse"}});
  } else if (op == "config.get") {
    answer({{"ok", true}, {"text", config_.text()}, {"revision", config_.revision()}});
  } else if (op == "config.commit") {
    std::vector<config::Diagnostic> diagnostics;
    const auto revision = request.value("revision", json(0));
    auto loaded = config_.commit(text(request, "text"),
                                 revision.is_number_unsigned() ? revision.get<std::uint64_t>() : 0, diagnostics);
    if (!loaded) {
      auto a = refused(loaded.error().text);
      a["diagnostics"] = of(diagnostics);
      return answer(a);
    }
    apply(*loaded, "commit");
    answer({{"ok", true}, {"summary", "applied"}, {"revision", config_.revision()}});
  } else if (op == "gateway.clear" || op == "gateway.flush") {
    const auto name = text(request, "name");
    const auto n = op == "gateway.clear" ? manager_->clear(name, now) : manager_->flush(name, now);
    settle();
    answer(n == 0 && !name.empty() ? refused("no gateway named '" + name + "'") : done());
  } else if (op == "gateway.sleep") {
    if (manager_->go_to_sleep(text(request, "name"), now) == 0 && !text(request, "name").empty())
      answer(refused("'" + text(request, "name") + "' has no gateway to tell"));
    else
      wait_for_rest_.push_back(client);  // answered once the machine may go
    settle();
  } else if (op == "gateway.wake") {
    const auto n = manager_->stay_awake(text(request, "name"), now);
    settle();
    answer(n == 0 ? refused("nothing was silent before sleep") : done());
  } else if (op == "gateway.drain") {
    const auto told = manager_->drain_to(text(request, "to"), text(request, "name"), now);
    settle();
    answer(told ? json{{"ok", true}, {"told", *told}} : refused(told.error().text));
  } else if (op == "gateway.drain.stop") {
    const auto ended = manager_->end_drain(text(request, "name"));
    settle();
    answer(of(ended));
  } else if (op == "tunnel.up" || op == "tunnel.down") {
    const auto result = op == "tunnel.up" ? manager_->bring_up(text(request, "phase2"), text(request, "phase1"), now)
                                          : manager_->bring_down(text(request, "phase2"), text(request, "phase1"), now);
    settle();
    answer(of(result));
  } else if (op == "tunnel.flush") {
    const auto n = manager_->clear(text(request, "name"), now);
    settle();
    answer(n == 0 ? refused("no tunnel named '" + text(request, "name") + "'") : done());
  } else if (op == "reload") {
    answer(of(reload()));
  } else if (op == "events") {
    const auto count = request.value("count", json(100));
    answer({{"ok", true}, {"lines", events_.newest(count.is_number_unsigned() ? count.get<std::size_t>() : 100)}});
  } else if (op == "debug") {
    log::Subscription wish;
    const auto level = request.value("level", json(-1));
    if (level.is_number_integer()) wish.level = level.get<int>();
    wish.timestamps = request.value("timestamps", json(false)) == json(true);
    if (const auto filter = request.find("filter"); filter != request.end() && filter->is_object())
      wish.gateway = text(*filter, "name");
    if (const auto had = subscriptions_.find(client); had != subscriptions_.end()) debug_.unsubscribe(had->second);
    answer(done());
    subscriptions_[client] = debug_.subscribe(wish, [this, client](std::string_view line) {
      return control_->send(client, json{{"line", line}}.dump(-1, ' ', false, json::error_handler_t::replace));
    });
    refresh_debug();
  } else {
    answer(refused("unknown operation '" + op + "'"));
  }
}

void Daemon::on_gone(control::ClientId client) {
  std::erase(wait_for_rest_, client);
  const auto it = subscriptions_.find(client);
  if (it == subscriptions_.end()) return;
  debug_.unsubscribe(it->second);
  subscriptions_.erase(it);
  refresh_debug();
}

}  // namespace dormouse::daemon
