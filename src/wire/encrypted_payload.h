// The payloads that hold the encrypted part of a message: SK (RFC 7296 3.14) and SKF (RFC 7383 2.5).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Reads what stands before the IV of the payload of type `type` (SK or SKF). It must be the last of the message; an
/// SKF needs 1 <= fragment <= fragments.
[[nodiscard]] Result<EncryptedPart> parse_encrypted(PayloadType type, Reader& chain);

}  // namespace dormouse::wire
