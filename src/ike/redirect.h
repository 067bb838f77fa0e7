// Another gateway instead of this one (RFC 5685): how it is named on the wire. Who is sent where, and who goes, is
// decided above.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "wire/message.h"

namespace dormouse::ike {

/// An address or a domain name, never both.
struct OtherGateway {
  std::optional<IpAddress> address{};
  std::string name{};
  [[nodiscard]] std::string text() const { return address ? address->text() : name; }
  friend bool operator==(const OtherGateway&, const OtherGateway&) = default;
};

/// As an operator writes it. Empty: neither an address nor a domain name.
[[nodiscard]] std::optional<OtherGateway> parse_gateway(std::string_view text);

/// N(REDIRECT) (9.2); the nonce is the initiator's and goes into the answer to IKE_SA_INIT alone.
[[nodiscard]] wire::NotifyPayload redirect_notify(const OtherGateway& to, ByteView nonce = {});
/// Reads it. `nonce` must be what follows the name, in full.
[[nodiscard]] std::optional<OtherGateway> read_redirect(const wire::NotifyPayload& notify, ByteView nonce = {});
/// N(REDIRECTED_FROM) (9.3).
[[nodiscard]] wire::NotifyPayload redirected_from_notify(const IpAddress& gateway);

}  // namespace dormouse::ike
