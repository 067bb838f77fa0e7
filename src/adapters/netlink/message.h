// Building and reading of netlink messages: the only place that knows how attributes lie in memory.
#pragma once
#include <array>
#include <functional>
#include <libmnl/libmnl.h>
#include <string>

#include "base/ip.h"
#include "base/secret.h"

namespace dormouse::netlink {

/// One request, built front to back: first the header of its type, then attributes.
class Request {
 public:
  /// NLM_F_REQUEST is added to `flags`.
  Request(std::uint16_t type, unsigned flags);
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  /// The fixed part that follows the message header, zeroed: rtmsg, ifinfomsg, ifaddrmsg.
  template <class T>
  [[nodiscard]] T& header() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(head_, sizeof(T)));
  }
  void put_u32(std::uint16_t attribute, std::uint32_t value) { mnl_attr_put_u32(head_, attribute, value); }
  void put_text(std::uint16_t attribute, const std::string& value) {
    mnl_attr_put_strz(head_, attribute, value.c_str());
  }
  /// A kernel structure as it lies in memory.
  template <class T>
  void put(std::uint16_t attribute, const T& value) {
    mnl_attr_put(head_, attribute, sizeof value, &value);
  }
  void put_octets(std::uint16_t attribute, ByteView value) {
    mnl_attr_put(head_, attribute, value.size(), value.data());
  }
  /// What is put until end() is inside.
  [[nodiscard]] nlattr* begin(std::uint16_t attribute) { return mnl_attr_nest_start(head_, attribute); }
  void end(nlattr* nest) { mnl_attr_nest_end(head_, nest); }
  void put_address(std::uint16_t attribute, const IpAddress& a) {
    mnl_attr_put(head_, attribute, a.size(), a.bytes().data());
  }
  [[nodiscard]] nlmsghdr* head() { return head_; }
  /// Overwrites it, when there were secrets in it.
  void wipe() { dormouse::wipe({reinterpret_cast<std::uint8_t*>(octets_.data()), octets_.size()}); }

 private:
  alignas(
      nlmsghdr) std::array<char, 2048> octets_{};  // the longest of ours, a Child SA with its replay window, has 1000
  nlmsghdr* head_;
};

/// Calls `each` with every attribute behind the fixed part of `size` octets.
void for_each_attribute(const nlmsghdr* m, std::size_t size, const std::function<void(const nlattr*)>& each);
void for_each_nested(const nlattr* nest, const std::function<void(const nlattr*)>& each);

/// The value as an address of its own length; nothing if it has another than 4 or 16 octets.
[[nodiscard]] std::optional<IpAddress> address_of(const nlattr* a);
/// The value as a number; 0 if it has not four octets.
[[nodiscard]] std::uint32_t u32_of(const nlattr* a);
/// The value as text, up to its first zero.
[[nodiscard]] std::string text_of(const nlattr* a);

}  // namespace dormouse::netlink
