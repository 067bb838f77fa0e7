// Short ways to write policies and services in tests.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/model/model.h"

namespace dormouse::nft {

inline config::Policy make_policy(std::uint32_t id, bool accept, std::vector<std::string> from,
                                  std::vector<std::string> to) {
  config::Policy p;
  p.id = id;
  p.accept = accept;
  p.srcintf = std::move(from);
  p.dstintf = std::move(to);
  return p;
}
inline config::Policy accept_all(std::uint32_t id = 0) { return make_policy(id, true, {"any"}, {"any"}); }

inline config::ServiceMatch protocol(std::uint8_t number) {
  config::ServiceMatch s;
  s.protocol = number;
  return s;
}
inline config::ServiceMatch ports(std::uint8_t number, std::uint16_t first, std::uint16_t last) {
  auto s = protocol(number);
  s.dst_first = first;
  s.dst_last = last;
  return s;
}
inline config::ServiceMatch icmp(std::uint8_t number, std::uint8_t type, std::optional<std::uint8_t> code = {}) {
  auto s = protocol(number);
  s.icmp_type = type;
  s.icmp_code = code;
  return s;
}

}  // namespace dormouse::nft
