// Reading a status that another program wrote, maybe one of another version: what is missing or of the wrong type reads
// as zero, empty or false, never as an error.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace dormouse::status_view {

using Json = nlohmann::json;

[[nodiscard]] std::int64_t number(const Json& object, const char* key);
[[nodiscard]] std::string text(const Json& object, const char* key);
[[nodiscard]] bool flag(const Json& object, const char* key);
/// The array under `key`, or an empty one.
[[nodiscard]] const Json& list(const Json& object, const char* key);
/// The object under `key`, or an empty one.
[[nodiscard]] const Json& object(const Json& outer, const char* key);

/// Whole seconds of the duration under `key`, which is in nanoseconds.
[[nodiscard]] std::int64_t seconds(const Json& object, const char* key);
/// Whole milliseconds of it.
[[nodiscard]] std::int64_t milliseconds(const Json& object, const char* key);
/// Whole seconds from the instant under `key` to the status' `now`; 0 if it never was.
[[nodiscard]] std::int64_t seconds_since(const Json& status, const Json& object, const char* key);
/// Whole seconds from `now` to that instant; 0 if it never comes or is over.
[[nodiscard]] std::int64_t seconds_until(const Json& status, const Json& object, const char* key);
/// Whole seconds between two instants of one object; 0 if either never was.
[[nodiscard]] std::int64_t seconds_between(const Json& object, const char* from, const char* to);

/// "192.0.2.1:500", "[2001:db8::1]:500".
[[nodiscard]] std::string endpoint(const Json& endpoint);

}  // namespace dormouse::status_view
