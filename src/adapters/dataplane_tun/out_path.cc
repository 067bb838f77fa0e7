#include "adapters/dataplane_tun/out_path.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/limits.h"

namespace dormouse::dataplane {
namespace {

constexpr std::size_t kReadSize = 70000;
constexpr std::int64_t kWantedEvery = 100'000'000;  // ns
constexpr std::int64_t kSpin = 30'000;  // ns of looking again before sleeping: a wake-up costs about as much

esp::OffloadHeader read_offload(const std::uint8_t* p) {
  esp::OffloadHeader h;
  h.flags = p[0];
  h.gso_type = p[1];
  std::memcpy(&h.header_length, p + 2, 2);
  std::memcpy(&h.gso_size, p + 4, 2);
  std::memcpy(&h.csum_start, p + 6, 2);
  std::memcpy(&h.csum_offset, p + 8, 2);
  return h;
}

}  // namespace

OutPath::OutPath(Tables& tables, OuterSockets& sockets, int wake_fd)
    : tables_(tables), sender_(sockets), wake_(wake_fd), buffer_(kReadSize) {}

void OutPath::watch_devices(int epoll) {
  // Devices are few and change rarely: registering them anew is simpler than tracking differences. Closed ones left by
  // themselves.
  for (const auto& [id, d] : tables_.devices) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = id.value();
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, d->tun.fd.get(), &e) != 0 && errno != EEXIST) continue;
  }
}

void OutPath::run(const std::atomic<bool>& stop) {
  const Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event wake{};
  wake.events = EPOLLIN;
  epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake_, &wake);
  std::array<epoll_event, 64> ready;
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
    tables_.out_gate.enter_batch();
    now_ = boottime_ns();
    for (int i = 0; i < n; ++i) {
      const auto id = ready[static_cast<std::size_t>(i)].data.u64;
      if (id == 0) {
        eventfd_t count = 0;
        eventfd_read(wake_, &count);
        watch_devices(epoll.get());
        continue;
      }
      const auto d = tables_.devices.find(DeviceId(static_cast<std::uint32_t>(id)));
      if (d != tables_.devices.end()) busy = drain(*d->second) || busy;
    }
    sender_.flush();
    tables_.out_gate.leave_batch();
  }
}

bool OutPath::drain(Device& d) {
  for (int i = 0; i < kReads; ++i) {
    const auto n = read(d.tun.fd.get(), buffer_.data(), buffer_.size());
    if (n <= static_cast<ssize_t>(esp::kOffloadHeaderSize)) return i > 0;
    const auto size = static_cast<std::size_t>(n) - esp::kOffloadHeaderSize;
    packet(d, {buffer_.data() + esp::kOffloadHeaderSize, size}, read_offload(buffer_.data()));
  }
  return true;
}

void OutPath::packet(Device& d, MutableBytes packet, const esp::OffloadHeader& offload) {
  esp::InnerPacket info;
  if (!esp::parse_inner(packet, info)) return;
  Tunnel* sleeper = nullptr;
  Child* child = choose(d, packet, info, sleeper);
  esp::Segmenter segments(packet, offload);
  if (!segments.ok()) return;
  if (sleeper) return park(*sleeper, segments);
  if (!child) return tell_wanted(d, info);
  seal(*child, segments, info.v6);
}

Child* OutPath::newest_ready(const Tunnel& t, const esp::InnerPacket& info) const {
  for (Child* c : t.children)
    if (c->ready && ((c->any && !info.v6) || esp::fits(info, c->local_ts, c->remote_ts))) return c;
  return nullptr;
}

Child* OutPath::choose(const Device& d, ByteView, const esp::InnerPacket& info, Tunnel*& sleeper) const {
  for (Tunnel* t : d.tunnels) {
    if (t->asleep) {
      // With one tunnel a device all its packets are the sleeper's; else the selectors say whose they are.
      const bool its = d.tunnels.size() == 1 || std::ranges::any_of(t->children, [&](const Child* c) {
                         return esp::fits(info, c->local_ts, c->remote_ts);
                       });
      if (its) {
        sleeper = t;
        return nullptr;
      }
      continue;
    }
    if (Child* c = newest_ready(*t, info)) return c;
  }
  return nullptr;
}

void OutPath::seal(Child& c, esp::Segmenter& segments, bool v6) {
  std::array<crypto::EspJob, 64> jobs;
  std::size_t n = 0;
  OutboundSa& sa = c.out;
  for (std::size_t size = segments.next_size(); size != 0; size = segments.next_size()) {
    if (sa.seq >= sa.limit) {
      tell_limits(c);
      break;
    }
    const auto inner = static_cast<std::uint32_t>(size);
    const std::size_t total = sa.format.total(inner);
    // Room may have to send what is gathered, so what is in it must be sealed by then.
    if (n == jobs.size() || sender_.would_flush(c.tunnel->path, *c.tunnel, total)) {
      seal_batch(c, jobs, n);
      n = 0;
    }
    std::uint8_t* esp = sender_.room(c.tunnel->path, *c.tunnel, total);
    segments.write(esp + sa.format.payload_offset());
    jobs[n++] = esp::finish_outbound(esp, sa.format, inner, sa.spi, ++sa.seq, v6);
    sender_.commit(total);
    sa.bytes.add(inner);
    c.tunnel->bytes_out.add(inner);
  }
  seal_batch(c, jobs, n);
  c.tunnel->last_out.set(static_cast<std::uint64_t>(now_));
  if ((c.soft_bytes != 0 && sa.bytes.get() >= c.soft_bytes) || sa.seq >= sa.limit / 4 * 3) tell_limits(c);
}

void OutPath::seal_batch(Child& c, std::array<crypto::EspJob, 64>& jobs, std::size_t n) {
  if (n == 0) return;
  c.out.cipher->seal(std::span(jobs).first(n));
  c.out.packets.add(n);
  c.tunnel->packets_out.add(n);
}

void OutPath::tell_limits(Child& c) {
  const bool hard = c.out.seq >= c.out.limit || (c.hard_bytes != 0 && c.out.bytes.get() >= c.hard_bytes);
  bool& told = hard ? c.out.hard_told : c.out.soft_told;
  if (std::exchange(told, true)) return;
  tables_.events.push(esp::LifetimeReached{c.id, hard});
}

void OutPath::tell_wanted(Device& d, const esp::InnerPacket& info) {
  if (now_ - d.wanted_told < kWantedEvery) return;
  d.wanted_told = now_;
  tables_.events.push(esp::OutboundWanted{d.tun.id, info.source, info.destination});
}

void OutPath::park(Tunnel& t, esp::Segmenter& segments) {
  // Sleep is not the fast path: parked packets own their octets.
  for (std::size_t size = segments.next_size(); size != 0; size = segments.next_size()) {
    Bytes packet(size);
    segments.write(packet.data());
    t.parked_bytes += size;
    t.parked.push_back(std::move(packet));
    while (t.parked.size() > limits::kParkedPackets || t.parked_bytes > limits::kParkedBytes) {
      t.parked_bytes -= t.parked.front().size();
      t.parked.pop_front();
      t.dropped_asleep.add(1);
    }
  }
}

void OutPath::send_parked(Tunnel& t) {
  now_ = boottime_ns();
  t.parked_bytes = 0;
  for (auto& packet : std::exchange(t.parked, {})) {
    esp::InnerPacket info;
    if (!esp::parse_inner(packet, info)) continue;
    Child* c = newest_ready(t, info);
    if (!c) continue;
    esp::Segmenter one(packet, {});
    seal(*c, one, info.v6);
    t.parked_sent.add(1);
  }
  sender_.flush();
}

}  // namespace dormouse::dataplane
