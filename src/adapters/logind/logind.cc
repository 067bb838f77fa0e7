#include "adapters/logind/logind.h"

#include <cstring>
#include <fcntl.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>
#include <utility>

namespace dormouse::logind {
namespace {

constexpr const char* kService = "org.freedesktop.login1";
constexpr const char* kPath = "/org/freedesktop/login1";
constexpr const char* kInterface = "org.freedesktop.login1.Manager";
constexpr const char* kStarted =
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',"
    "arg0='org.freedesktop.login1'";
constexpr const char* kDisconnected =
    "type='signal',sender='org.freedesktop.DBus.Local',interface='org.freedesktop.DBus.Local',member='Disconnected'";
constexpr std::uint64_t kRetryUs = 30'000'000;

std::string text_of(const sd_bus_error* e) { return e->message != nullptr ? e->message : e->name; }

}  // namespace

struct Logind::Impl {
  Impl(sd_event* e, Calls c) : event(sd_event_ref(e)), calls(std::move(c)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    drop_bus();
    sd_event_source_disable_unref(again);
    sd_event_unref(event);
  }

  void open() {
    drop_bus();
    int rc = sd_bus_open_system(&bus);
    if (rc >= 0) rc = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
    if (rc >= 0) rc = sd_bus_add_match(bus, nullptr, kDisconnected, on_disconnected, this);
    if (rc >= 0)
      rc = sd_bus_match_signal_async(bus, nullptr, kService, kPath, kInterface, "PrepareForSleep", on_prepare, nullptr,
                                     this);
    if (rc >= 0) rc = sd_bus_add_match_async(bus, nullptr, kStarted, on_started, nullptr, this);
    if (rc >= 0) return take_lock();
    lost(std::string("no system bus: ") + std::strerror(-rc));
  }

  /// Its answer may take long, where logind is only being started; nobody waits for it.
  void take_lock() {
    if (lock >= 0 || asked != nullptr) return;
    const int rc = sd_bus_call_method_async(bus, &asked, kService, kPath, kInterface, "Inhibit", on_lock, this, "ssss",
                                            "sleep", "Dormouse", "VPN gateways are told of the sleep", "delay");
    if (rc < 0) trouble(std::string("no lock from logind: ") + std::strerror(-rc));
  }

  void drop_lock() {
    if (lock >= 0) close(lock);
    lock = -1;
  }

  void drop_bus() {
    asked = sd_bus_slot_unref(asked);
    drop_lock();  // a machine need not wait for somebody who is not told
    bus = sd_bus_flush_close_unref(bus);
  }

  void lost(const std::string& why) {
    trouble(why);
    drop_lock();
    again = sd_event_source_disable_unref(again);
    sd_event_add_time_relative(event, &again, CLOCK_BOOTTIME, kRetryUs, 1'000'000, on_again, this);
  }

  void trouble(const std::string& why) {
    if (!std::exchange(troubled, true)) calls.trouble(why);
  }

  static int on_prepare(sd_bus_message* m, void* user, sd_bus_error*) {
    auto& me = *static_cast<Impl*>(user);
    int going = 0;
    if (sd_bus_message_read(m, "b", &going) < 0) return 0;
    if (going != 0) {
      me.calls.going();
    } else {
      me.take_lock();
      me.calls.back();
    }
    return 0;
  }

  static int on_lock(sd_bus_message* m, void* user, sd_bus_error*) {
    auto& me = *static_cast<Impl*>(user);
    me.asked = sd_bus_slot_unref(me.asked);
    int fd = -1;
    if (sd_bus_message_is_method_error(m, nullptr) > 0) {
      me.trouble("no lock from logind: " + text_of(sd_bus_message_get_error(m)));
    } else if (sd_bus_message_read(m, "h", &fd) >= 0) {
      me.drop_lock();
      me.lock = fcntl(fd, F_DUPFD_CLOEXEC, 3);  // the message closes its own
      me.troubled = false;
    }
    return 0;
  }

  static int on_started(sd_bus_message* m, void* user, sd_bus_error*) {
    const char *name = nullptr, *old = nullptr, *now = nullptr;
    if (sd_bus_message_read(m, "sss", &name, &old, &now) >= 0 && *now != '\0') static_cast<Impl*>(user)->take_lock();
    return 0;
  }

  static int on_disconnected(sd_bus_message*, void* user, sd_bus_error*) {
    static_cast<Impl*>(user)->lost("the system bus is gone");
    return 0;
  }

  static int on_again(sd_event_source*, std::uint64_t, void* user) {
    static_cast<Impl*>(user)->open();
    return 0;
  }

  sd_event* event;
  Calls calls;
  sd_bus* bus = nullptr;
  sd_bus_slot* asked = nullptr;
  sd_event_source* again = nullptr;
  int lock = -1;
  bool troubled = false;
};

Logind::Logind(sd_event* event, Calls calls) : impl_(std::make_unique<Impl>(event, std::move(calls))) { impl_->open(); }
Logind::~Logind() = default;
void Logind::ready() { impl_->drop_lock(); }
bool Logind::holds_lock() const { return impl_->lock >= 0; }

}  // namespace dormouse::logind
