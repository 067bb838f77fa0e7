// Sockets that send IPv6 out of one interface and nowhere else. For IPv4 an interface index beside the packet
// (IP_PKTINFO) is enough; for IPv6 the kernel takes it for a wish once a source address is named too, and a default
// route through a tunnel would swallow the tunnel's own outer packets. Only a socket bound to the interface is held to
// it.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace dormouse::device_socket {

/// `fragments` sends fragments of IPv6 packets that were cut elsewhere, from the fragment header on, none in more
/// pieces than it is handed.
enum class Kind : std::uint8_t { udp, esp, fragments };

/// Send-only sockets of one kind, one for each interface, made when first asked for. They receive nothing: what comes
/// in goes to the socket that is bound to no interface. Safe to ask from several threads.
class DeviceSockets {
 public:
  /// `port` is the source port of Kind::udp; another socket of this user may have it too, with SO_REUSEPORT.
  DeviceSockets(Kind kind, std::uint16_t port) : kind_(kind), port_(port) {}
  ~DeviceSockets();
  DeviceSockets(const DeviceSockets&) = delete;
  DeviceSockets& operator=(const DeviceSockets&) = delete;
  /// Owned here, valid as long as this is. 0: bound to no interface. -1: it could not be made, or there were kMost
  /// interfaces already.
  [[nodiscard]] int fd(unsigned ifindex);

  static constexpr std::size_t kMost =
      256;  ///< interfaces come and go with new numbers, e.g. when they are plugged in again

 private:
  struct Entry {
    unsigned ifindex = 0;
    int fd = -1;
  };
  [[nodiscard]] int make(unsigned ifindex) const;
  Kind kind_;
  std::uint16_t port_;
  std::array<Entry, kMost> entries_{};
  std::atomic<std::size_t> count_ = 0;  ///< entries below are complete and never change
  std::mutex making_;
};

}  // namespace dormouse::device_socket
