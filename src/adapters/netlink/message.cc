#include "adapters/netlink/message.h"

namespace dormouse::netlink {
namespace {

int call(const nlattr* a, void* each) {
  (*static_cast<const std::function<void(const nlattr*)>*>(each))(a);
  return MNL_CB_OK;
}

void* pointer_to(const std::function<void(const nlattr*)>& each) {
  return const_cast<std::function<void(const nlattr*)>*>(&each);
}

}  // namespace

Request::Request(std::uint16_t type, unsigned flags) : head_(mnl_nlmsg_put_header(octets_.data())) {
  head_->nlmsg_type = type;
  head_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

void for_each_attribute(const nlmsghdr* m, std::size_t size, const std::function<void(const nlattr*)>& each) {
  if (mnl_nlmsg_get_payload_len(m) < size) return;
  mnl_attr_parse(m, static_cast<unsigned>(size), call, pointer_to(each));
}

void for_each_nested(const nlattr* nest, const std::function<void(const nlattr*)>& each) {
  mnl_attr_parse_nested(nest, call, pointer_to(each));
}

std::optional<IpAddress> address_of(const nlattr* a) {
  const ByteView octets(static_cast<const std::uint8_t*>(mnl_attr_get_payload(a)), mnl_attr_get_payload_len(a));
  if (octets.size() == 4) return IpAddress::v4(octets);
  if (octets.size() == 16) return IpAddress::v6(octets);
  return std::nullopt;
}

std::uint32_t u32_of(const nlattr* a) {
  return mnl_attr_get_payload_len(a) == sizeof(std::uint32_t) ? mnl_attr_get_u32(a) : 0;
}

std::string text_of(const nlattr* a) {
  const auto* p = static_cast<const char*>(mnl_attr_get_payload(a));
  return {p, strnlen(p, mnl_attr_get_payload_len(a))};
}

}  // namespace dormouse::netlink
