// IANA numbers of IKEv2, named once (registry.def), with their names for logs.
#pragma once
#include <cstdint>
#include <string>

namespace dormouse::wire {

enum class ExchangeType : std::uint8_t {
#define DM_EXCHANGE(id, number, log_name) id = number,
#include "wire/registry.def"
#undef DM_EXCHANGE
};
enum class PayloadType : std::uint8_t {
#define DM_PAYLOAD(id, number, name) id = number,
#include "wire/registry.def"
#undef DM_PAYLOAD
};
enum class NotifyType : std::uint16_t {
#define DM_NOTIFY(id, number, name) id = number,
#include "wire/registry.def"
#undef DM_NOTIFY
};
enum class AuthMethod : std::uint8_t {
  rsa = 1,
  shared_key = 2,
  dss = 3,
  ecdsa256 = 9,
  ecdsa384 = 10,
  ecdsa521 = 11,
  null = 13,
  digital_signature = 14
};

/// FortiOS's exchange name ("SA_INIT", "AUTH", "CREATE_CHILD", "INFORMATIONAL"), with _RESPONSE for responses.
[[nodiscard]] std::string exchange_name(ExchangeType e, bool response);
/// IANA name, or the number in decimal.
[[nodiscard]] std::string notify_name(NotifyType t);
[[nodiscard]] std::string payload_name(PayloadType t);
/// Notify types below 16384 report errors (RFC 7296 3.10.1).
[[nodiscard]] constexpr bool is_error(NotifyType t) { return static_cast<std::uint16_t>(t) < 16384; }

}  // namespace dormouse::wire
