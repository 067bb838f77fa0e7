#include "adapters/dataplane_tun/sender.h"

#include <cerrno>
#include <poll.h>

#include "esp/fit.h"

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

Sender::Result Sender::send(Tunnel& tunnel, esp::SealRun& run) {
  const auto& path = tunnel.path;
  const bool fits =
      run.segment() + esp::outer_headers(!path.remote.address.is_v4(), path.encap) <= tunnel.out.mtu.value();
  const int fd = run.mark().dont_fragment && fits ? sockets_.whole_sender(path) : sockets_.sender(path);
  if (fits && path.encap == esp::Encap::udp && run.count() > 1 && segment_offload_) {
    const int error = send_segmented(tunnel, run, fd);
    // EIO: the outgoing device has no checksum offload. EINVAL and EMSGSIZE: the path is narrower than the segments, or
    // there is no way out at all; packet by packet tells.
    if (error == EIO) segment_offload_ = false;
    if (error != EIO && error != EINVAL && error != EMSGSIZE) return error == 0 ? Result::sent : Result::lost;
    if (error != EIO) return in_pieces(tunnel, run, 0);
  }
  std::size_t sent = 0;
  const int error = send_singly(tunnel, run, fd, &sent);
  if (error == EMSGSIZE) return in_pieces(tunnel, run, sent);
  return error == 0 ? Result::sent : Result::lost;
}

Sender::Result Sender::in_pieces(Tunnel& tunnel, esp::SealRun& run, std::size_t sent) {
  const bool done = send_singly(tunnel, run, sockets_.sender(tunnel.path), &sent) == 0;
  return done ? Result::sent_in_pieces : Result::lost;
}

int Sender::send_segmented(Tunnel& tunnel, esp::SealRun& run, int fd) {
  const auto octets = run.octets();
  iovec io{octets.data(), octets.size()};
  msghdr m{};
  m.msg_iov = &io;
  m.msg_iovlen = 1;
  tunnel.addressing.apply(m, {static_cast<std::uint16_t>(run.segment()), run.mark().traffic_class});
  do {
    if (sendmsg(fd, &m, 0) >= 0) return 0;
  } while (buffer_full() && becomes_writable(fd));
  return errno;
}

int Sender::send_singly(Tunnel& tunnel, esp::SealRun& run, int fd, std::size_t* sent) {
  std::array<mmsghdr, esp::SealRun::kPackets> messages;
  std::array<iovec, esp::SealRun::kPackets> io;
  for (std::size_t i = 0; i < run.count(); ++i) {
    io[i] = {run.octets().data() + i * run.segment(), run.size_of(i)};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &io[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    tunnel.addressing.apply(messages[i].msg_hdr, {0, run.mark().traffic_class});
  }
  while (*sent < run.count()) {
    const int n = sendmmsg(fd, messages.data() + *sent, static_cast<unsigned>(run.count() - *sent), 0);
    if (n > 0)
      *sent += static_cast<std::size_t>(n);
    else if (!buffer_full() || !becomes_writable(fd))
      return errno;
  }
  return 0;
}

}  // namespace dormouse::dataplane
