// The chain of payloads: each begins with a generic header that names the type of the next (RFC 7296 3.2).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

inline constexpr std::size_t kGenericHeaderSize = 4;

/// One link of the chain, its body not yet looked into.
struct Link {
  PayloadType type;
  bool critical;
  PayloadType next;
  Reader body;
};

/// SK or SKF: the payload that ends a chain and holds another.
[[nodiscard]] constexpr bool is_encrypted(PayloadType t) {
  return t == PayloadType::encrypted || t == PayloadType::encrypted_fragment;
}

/// Reads the generic header of a payload of type `type` and steps over its body.
[[nodiscard]] Result<Link> read_link(PayloadType type, Reader& chain);
/// Reads payloads until the chain ends or an encrypted payload is next, and returns the type it stopped at. At most
/// limits::kMaxPayloads.
[[nodiscard]] Result<PayloadType> read_chain(PayloadType first, Reader& chain, std::vector<Payload>& out);

/// Appends a generic header whose length is still to be patched, and returns where it begins.
[[nodiscard]] std::size_t begin_link(PayloadType next, Writer& out);
/// Writes the length of the payload begun at `start`, which ends here.
void end_link(std::size_t start, Writer& out);

}  // namespace dormouse::wire
