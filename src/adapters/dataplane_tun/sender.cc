#include "adapters/dataplane_tun/sender.h"

#include <cerrno>

#include "adapters/dataplane_tun/send_all.h"
#include "esp/fit.h"

namespace dormouse::dataplane {

Sender::Result Sender::send(Tunnel& tunnel, esp::SealRun& run) {
  const auto& path = tunnel.path;
  const bool v6 = !path.remote.address.is_v4();
  const bool fits = run.segment() + esp::outer_headers(v6, path.encap) <= tunnel.out.mtu.value();
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
  // To the first hop's MTU the kernel cuts.
  int error = !fits && v6 && tunnel.out.mtu.narrower_beyond() ? cutter_.send(tunnel, run, &sent) : 0;
  if (error == 0) error = send_singly(tunnel, run, fd, &sent);
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
  } while (writable_again(fd));
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
  return send_all(fd, std::span(messages).first(run.count()), sent);
}

}  // namespace dormouse::dataplane
