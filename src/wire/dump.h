// IKE messages as text, field by field, for diagnose and for tests that compare.
#pragma once
#include <string>

#include "wire/message.h"

namespace dormouse::wire {

/// One line for the header, then the clear payloads and, if there is one, where the encrypted part begins. Every line
/// ends with
/// '\n'. Octet strings are hexadecimal and cut after 64 octets; the text is printable ASCII whatever the peer sent.
[[nodiscard]] std::string dump(const Message& message);
/// The payloads alone, each indented by `indent` spaces.
[[nodiscard]] std::string dump(const std::vector<Payload>& payloads, std::size_t indent = 0);

}  // namespace dormouse::wire
