// IKE fragmentation (RFC 7383): a message that would not fit into one packet travels as several, each sealed for
// itself. Here the pieces are put together again; protection.h seals and opens them.
#pragma once
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "wire/registry.h"

namespace dormouse::ike {

/// One message as it goes out: a single datagram, or its fragments in their order. Never empty.
using Datagrams = std::vector<Bytes>;

/// Octets an IKE message may have in an IP packet of `mtu` octets: without the IP and UDP headers and the non-ESP
/// marker.
[[nodiscard]] std::size_t room_in_packet(std::size_t mtu, bool v6, std::uint16_t port);

/// A fragment that has verified and is decrypted.
struct Fragment {
  MessageId id;
  std::uint16_t number = 0, total = 0;                ///< 1 <= number <= total
  wire::PayloadType first = wire::PayloadType::none;  ///< of the first inner payload; meaningful in number 1
  Bytes content;
  ByteView datagram;  ///< as it came
};

/// The inner payloads of a message whose fragments are all there.
struct Reassembled {
  wire::PayloadType first = wire::PayloadType::none;
  Bytes content;
  Bytes first_datagram;  ///< of fragment 1: what a repeated request begins with (2.6.1)
};

/// Collects the fragments of one message at a time, in one direction. Bounded: limits::kMaxFragments and
/// limits::kMaxReassembled.
class Reassembler {
 public:
  /// Takes one in; the whole once it is there. One of a set with more fragments begins anew, as its sender makes them
  /// smaller until they pass (2.5.2); one with fewer is late and dropped.
  [[nodiscard]] std::optional<Reassembled> add(Fragment fragment);
  void clear() { *this = Reassembler(); }
  [[nodiscard]] std::size_t octets() const { return octets_; }

 private:
  MessageId id_{};
  std::uint16_t total_ = 0;  // 0: nothing is being collected
  wire::PayloadType first_ = wire::PayloadType::none;
  Bytes first_datagram_;
  std::map<std::uint16_t, Bytes> parts_;
  std::size_t octets_ = 0;
};

}  // namespace dormouse::ike
