// What a Configuration payload means to a dialup client and its gateway (RFC 7296 2.19 and 3.15, RFC 8598): the wish of
// a CFG_REQUEST and the gift of a CFG_REPLY, as values. The payload's octets are config_payload.h's.
#pragma once
#include <string>
#include <vector>

#include "base/inside.h"
#include "wire/message.h"

namespace dormouse::wire {

enum class ConfigType : std::uint8_t { request = 1, reply = 2, set = 3, ack = 4 };

/// Attribute types, by their IANA numbers.
enum class ConfigAttr : std::uint16_t {
  ip4_address = 1,
  ip4_netmask = 2,
  ip4_dns = 3,
  application_version = 7,
  ip6_address = 8,
  ip6_dns = 10,
  ip4_subnet = 13,
  supported_attributes = 14,
  ip6_subnet = 15,
  dns_domain = 25,
};
/// "IPv4 address", "IPv4 DNS", ... for logs.
[[nodiscard]] const char* name_of(ConfigAttr a);

/// What a client asks for.
struct InsideRequest {
  bool v4 = false, v6 = false;  ///< an address of that family
  InsideAddresses hint{};       ///< those it would like best, e.g. those it had
  bool netmask = false, dns4 = false, dns6 = false, subnet4 = false, subnet6 = false, domains = false;
  bool supported = false;  ///< which attributes the gateway knows
  friend bool operator==(const InsideRequest&, const InsideRequest&) = default;
};

/// What a gateway gives.
struct InsideConfig {
  InsideAddresses addresses{};
  unsigned v4_length = 32, v6_length = 128;  ///< of the prefix around each address
  std::vector<IpAddress> dns{};              ///< at most limits::kMaxInsideDns
  std::vector<Prefix> subnets{};             ///< what lies behind the gateway; empty: it did not say
  std::vector<std::string> domains{};        ///< names to ask `dns` for; letters, digits, '-', '_' and '.' alone
  bool supported = false;                    ///< tells the attributes this program knows
  friend bool operator==(const InsideConfig&, const InsideConfig&) = default;
};

[[nodiscard]] ConfigPayload to_payload(const InsideRequest& request);
[[nodiscard]] ConfigPayload to_payload(const InsideConfig& config);
/// Attributes that are unknown, of another length than theirs, or without sense (a multicast address as one's own) are
/// passed over, as 3.15.1 asks; so reading never fails. Not looked at: `payload.type`.
[[nodiscard]] InsideRequest read_request(const ConfigPayload& payload);
[[nodiscard]] InsideConfig read_config(const ConfigPayload& payload);

}  // namespace dormouse::wire
