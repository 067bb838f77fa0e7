// What the ends do between IKE_SA_INIT and IKE_AUTH (RFC 9242): additional key exchanges (RFC 9370), and IntAuth, by
// which AUTH covers them.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "ike/protection.h"

namespace dormouse::ike {

/// A message as IntAuth covers it (RFC 9242 3.3.2): as if it had come whole, without IV, padding and ICV. `header` are
/// the 28 octets of the IKE header and the first two of the generic header of SK or SKF after it.
[[nodiscard]] Bytes int_auth_message(ByteView header, wire::PayloadType first, ByteView content);
/// The same of a message of ours.
[[nodiscard]] Bytes int_auth_message(const wire::Header& header, const std::vector<wire::Payload>& payloads);

/// What both ends said so far.
class IntAuth {
 public:
  /// One exchange is over; `keys` are those that protected it.
  [[nodiscard]] Result<void> add(crypto::Provider& engine, PrfId prf, const crypto::IkeKeys& keys, ByteView request,
                                 ByteView response);
  /// The octets that AUTH covers beside those of RFC 7296 2.15; empty if there was no exchange.
  [[nodiscard]] Bytes octets() const;

 private:
  Bytes i_, r_;
  std::uint32_t exchanges_ = 0;
};

/// Of a login whose ends both have IKE_INTERMEDIATE.
struct Intermediate {
  std::vector<KeId> to_do;  ///< agreed and not done yet, in order
  IntAuth auth;
  std::unique_ptr<crypto::KeyExchange> ke;  ///< initiator: of the request under way
  Bytes request;                            ///< initiator: the same, as IntAuth covers it
  Bytes received;                           ///< the peer's message that was opened last, likewise
  std::optional<Protection> previous;       ///< responder: for a request that was answered and comes again in pieces
};

}  // namespace dormouse::ike
