#include "adapters/netlink/channel.h"

#include <cerrno>
#include <cstring>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/time.h"

namespace dormouse::netlink {
namespace {

constexpr Duration kWait = 2s;
constexpr int kAttempts = 8;  // at a list that others keep changing

Instant now() {
  timespec t{};
  static_cast<void>(clock_gettime(CLOCK_MONOTONIC, &t));
  return Instant::from_ns(std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

bool wait_readable(int fd, Instant until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
    pollfd p{fd, POLLIN, 0};
    const int rc = poll(&p, 1, left < 0 ? 0 : static_cast<int>(left));
    if (rc > 0) return true;
    if (rc == 0 || errno != EINTR) return false;
  }
}

/// The sentence an extended acknowledgement carries, if any.
std::string words_of(const nlmsghdr* m) {
  if ((m->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  const auto* e = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(m));
  std::size_t size = sizeof *e;
  // Unless the kernel capped it, the request comes back in full, before the attributes.
  if ((m->nlmsg_flags & NLM_F_CAPPED) == 0) size += mnl_nlmsg_get_payload_len(&e->msg);
  std::string words;
  for_each_attribute(m, size, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG) words = text_of(a);
  });
  return words;
}

}  // namespace

Outcome<Socket> open_socket(unsigned groups, int flags, int protocol) {
  Socket s(mnl_socket_open2(protocol, SOCK_CLOEXEC | flags));
  if (!s) return failure(std::string("open a netlink socket: ") + std::strerror(errno));
  if (mnl_socket_bind(s.get(), groups, MNL_SOCKET_AUTOPID) < 0)
    return failure(std::string("bind a netlink socket: ") + std::strerror(errno));
  return s;
}

Outcome<Channel> Channel::open(int protocol, unsigned groups) {
  TRY_ASSIGN(auto socket, open_socket(groups, 0, protocol));
  int on = 1;
  // Older kernels lack these; then refusals have fewer words.
  mnl_socket_setsockopt(socket.get(), NETLINK_EXT_ACK, &on, sizeof on);
  mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof on);
  return Channel(std::move(socket));
}

int Channel::take(std::size_t size, std::uint32_t sequence, const std::function<void(const nlmsghdr*)>& each) {
  int left = static_cast<int>(size);
  for (const auto* m = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(m, left);
       m = mnl_nlmsg_next(m, &left)) {
    // The answer to an earlier request whose wait had ended.
    if (m->nlmsg_seq != sequence) continue;
    if ((m->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
    if (m->nlmsg_type == NLMSG_ERROR) {
      if (mnl_nlmsg_get_payload_len(m) < sizeof(nlmsgerr)) return -EBADMSG;
      reason_ = words_of(m);
      const int error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(m))->error;
      return error == 0 ? 1 : error;
    }
    if (m->nlmsg_type == NLMSG_DONE) {
      int error = 0;
      if (mnl_nlmsg_get_payload_len(m) >= sizeof error) std::memcpy(&error, mnl_nlmsg_get_payload(m), sizeof error);
      return error < 0 ? error : 1;
    }
    if (m->nlmsg_type >= NLMSG_MIN_TYPE && each) each(m);
  }
  return 0;
}

Outcome<void> Channel::request(Request& r, const std::string& what, const std::function<void(const nlmsghdr*)>& each,
                               const std::function<void()>& restart) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0 && restart) restart();
    interrupted_ = false;
    TRY(exchange(r, what, each));
    if (!interrupted_) return {};
  }
  return failure(what + ": it changed all the while it was read");
}

Outcome<void> Channel::exchange(Request& r, const std::string& what, const std::function<void(const nlmsghdr*)>& each) {
  const auto refused = [&](int error) {
    return failure(what + ": " + std::strerror(error) + (reason_.empty() ? "" : " (" + reason_ + ")"));
  };
  reason_.clear();
  const auto until = now() + kWait;
  const auto sequence = ++sequence_;
  r.head()->nlmsg_seq = sequence;
  // A dump ends by itself; everything else is asked to be acknowledged.
  if ((r.head()->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) r.head()->nlmsg_flags |= NLM_F_ACK;
  if (mnl_socket_sendto(socket_.get(), r.head(), r.head()->nlmsg_len) < 0) return refused(errno);
  for (;;) {
    if (!wait_readable(mnl_socket_get_fd(socket_.get()), until)) return refused(ETIMEDOUT);
    const auto n = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refused(errno);
    const int verdict = take(static_cast<std::size_t>(n), sequence, each);
    if (verdict < 0) return refused(-verdict);
    if (verdict > 0) return {};
  }
}

}  // namespace dormouse::netlink
