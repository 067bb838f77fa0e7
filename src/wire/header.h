// The IKE header as octets (RFC 7296 3.1).
#pragma once
#include "wire/message.h"

namespace dormouse::wire {

/// Where the total length stands in a message, for whoever patches it at the end.
inline constexpr std::size_t kLengthOffset = 24;

/// Appends the 28 octets, naming `next` as the first payload; the length is written as 0.
void write_header(const Header& header, PayloadType next, Writer& out);

}  // namespace dormouse::wire
