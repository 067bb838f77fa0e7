#include "programs/status_view/tunnel_facts.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dormouse::status_view {
namespace {

unsigned hash_octets(std::string_view hash) {
  if (hash == "sha1") return 20;
  if (hash == "sha256") return 32;
  if (hash == "sha384") return 48;
  return hash == "sha512" ? 64 : 0;
}

}  // namespace

bool is_chosen(const Json& tunnel, const std::string& name) {
  return name.empty() || text(tunnel, "name") == name || text(tunnel, "phase1") == name;
}

const Json& phase1_of(const Json& status, const std::string& name) {
  static const Json kNone = Json::object();
  for (const auto& p : list(status, "phase1"))
    if (text(p, "name") == name) return p;
  return kNone;
}

std::vector<Child> children_of(const Json& tunnel) {
  static const Json kNone = Json::object();
  const auto& counters = list(tunnel, "child_counters");
  std::vector<Child> out;
  for (const auto& sa : list(tunnel, "ike"))
    for (const auto& child : list(sa, "children"))
      out.push_back({child, out.size() < counters.size() ? counters[out.size()] : kNone});
  return out;
}

std::vector<std::string> phase2_of(const Json& status, const Json& tunnel) {
  std::vector<std::string> out;
  for (const auto& name : list(phase1_of(status, text(tunnel, "phase1")), "phase2"))
    if (name.is_string()) out.push_back(name.get<std::string>());
  for (const auto& child : children_of(tunnel))
    if (const auto name = text(child.sa, "phase2"); std::ranges::find(out, name) == out.end()) out.push_back(name);
  return out;
}

std::size_t selectors_up(const Json& status, const Json& tunnel) {
  const auto children = children_of(tunnel);
  return static_cast<std::size_t>(std::ranges::count_if(phase2_of(status, tunnel), [&](const std::string& name) {
    return std::ranges::any_of(children,
                               [&](const Child& c) { return text(c.sa, "phase2") == name && !flag(c.sa, "replaced"); });
  }));
}

bool is_encapsulated(const Json& tunnel) { return text(object(tunnel, "path"), "encap") == "udp"; }

std::string outer_end(const Json& tunnel, const char* side) {
  auto end = object(object(tunnel, "path"), side);
  if (!is_encapsulated(tunnel)) end["port"] = 0;
  return endpoint(end);
}

bool is_asleep(const Json& tunnel) { return text(tunnel, "state") == "asleep"; }

std::string sleep_text(const Json& status, const Json& tunnel) {
  return fmt::format("asleep {}s, {}s left", seconds_since(status, tunnel, "asleep_since"),
                     seconds(tunnel, "sleep_left"));
}

std::string selector_text(const Json& ts) {
  const bool any = number(ts, "first_port") == 0 && number(ts, "last_port") == 65535;
  return fmt::format("{}:{}-{}:{}", number(ts, "protocol"), text(ts, "first"), text(ts, "last"),
                     any ? 0 : number(ts, "first_port"));
}

EspNames esp_names(const Json& suite) {
  const auto token = text(suite, "token");
  const auto dash = token.find('-');
  const auto octets = static_cast<unsigned>(number(suite, "key_bits")) / 8;
  constexpr unsigned kSalt = 4;  // FortiOS counts it as part of the key
  if (dash != std::string::npos) {
    const auto hash = token.substr(dash + 1);
    return {"aes", hash, octets, hash_octets(hash)};
  }
  if (token.ends_with("gcm")) return {"aes-gcm", "null", octets + kSalt, 0};
  // The key of ChaCha20 has one length, which the suite need not state.
  if (token.starts_with("chacha")) return {"chacha20poly1305", "null", 32 + kSalt, 0};
  return {token, "null", octets, 0};
}

}  // namespace dormouse::status_view
