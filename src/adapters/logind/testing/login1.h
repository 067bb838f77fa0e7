// A stand-in for systemd-logind on a private bus: hands out delay locks, tells of sleep, and sees the locks given back.
#pragma once
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <systemd/sd-bus.h>
#include <unistd.h>
#include <vector>

namespace dormouse::logind::testing {

class Login1 {
 public:
  /// On the bus of DBUS_SYSTEM_BUS_ADDRESS.
  Login1() {
    check(sd_bus_open_system(&bus_), "open the bus");
    static const sd_bus_vtable kMethods[] = {SD_BUS_VTABLE_START(0),
                                             SD_BUS_METHOD("Inhibit", "ssss", "h", inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
                                             SD_BUS_SIGNAL("PrepareForSleep", "b", 0), SD_BUS_VTABLE_END};
    check(sd_bus_add_object_vtable(bus_, nullptr, kPath, kInterface, kMethods, this), "offer the manager");
    check(sd_bus_request_name(bus_, "org.freedesktop.login1", 0), "take the name");
  }
  Login1(const Login1&) = delete;
  Login1& operator=(const Login1&) = delete;
  ~Login1() {
    for (const int fd : locks_) close(fd);
    sd_bus_flush_close_unref(bus_);
  }

  [[nodiscard]] sd_bus* bus() const { return bus_; }
  void tell(bool sleep) {
    check(sd_bus_emit_signal(bus_, kPath, kInterface, "PrepareForSleep", "b", int{sleep}), "tell");
    check(sd_bus_flush(bus_), "tell");
  }
  /// Locks handed out and not given back.
  [[nodiscard]] std::size_t locks() {
    std::erase_if(locks_, [](int fd) {
      char c = 0;
      const bool gone = read(fd, &c, 1) == 0;
      if (gone) close(fd);
      return gone;
    });
    return locks_.size();
  }
  std::string asked;   ///< with what the last lock was asked for: "sleep:Dormouse:delay"
  unsigned given = 0;  ///< locks so far

 private:
  static constexpr const char* kPath = "/org/freedesktop/login1";
  static constexpr const char* kInterface = "org.freedesktop.login1.Manager";
  static void check(int rc, const char* what) {
    if (rc < 0) throw std::runtime_error(std::string(what) + ": error " + std::to_string(-rc));
  }
  static int inhibit(sd_bus_message* m, void* user, sd_bus_error*) {
    auto& me = *static_cast<Login1*>(user);
    const char *what = nullptr, *who = nullptr, *why = nullptr, *mode = nullptr;
    if (const int rc = sd_bus_message_read(m, "ssss", &what, &who, &why, &mode); rc < 0) return rc;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -errno;
    me.asked = std::string(what) + ":" + who + ":" + mode;
    me.locks_.push_back(ends[0]);
    ++me.given;
    const int rc = sd_bus_reply_method_return(m, "h", ends[1]);
    close(ends[1]);
    return rc;
  }
  sd_bus* bus_ = nullptr;
  std::vector<int> locks_;
};

}  // namespace dormouse::logind::testing
