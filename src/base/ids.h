// The identifiers of the whole product.
#pragma once
#include <cstdint>
#include <type_traits>

#include "base/strong.h"

namespace dormouse {

using IkeSpi = Strong<struct IkeSpiTag, std::uint64_t>;        ///< RFC 7296 3.1; 0 is "not known yet"
using EspSpi = Strong<struct EspSpiTag, std::uint32_t>;        ///< RFC 4303 2.1; 0..255 are reserved
using MessageId = Strong<struct MessageIdTag, std::uint32_t>;  ///< RFC 7296 2.2
using SeqNo = Strong<struct SeqNoTag, std::uint64_t>;          ///< 64-bit extended sequence number
using TunnelId = Strong<struct TunnelIdTag, std::uint32_t>;    ///< one tunnel of this daemon's life; never reused
using IkeSaId = Strong<struct IkeSaIdTag, std::uint32_t>;      ///< local serial of an IKE SA, the ":11" of the log
using ChildId = Strong<struct ChildIdTag, std::uint32_t>;      ///< local serial of a Child SA, the ":30" of the log
using DeviceId = Strong<struct DeviceIdTag, std::uint32_t>;    ///< one TUN or xfrm interface of ours

static_assert(!std::is_convertible_v<std::uint32_t, EspSpi> && !std::is_convertible_v<EspSpi, MessageId>);

}  // namespace dormouse
