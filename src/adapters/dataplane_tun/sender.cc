#include "adapters/dataplane_tun/sender.h"

#include <cerrno>
#include <poll.h>

namespace dormouse::dataplane {
namespace {

/// A full socket buffer is waited for a little: dropping there would cost more than the pause.
bool wait_writable(int fd) {
  pollfd p{fd, POLLOUT, 0};
  return poll(&p, 1, 20) == 1;
}

}  // namespace

bool Sender::would_flush(const esp::OuterPath& path, const Tunnel& tunnel, std::size_t size) const {
  if (count_ == 0) return false;
  if (tunnel_ != &tunnel || count_ == kMaxSegments || used_ + size > kCapacity) return true;
  const bool shorter_ended = used_ != count_ * segment_;  // the last one was shorter: it closes the run
  return path.encap == esp::Encap::udp && (size > segment_ || shorter_ended);
}

std::uint8_t* Sender::room(const esp::OuterPath& path, Tunnel& tunnel, std::size_t size) {
  if (would_flush(path, tunnel, size)) flush();
  if (count_ == 0) {
    path_ = path;
    tunnel_ = &tunnel;
    segment_ = size;
  }
  return buffer_.data() + used_;
}

void Sender::commit(std::size_t size) {
  sizes_[count_++] = static_cast<std::uint32_t>(size);
  used_ += size;
}

bool Sender::send_segmented() {
  const int fd = sockets_.udp(path_->remote.address.family());
  Addressing address(*path_);
  iovec io{buffer_.data(), used_};
  while (true) {
    msghdr m{};
    m.msg_iov = &io;
    m.msg_iovlen = 1;
    address.apply(m, count_ > 1 ? static_cast<std::uint16_t>(segment_) : std::uint16_t{0});
    if (sendmsg(fd, &m, 0) >= 0) return true;
    if ((errno == EAGAIN || errno == ENOBUFS) && wait_writable(fd)) continue;
    if (errno == EIO && count_ > 1) {  // the device cannot; never ask again
      sockets_.segment_offload = false;
      return send_singly();
    }
    return false;
  }
}

bool Sender::send_singly() {
  const auto family = path_->remote.address.family();
  const int fd = path_->encap == esp::Encap::udp ? sockets_.udp(family) : sockets_.esp(family);
  Addressing address(*path_);
  std::array<mmsghdr, kMaxSegments> messages;
  std::array<iovec, kMaxSegments> io;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    io[i] = {buffer_.data() + at, sizes_[i]};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &io[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    address.apply(messages[i].msg_hdr, 0);
    at += sizes_[i];
  }
  std::size_t sent = 0;
  while (sent < count_) {
    const int n = sendmmsg(fd, messages.data() + sent, static_cast<unsigned>(count_ - sent), 0);
    if (n > 0)
      sent += static_cast<std::size_t>(n);
    else if ((errno != EAGAIN && errno != ENOBUFS) || !wait_writable(fd))
      return false;
  }
  return true;
}

void Sender::flush() {
  if (count_ == 0) return;
  const bool segmented = path_->encap == esp::Encap::udp && sockets_.segment_offload;
  const bool sent = segmented ? send_segmented() : send_singly();
  if (!sent) tunnel_->errors_out.add(count_);
  used_ = count_ = 0;
}

}  // namespace dormouse::dataplane
