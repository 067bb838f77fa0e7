#include "adapters/loop/udp_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace dormouse::loop {
namespace {

constexpr std::size_t kDatagramSize = 65536;
constexpr std::size_t kControlSize = 256;

struct Name {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

bool is_link_local(const IpAddress& a) { return !a.is_v4() && a.bytes()[0] == 0xfe && (a.bytes()[1] & 0xc0) == 0x80; }

Name name_of(const Endpoint& e, unsigned ifindex) {
  Name n;
  if (e.address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(e.port);
    std::memcpy(&in.sin_addr, e.address.bytes().data(), 4);
    std::memcpy(&n.storage, &in, sizeof in);
    n.size = sizeof in;
    return n;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(e.port);
  if (is_link_local(e.address)) in.sin6_scope_id = ifindex;
  std::memcpy(&in.sin6_addr, e.address.bytes().data(), 16);
  std::memcpy(&n.storage, &in, sizeof in);
  n.size = sizeof in;
  return n;
}

Endpoint endpoint_of(const sockaddr_storage& s) {
  if (s.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &s, sizeof in);
    return {IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &s, sizeof in);
  return {IpAddress::v6(ByteView(in.sin6_addr.s6_addr, 16)), ntohs(in.sin6_port)};
}

int set_option(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof value); }

bool configure(int fd, const UdpOptions& o) {
  if (o.reuse_address && set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0) return false;
  // Without CAP_NET_ADMIN the forced form fails; then as much as rmem_max allows.
  if (o.receive_buffer > 0 && set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, o.receive_buffer) != 0)
    set_option(fd, SOL_SOCKET, SO_RCVBUF, o.receive_buffer);
  if (o.local.address.is_v4()) {
    // A path that swallows the ICMP error must not swallow every repeat of an IKE message: let routers fragment.
    set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) == 0;
  }
  set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
  return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == 0 && set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == 0;
}

struct Arrival {
  IpAddress local;
  unsigned ifindex = 0;
};

/// False if the kernel said no local address.
bool read_arrival(msghdr& m, Arrival& out) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&m); c != nullptr; c = CMSG_NXTHDR(&m, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      out = {IpAddress::v4(ntohl(info.ipi_addr.s_addr)), static_cast<unsigned>(info.ipi_ifindex)};
      return true;
    }
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      out = {IpAddress::v6(ByteView(info.ipi6_addr.s6_addr, 16)), static_cast<unsigned>(info.ipi6_ifindex)};
      return true;
    }
  }
  return false;
}

struct SendControl {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> octets{};
};

template <class Info>
void put_pktinfo(msghdr& m, SendControl& control, int level, int type, const Info& info) {
  m.msg_control = control.octets.data();
  m.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(c), &info, sizeof info);
}

void put_source(msghdr& m, SendControl& control, Family family, const IpAddress& source, unsigned ifindex) {
  const bool bound = source.family() == family && !source.is_unspecified();
  if (!bound && ifindex == 0) return;
  if (family == Family::v4) {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(ifindex);
    if (bound) std::memcpy(&info.ipi_spec_dst, source.bytes().data(), 4);
    put_pktinfo(m, control, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = ifindex;
    if (bound) std::memcpy(&info.ipi6_addr, source.bytes().data(), 16);
    put_pktinfo(m, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

/// Errors that an earlier datagram left on the socket (RFC 1122 4.1.3.3); they concern no datagram that waits now.
bool is_echo_of_a_send(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN ||
         error == EPROTO || error == ENOPROTOOPT || error == EMSGSIZE || error == EACCES;
}

}  // namespace

/// The memory of a batch, kept between calls. Untouched pages cost nothing.
struct UdpSocket::Batch {
  std::array<mmsghdr, kBatch> heads{};
  std::array<iovec, kBatch> places{};
  std::array<sockaddr_storage, kBatch> names{};
  struct Control {
    alignas(cmsghdr) std::array<char, kControlSize> octets;
  };
  std::array<Control, kBatch> controls{};
  std::unique_ptr<std::uint8_t[]> data = std::make_unique_for_overwrite<std::uint8_t[]>(kBatch * kDatagramSize);

  void prepare() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      places[i] = {data.get() + i * kDatagramSize, kDatagramSize};
      heads[i] = {};
      heads[i].msg_hdr.msg_name = &names[i];
      heads[i].msg_hdr.msg_namelen = sizeof names[i];
      heads[i].msg_hdr.msg_iov = &places[i];
      heads[i].msg_hdr.msg_iovlen = 1;
      heads[i].msg_hdr.msg_control = controls[i].octets.data();
      heads[i].msg_hdr.msg_controllen = controls[i].octets.size();
    }
  }
};

UdpSocket::UdpSocket(int fd, Endpoint local) : fd_(fd), local_(local), batch_(std::make_unique<Batch>()) {}
UdpSocket::UdpSocket(UdpSocket&& o) noexcept
    : fd_(std::exchange(o.fd_, -1)), local_(o.local_), senders_(std::move(o.senders_)), batch_(std::move(o.batch_)) {}
UdpSocket& UdpSocket::operator=(UdpSocket&& o) noexcept {
  std::swap(fd_, o.fd_);
  std::swap(local_, o.local_);
  std::swap(senders_, o.senders_);
  std::swap(batch_, o.batch_);
  return *this;
}
UdpSocket::~UdpSocket() {
  if (fd_ >= 0) close(fd_);
}

int UdpSocket::fd() const { return fd_; }
Endpoint UdpSocket::local() const { return local_; }

Outcome<UdpSocket> UdpSocket::open(const UdpOptions& options) {
  const auto refused = [&](const char* step) {
    return failure("UDP " + options.local.text() + ": " + step + ": " + std::strerror(errno));
  };
  const int fd =
      socket(options.local.address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return refused("socket");
  UdpSocket s(fd, options.local);
  if (!configure(fd, options)) return refused("set options");
  auto name = name_of(options.local, 0);
  if (bind(fd, name.get(), name.size) != 0) return refused("bind");
  Name bound;
  bound.size = sizeof bound.storage;
  if (getsockname(fd, bound.get(), &bound.size) != 0) return refused("getsockname");
  s.local_ = endpoint_of(bound.storage);
  if (!options.local.address.is_v4()) {
    // Only now: the senders may have the port too, another program may not.
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    s.senders_ = std::make_unique<device_socket::DeviceSockets>(device_socket::Kind::udp, s.local_.port);
  }
  return s;
}

Outcome<std::size_t> UdpSocket::receive(const std::function<void(const Datagram&)>& take) {
  batch_->prepare();
  int n = 0;
  do {
    n = recvmmsg(fd_, batch_->heads.data(), kBatch, MSG_DONTWAIT, nullptr);
  } while (n < 0 && (errno == EINTR || is_echo_of_a_send(errno)));
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::size_t{0};
  if (n < 0) return failure("UDP " + local_.text() + ": receive: " + std::strerror(errno));
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    auto& head = batch_->heads[i].msg_hdr;
    Arrival arrival;
    if ((head.msg_flags & MSG_TRUNC) != 0 || !read_arrival(head, arrival)) continue;
    const ByteView data(batch_->data.get() + i * kDatagramSize, batch_->heads[i].msg_len);
    take({data, endpoint_of(batch_->names[i]), {arrival.local, local_.port}, arrival.ifindex});
  }
  return static_cast<std::size_t>(n);
}

Outcome<void> UdpSocket::send(ByteView data, const Endpoint& to, const IpAddress& source, unsigned ifindex) {
  auto name = name_of(to, ifindex);
  iovec place{const_cast<std::uint8_t*>(data.data()), data.size()};
  SendControl control;
  msghdr m{};
  m.msg_name = name.get();
  m.msg_namelen = name.size;
  m.msg_iov = &place;
  m.msg_iovlen = 1;
  put_source(m, control, to.address.family(), source, ifindex);
  const int held = senders_ && ifindex != 0 ? senders_->fd(ifindex) : -1;
  const int out = held >= 0 ? held : fd_;
  ssize_t n = -1;
  // An ICMP error of an earlier datagram is reported to the next send in its stead: once more, then.
  for (int attempt = 0; attempt < 2; ++attempt) {
    n = sendmsg(out, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0 || (errno != EINTR && errno != ECONNREFUSED)) break;
  }
  if (n < 0) return failure("send to " + to.text() + ": " + std::strerror(errno));
  return {};
}

}  // namespace dormouse::loop
