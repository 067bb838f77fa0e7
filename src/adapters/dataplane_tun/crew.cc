#include "adapters/dataplane_tun/crew.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>

#include "adapters/dataplane_tun/clock.h"

namespace dormouse::dataplane {
namespace {

constexpr int kForever = -1, kNoWait = 0;
constexpr int kSecondIdle = 5;  // ms without a packet: the first thread can have the lane back

}  // namespace

Crew::Crew(Tables& tables, OuterSockets& sockets, OutLane& out, InLane& in, ErrorLane& errors)
    : tables_(tables),
      sockets_(sockets),
      out_(out),
      in_(in),
      errors_(errors),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      may_split_(std::thread::hardware_concurrency() > 1) {
  first_set_.add(wake_.get(), PollSet::Kind::wake, 0);
  second_set_.add(wake_.get(), PollSet::Kind::wake, 0);
  watch_outer(first_set_);
  for (const auto f : {Family::v4, Family::v6})
    first_set_.add(sockets_.errors(f), PollSet::Kind::errors, static_cast<std::uint32_t>(f));
  first_ = std::thread([this] { run_first(); });
  second_ = std::thread([this] { run_second(); });
  pthread_setname_np(first_.native_handle(), "path-first");
  pthread_setname_np(second_.native_handle(), "path-second");
}

Crew::~Crew() {
  stop_.store(true, std::memory_order_release);
  eventfd_write(wake_.get(), 1);  // never read: both see it
  first_.join();
  second_.join();
}

void Crew::serve(const TunDevice& device) { first_set_.add(device.fd.get(), PollSet::Kind::device, device.id.value()); }

void Crew::watch_outer(PollSet& set) {
  for (const Outer which : kOuters)
    set.add(sockets_.fd(which), PollSet::Kind::outer, static_cast<std::uint32_t>(which));
}

void Crew::set_split(bool split) {
  const std::lock_guard lock(split_mutex_);
  if (split_.load(std::memory_order_relaxed) == split) return;
  for (const Outer which : kOuters) (split ? first_set_ : second_set_).remove(sockets_.fd(which));
  watch_outer(split ? second_set_ : first_set_);
  split_.store(split, std::memory_order_release);
}

std::size_t Crew::carry(std::span<const PollSet::Ready> ready, Load& load) {
  std::size_t packets = 0;
  for (const auto& r : ready) {
    const Instant start = boottime();
    if (r.kind == PollSet::Kind::device) {
      const Batch batch(tables_.out_gate);
      packets += out_.drain(DeviceId(r.number));
      load.out(boottime() - start);
    } else if (r.kind == PollSet::Kind::outer) {
      const Batch batch(tables_.in_gate);
      packets += in_.receive(static_cast<Outer>(r.number));
      load.in(boottime() - start);
    } else if (r.kind == PollSet::Kind::errors) {
      const Batch batch(tables_.out_gate);
      errors_.receive(static_cast<Family>(r.number));
    }
  }
  return packets;
}

void Crew::run_first() {
  Spin spin;
  Load load;
  while (!stop_.load(std::memory_order_acquire)) {
    const Instant before = boottime();
    const bool look = spin.again(before);
    const auto ready = first_set_.wait(look ? kNoWait : kForever);
    if (ready.empty()) {
      sched_yield();  // whoever is to answer may want this very core
      continue;
    }
    if (!look) load.slept(boottime() - before);
    const std::size_t packets = carry(ready, load);
    const Instant now = boottime();
    spin.worked(now, packets);
    if (may_split_ && load.wants_help(now)) set_split(true);
  }
}

void Crew::run_second() {
  Load load;
  while (!stop_.load(std::memory_order_acquire)) {
    const bool on_duty = split_.load(std::memory_order_acquire);
    const Instant before = boottime();
    const auto ready = second_set_.wait(on_duty ? kSecondIdle : kForever);
    const Instant now = boottime();
    if (on_duty)
      load.slept(now - before);
    else
      load.restart(now);
    carry(ready, load);
    if (on_duty && (ready.empty() || load.idle(boottime()))) set_split(false);
  }
}

}  // namespace dormouse::dataplane
