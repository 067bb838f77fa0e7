#include "config/load/entry_reader.h"

#include <cstdlib>

namespace dormouse::config {
namespace {

unsigned mask_length(const IpAddress& mask) {
  unsigned n = 0;
  for (auto v = mask.v4_value(); (v & 0x80000000U) != 0; v <<= 1) ++n;
  return n;
}

}  // namespace

std::vector<std::string> EntryReader::list(std::string_view name) const {
  const auto* spec = find_attribute(table_, name);
  return spec ? values_of(*spec, entry_) : std::vector<std::string>{};
}

std::string EntryReader::text(std::string_view name) const {
  const auto values = list(name);
  return values.empty() ? "" : values.front();
}

unsigned EntryReader::number(std::string_view name) const {
  return static_cast<unsigned>(std::strtoul(text(name).c_str(), nullptr, 10));
}

unsigned EntryReader::key_number() const {
  return static_cast<unsigned>(std::strtoul(entry_.key.c_str(), nullptr, 10));
}

std::optional<IpAddress> EntryReader::address(std::string_view name) const {
  const auto a = IpAddress::parse(text(name));
  return a && !a->is_unspecified() ? a : std::nullopt;
}

std::optional<std::pair<IpAddress, unsigned>> EntryReader::interface_address(std::string_view name) const {
  const auto values = list(name);
  if (values.empty()) return std::nullopt;
  if (values.size() == 2) {
    const auto a = IpAddress::parse(values[0]);
    const auto mask = IpAddress::parse(values[1]);
    if (!a || !mask) return std::nullopt;
    return std::pair{*a, mask_length(*mask)};
  }
  const auto slash = values[0].find('/');
  const auto a = IpAddress::parse(std::string_view(values[0]).substr(0, slash));
  const auto prefix = Prefix::parse(values[0]);
  if (!a || !prefix) return std::nullopt;
  return std::pair{*a, prefix->length};
}

std::optional<Prefix> EntryReader::subnet(std::string_view name) const {
  const auto a = interface_address(name);
  return a ? std::optional(Prefix::of(a->first, a->second)) : std::nullopt;
}

Place EntryReader::place(std::string_view name) const {
  const auto* a = entry_.find(name);
  return a ? a->at : entry_.at;
}

}  // namespace dormouse::config
