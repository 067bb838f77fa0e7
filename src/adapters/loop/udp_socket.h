// A UDP socket that knows the local address of every datagram, both ways.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "adapters/device_socket/device_sockets.h"
#include "base/bytes.h"
#include "base/ip.h"
#include "base/result.h"

namespace dormouse::loop {

struct UdpOptions {
  Endpoint local{};           ///< unspecified address = every address of its family; port 0 = any free one
  bool reuse_address = true;  ///< SO_REUSEADDR, so that a restart need not wait
  int receive_buffer = 0;     ///< bytes; 0 = the system's default. Forced past rmem_max where we may.
};

/// One datagram as received; `data` is borrowed until the callback returns.
struct Datagram {
  ByteView data{};
  Endpoint remote{};
  Endpoint local;        ///< the address it was sent to, with the socket's port
  unsigned ifindex = 0;  ///< the interface it came in by
};

class UdpSocket {
 public:
  static constexpr std::size_t kBatch = 32;  ///< datagrams taken by one system call

  /// Non-blocking and close-on-exec. An IPv6 socket takes IPv6 only. Failure names the address and port.
  [[nodiscard]] static Outcome<UdpSocket> open(const UdpOptions& options);
  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;
  ~UdpSocket();

  [[nodiscard]] int fd() const;
  [[nodiscard]] Endpoint local() const;

  /// Takes at most one batch; returns how many. 0: nothing waits. Datagrams over 65535 octets do not exist; truncated
  /// or address-less ones are left out. An ICMP error of an earlier send is swallowed.
  [[nodiscard]] Outcome<std::size_t> receive(const std::function<void(const Datagram&)>& take);

  /// Sends from `source` (unspecified: the kernel's choice) out of interface `ifindex` (0: by the routing table). With
  /// an index the kernel looks at that interface's routes alone, so no route through a tunnel can take the datagram. A
  /// full buffer is an error like any other: IKE repeats what got lost.
  [[nodiscard]] Outcome<void> send(ByteView data, const Endpoint& to, const IpAddress& source, unsigned ifindex);

 private:
  struct Batch;
  UdpSocket(int fd, Endpoint local);
  int fd_;
  Endpoint local_;
  std::unique_ptr<device_socket::DeviceSockets> senders_;  ///< IPv6 only
  std::unique_ptr<Batch> batch_;
};

}  // namespace dormouse::loop
