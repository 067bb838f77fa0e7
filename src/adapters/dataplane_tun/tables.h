// What the packet threads work on. The control thread changes it only while it holds both gates; a packet thread holds
// its own gate for a batch, so the path itself takes no lock per packet. Counters are written by one thread each and
// read by control.
#pragma once
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "adapters/dataplane_tun/tun_device.h"
#include "crypto/esp_suite.h"
#include "esp/packet_format.h"
#include "esp/replay_window.h"

namespace dormouse::dataplane {

/// A lock between one packet thread and control. Control announces itself, so that a busy packet thread lets it in.
class Gate {
 public:
  void enter_batch() {
    while (waiting_.load(std::memory_order_acquire) != 0) yield();
    mutex_.lock();
  }
  void leave_batch() { mutex_.unlock(); }
  void lock() {
    waiting_.fetch_add(1, std::memory_order_acq_rel);
    mutex_.lock();
    waiting_.fetch_sub(1, std::memory_order_acq_rel);
  }
  void unlock() { mutex_.unlock(); }

 private:
  static void yield();
  std::mutex mutex_;
  std::atomic<int> waiting_ = 0;
};

/// A counter with one writer.
class Count {
 public:
  void add(std::uint64_t n) { v_.store(v_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { v_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return v_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> v_ = 0;
};

struct Tunnel;

/// The outbound half of a Child SA: touched by the out thread alone.
struct alignas(64) OutboundSa {
  std::unique_ptr<crypto::EspCipher> cipher;
  esp::PacketFormat format;
  EspSpi spi;
  std::uint64_t seq = 0;
  std::uint64_t limit = 0;  ///< last sequence number that may be used
  bool soft_told = false, hard_told = false;
  Count packets, bytes, errors;
};
/// The inbound half: touched by the in thread alone.
struct alignas(64) InboundSa {
  std::unique_ptr<crypto::EspCipher> cipher;
  esp::PacketFormat format;
  esp::ReplayWindow window;
  bool used = false, esn = false;
  Count packets, bytes, replayed, auth_failed, ts_mismatch, highest;
};

struct Child {
  ChildId id;
  Tunnel* tunnel = nullptr;
  OutboundSa out;
  InboundSa in;
  EspSpi spi_in;
  TrafficSelectors local_ts, remote_ts;
  bool any = false;  ///< everything of IPv4 fits
  bool ready = true;
  std::uint64_t soft_bytes = 0, hard_bytes = 0;
};

struct Tunnel {
  TunnelId id;
  DeviceId device;
  esp::OuterPath path;
  bool asleep = false;
  bool wake_told = false;        ///< in thread
  Endpoint moved_told;           ///< in thread: last address reported
  std::vector<Child*> children;  ///< newest first
  std::deque<Bytes> parked;      ///< out thread (and control at wake)
  std::size_t parked_bytes = 0;
  Count packets_in, bytes_in, errors_in, last_in;
  Count packets_out, bytes_out, errors_out, last_out, parked_sent, dropped_asleep;
};

struct Device {
  TunDevice tun;
  std::vector<Tunnel*> tunnels;
  std::int64_t wanted_told = 0;  ///< out thread: ns of the last OutboundWanted
};

/// Inbound SPI to Child SA: open addressing, a power of two at most half full.
class SpiTable {
 public:
  SpiTable() : slots_(64) {}
  [[nodiscard]] Child* find(EspSpi spi) const {
    const auto mask = slots_.size() - 1;
    for (std::size_t i = hash(spi) & mask;; i = (i + 1) & mask) {
      if (!slots_[i].child) return nullptr;
      if (slots_[i].spi == spi) return slots_[i].child;
    }
  }
  void rebuild(const std::map<ChildId, std::unique_ptr<Child>>& children);

 private:
  struct Slot {
    EspSpi spi;
    Child* child = nullptr;
  };
  static std::size_t hash(EspSpi spi) { return spi.value() * 0x9e3779b9U >> 7; }
  std::vector<Slot> slots_;
};

/// Events from the packet threads to control: rare, bounded, signalled by an eventfd.
class EventQueue {
 public:
  explicit EventQueue();
  void push(esp::PathEvent event);
  [[nodiscard]] std::vector<esp::PathEvent> take();
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  static constexpr std::size_t kBound =
      8192;  // a burst of IKE datagrams; more are dropped and retransmitted by their senders
  std::mutex mutex_;
  std::vector<esp::PathEvent> events_;
  Fd fd_;
};

struct Tables {
  Gate out_gate, in_gate;
  std::map<DeviceId, std::unique_ptr<Device>> devices;
  std::map<TunnelId, std::unique_ptr<Tunnel>> tunnels;
  std::map<ChildId, std::unique_ptr<Child>> children;
  SpiTable by_spi;
  EventQueue events;
};

/// Both gates, for a change.
class Change {
 public:
  explicit Change(Tables& t) : t_(t) {
    t_.out_gate.lock();
    t_.in_gate.lock();
  }
  ~Change() {
    t_.in_gate.unlock();
    t_.out_gate.unlock();
  }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

 private:
  Tables& t_;
};

[[nodiscard]] std::int64_t boottime_ns();

}  // namespace dormouse::dataplane
