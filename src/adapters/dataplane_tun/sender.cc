#include "adapters/dataplane_tun/sender.h"

#include <cerrno>
#include <poll.h>

namespace dormouse::dataplane {
namespace {

/// A full socket buffer is waited for a little: to drop a whole run would cost a TCP stream more than the pause.
bool becomes_writable(int fd) {
  constexpr int kPause = 5;  // ms: as long as the kernel's own queues hold
  pollfd p{fd, POLLOUT, 0};
  return poll(&p, 1, kPause) == 1;
}

bool buffer_full() { return errno == EAGAIN || errno == ENOBUFS; }

}  // namespace

bool Sender::send(Tunnel& tunnel, esp::SealRun& run) {
  const bool segmented =
      tunnel.path.encap == esp::Encap::udp && run.count() > 1 && segment_offload_ && !tunnel.out.no_segments;
  if (!segmented) return send_singly(tunnel, run);
  const int error = send_segmented(tunnel, run);
  // EIO: the outgoing device has no checksum offload. EINVAL and EMSGSIZE: this path is narrower than the segments, or
  // there is no way out at all; packet by packet tells.
  if (error == EIO)
    segment_offload_ = false;
  else if (error != EINVAL && error != EMSGSIZE)
    return error == 0;
  const bool sent = send_singly(tunnel, run);
  if (sent && error != EIO) tunnel.out.no_segments = true;
  return sent;
}

int Sender::send_segmented(Tunnel& tunnel, esp::SealRun& run) {
  const int fd = sockets_.sender(tunnel.path);
  const auto octets = run.octets();
  iovec io{octets.data(), octets.size()};
  msghdr m{};
  m.msg_iov = &io;
  m.msg_iovlen = 1;
  tunnel.addressing.apply(m, {static_cast<std::uint16_t>(run.segment()), run.traffic_class()});
  do {
    if (sendmsg(fd, &m, 0) >= 0) return 0;
  } while (buffer_full() && becomes_writable(fd));
  return errno;
}

bool Sender::send_singly(Tunnel& tunnel, esp::SealRun& run) {
  const int fd = sockets_.sender(tunnel.path);
  std::array<mmsghdr, esp::SealRun::kPackets> messages;
  std::array<iovec, esp::SealRun::kPackets> io;
  for (std::size_t i = 0; i < run.count(); ++i) {
    io[i] = {run.octets().data() + i * run.segment(), run.size_of(i)};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &io[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    tunnel.addressing.apply(messages[i].msg_hdr, {0, run.traffic_class()});
  }
  std::size_t sent = 0;
  while (sent < run.count()) {
    const int n = sendmmsg(fd, messages.data() + sent, static_cast<unsigned>(run.count() - sent), 0);
    if (n > 0)
      sent += static_cast<std::size_t>(n);
    else if (!buffer_full() || !becomes_writable(fd))
      return false;
  }
  return true;
}

}  // namespace dormouse::dataplane
