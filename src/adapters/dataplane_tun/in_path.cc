#include "adapters/dataplane_tun/in_path.h"

#include <algorithm>
#include <cstring>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace dormouse::dataplane {
namespace {

constexpr std::int64_t kSpin = 30'000;  // ns
constexpr std::int64_t kUnknownEvery = 1'000'000'000;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kMinEsp = 8 + 8 + 4;  // header, something, trailer; the cipher's own sizes are checked after

}  // namespace

InPath::InPath(Tables& tables, OuterSockets& sockets, std::uint16_t udp_port, int wake_fd)
    : tables_(tables), sockets_(sockets), port_(udp_port), wake_(wake_fd), buffers_(kBurst * kDatagram) {}

void InPath::run(const std::atomic<bool>& stop) {
  const Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  const std::array fds{sockets_.udp4.get(), sockets_.udp6.get(), sockets_.esp4.get(), sockets_.esp6.get(), wake_};
  for (std::size_t i = 0; i < fds.size(); ++i) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = i;
    if (fds[i] >= 0) epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fds[i], &e);
  }
  std::array<epoll_event, 8> ready;
  bool busy = false;
  while (!stop.load(std::memory_order_acquire)) {
    int n = 0;
    if (busy) {
      const auto until = boottime_ns() + kSpin;
      do n = epoll_wait(epoll.get(), ready.data(), static_cast<int>(ready.size()), 0);
      while (n == 0 && boottime_ns() < until);
    }
    if (n == 0) n = epoll_wait(epoll.get(), ready.data(), static_cast<int>(ready.size()), -1);
    busy = false;
    tables_.in_gate.enter_batch();
    now_ = boottime_ns();
    for (int i = 0; i < n; ++i) {
      const auto which = ready[static_cast<std::size_t>(i)].data.u64;
      if (which == 4) {
        eventfd_t count = 0;
        eventfd_read(wake_, &count);
      } else {
        busy = receive(fds[which], which < 2) || busy;
      }
    }
    write_out();
    tables_.in_gate.leave_batch();
  }
}

bool InPath::receive(int fd, bool udp) {
  for (std::size_t i = 0; i < kBurst; ++i) {
    io_[i] = {buffers_.data() + i * kDatagram, kDatagram};
    auto& m = messages_[i].msg_hdr;
    m = {};
    m.msg_iov = &io_[i];
    m.msg_iovlen = 1;
    m.msg_name = &names_[i];
    m.msg_namelen = sizeof names_[i];
    m.msg_control = controls_[i].data();
    m.msg_controllen = controls_[i].size();
  }
  const int n = recvmmsg(fd, messages_.data(), kBurst, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    datagram(buffers_.data() + k * kDatagram, messages_[k].msg_len,
             read_arrival(messages_[k].msg_hdr, udp ? port_ : std::uint16_t{0}), udp);
  }
  open_batch();
  return n > 0;
}

void InPath::datagram(std::uint8_t* data, std::size_t size, const Arrival& from, bool udp) {
  if (!udp) {  // a raw IPv4 socket hands over the IP header too
    if (from.remote.address.is_v4()) {
      const std::size_t header = size > 0 ? (data[0] & 15U) * 4U : 0;
      if (header < 20 || size <= header) return;
      data += header;
      size -= header;
    }
    return esp_packet(data, size, from, false);
  }
  const std::size_t step = from.segment != 0 ? from.segment : size;
  for (std::size_t at = 0; at < size; at += step) {
    std::uint8_t* part = data + at;
    const std::size_t n = std::min(step, size - at);
    if (n >= 4 && load32(part) == 0) {  // the non-ESP marker: IKE (RFC 3948 2.2)
      tables_.events.push(esp::IkeDatagram{from.local, from.remote, from.ifindex, Bytes(part + 4, part + n)});
    } else if (n > 1) {  // one octet 0xff is a NAT keepalive
      esp_packet(part, n, from, true);
    }
  }
}

void InPath::esp_packet(std::uint8_t* esp, std::size_t size, const Arrival& from, bool udp) {
  if (size < kMinEsp) return;
  const EspSpi spi(load32(esp));
  Child* c = child_ && child_->spi_in == spi ? child_ : tables_.by_spi.find(spi);
  if (!c) return tell_unknown(spi, from.remote);
  if (c != child_ || from.remote != from_.remote || job_count_ == kJobs) {
    open_batch();
    child_ = c;
    from_ = from;
    from_udp_ = udp;
  }
  InboundSa& sa = c->in;
  const std::size_t around = sa.format.payload_offset() + sa.format.icv;
  if (size < around + sa.format.block || (size - around) % (sa.format.block == 16 ? 16 : 4) != 0) {
    sa.auth_failed.add(1);
    return;
  }
  const std::uint32_t low = load32(esp + 4);
  const SeqNo seq = sa.esn ? sa.window.infer(low) : SeqNo(low);
  if (sa.window.check(seq) != esp::ReplayVerdict::fresh) {
    sa.replayed.add(1);
    return;
  }
  jobs_[job_count_++] = {esp, static_cast<std::uint32_t>(size - around), seq.value(), false};
}

void InPath::open_batch() {
  if (job_count_ == 0) return;
  Child& c = *child_;
  c.in.cipher->open(std::span(jobs_).first(job_count_));
  std::uint64_t good = 0, bytes = 0;
  for (std::size_t i = 0; i < job_count_; ++i) {
    const auto& job = jobs_[i];
    const SeqNo seq(job.seq);
    if (!job.ok) {
      c.in.auth_failed.add(1);
      c.tunnel->errors_in.add(1);
    } else if (c.in.window.check(seq) != esp::ReplayVerdict::fresh) {  // twice within this batch
      c.in.replayed.add(1);
    } else {
      const bool newest = job.seq > c.in.window.highest().value();
      c.in.window.accept(seq);
      ++good;
      bytes += job.body_size;
      note_peer(c, seq, newest);
      deliver(c, job);
    }
  }
  c.in.packets.add(good);
  c.in.bytes.add(bytes);
  c.in.highest.set(c.in.window.highest().value());
  c.tunnel->packets_in.add(good);
  c.tunnel->bytes_in.add(bytes);
  if (good != 0) c.tunnel->last_in.set(static_cast<std::uint64_t>(now_));
  job_count_ = 0;
}

void InPath::note_peer(Child& c, SeqNo, bool newest) {
  Tunnel& t = *c.tunnel;
  if (!std::exchange(c.in.used, true)) tables_.events.push(esp::UsedChild{c.id});
  const auto encap = from_udp_ ? esp::Encap::udp : esp::Encap::none;
  const Endpoint remote{from_.remote.address, from_udp_ ? from_.remote.port : std::uint16_t{0}};
  const bool moved = remote != t.path.remote || from_.local.address != t.path.local.address;
  if (moved && newest && t.moved_told != remote) {
    t.moved_told = remote;
    tables_.events.push(esp::AuthenticatedFrom{t.id, c.id, from_.local, remote, encap});
  }
  if (t.asleep && !std::exchange(t.wake_told, true)) tables_.events.push(esp::TrafficWhileAsleep{t.id});
}

void InPath::deliver(Child& c, const crypto::EspJob& job) {
  const auto inner = esp::inner_of(job.esp + c.in.format.payload_offset(), job.body_size);
  esp::InnerPacket info;
  if (inner.empty() || !esp::parse_inner(inner, info)) return;
  if (!(c.any && !info.v6) && !esp::fits(info, c.remote_ts, c.local_ts)) {
    c.in.ts_mismatch.add(1);
    c.tunnel->errors_in.add(1);
    return;
  }
  const auto d = tables_.devices.find(c.tunnel->device);
  if (d == tables_.devices.end()) return;
  if (joined_device_ != d->second.get()) write_out();
  joined_device_ = d->second.get();
  const ByteView packet(inner.data(), info.length);
  if (joined_.offer(packet, info)) {
    // A joined packet that the device cannot take would be lost whole, so such packets go one by one.
    const auto& tun = joined_device_->tun;
    if (!tun.offload || (info.protocol == kUdp && !tun.udp_offload)) write_out();
    return;
  }
  write_out();
  joined_device_ = d->second.get();
  (void)joined_.offer(packet, info);
  if (info.protocol == kUdp && !joined_device_->tun.udp_offload) write_out();
}

void InPath::write_out() {
  if (joined_.empty() || !joined_device_) return;
  const auto out = joined_.take();
  // A full TUN queue drops, as any interface does; the sender's transport copes.
  if (write(joined_device_->tun.fd.get(), out.data(), out.size()) < 0) return;
}

void InPath::tell_unknown(EspSpi spi, const Endpoint& remote) {
  if (now_ - unknown_told_ < kUnknownEvery) return;
  unknown_told_ = now_;
  tables_.events.push(esp::UnknownSpi{remote, spi});
}

}  // namespace dormouse::dataplane
