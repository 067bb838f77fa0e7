#include "programs/status_view/fields.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace dormouse::status_view {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

}  // namespace

std::int64_t number(const Json& object, const char* key) {
  const auto* v = find(object, key);
  if (!v || !v->is_number_integer()) return 0;
  // Counters of 64 bits that ran past the half are shown as the highest number, not as a negative one.
  constexpr auto kHighest = std::numeric_limits<std::int64_t>::max();
  if (v->is_number_unsigned() && v->get<std::uint64_t>() > static_cast<std::uint64_t>(kHighest)) return kHighest;
  return v->get<std::int64_t>();
}

std::string text(const Json& object, const char* key) {
  const auto* v = find(object, key);
  return v && v->is_string() ? v->get<std::string>() : "";
}

bool flag(const Json& object, const char* key) {
  const auto* v = find(object, key);
  return v && v->is_boolean() && v->get<bool>();
}

const Json& list(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const auto* v = find(object, key);
  return v && v->is_array() ? *v : kNone;
}

const Json& object(const Json& outer, const char* key) {
  static const Json kNone = Json::object();
  const auto* v = find(outer, key);
  return v && v->is_object() ? *v : kNone;
}

std::int64_t seconds(const Json& object, const char* key) { return number(object, key) / kSecond; }
std::int64_t milliseconds(const Json& object, const char* key) { return number(object, key) / 1'000'000; }

std::int64_t seconds_since(const Json& status, const Json& object, const char* key) {
  const auto then = number(object, key);
  return then == 0 ? 0 : std::max<std::int64_t>(0, (number(status, "now") - then) / kSecond);
}

std::int64_t seconds_until(const Json& status, const Json& object, const char* key) {
  const auto then = number(object, key);
  return then == 0 ? 0 : std::max<std::int64_t>(0, (then - number(status, "now")) / kSecond);
}

std::int64_t seconds_between(const Json& object, const char* from, const char* to) {
  const auto a = number(object, from), b = number(object, to);
  return a == 0 || b == 0 ? 0 : std::max<std::int64_t>(0, (b - a) / kSecond);
}

std::string endpoint(const Json& endpoint) {
  const auto address = text(endpoint, "address");
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(number(endpoint, "port"));
}

}  // namespace dormouse::status_view
