// Short ways to write a row of a table. Included by the rows_*.h alone.
#pragma once
#include "config/schema/schema.h"

namespace dormouse::config::rows {

/// What most rows do not need.
struct Extra {
  std::string_view visible = {};
  std::string_view foreign = {};
  bool mandatory = false, ours = false, always_shown = false;
};

constexpr AttributeSpec row(std::string_view name, Kind kind, std::string_view choices, long long low, long long high,
                            std::string_view default_value, std::string_view help, const Extra& e) {
  return {name, kind,      choices,   low,         high,   default_value,
          help, e.visible, e.foreign, e.mandatory, e.ours, e.always_shown};
}
constexpr AttributeSpec option(std::string_view name, std::string_view choices, std::string_view value,
                               std::string_view help, Extra e = {}) {
  return row(name, Kind::option, choices, 0, 0, value, help, e);
}
constexpr AttributeSpec options(std::string_view name, std::string_view choices, std::string_view value,
                                std::string_view help, Extra e = {}) {
  return row(name, Kind::options, choices, 0, 0, value, help, e);
}
constexpr AttributeSpec toggle(std::string_view name, std::string_view value, std::string_view help, Extra e = {}) {
  return option(name, "enable disable", value, help, e);
}
constexpr AttributeSpec integer(std::string_view name, long long low, long long high, std::string_view value,
                                std::string_view help, Extra e = {}) {
  return row(name, Kind::integer, {}, low, high, value, help, e);
}
constexpr AttributeSpec integers(std::string_view name, long long low, long long high, std::string_view value,
                                 std::string_view help, Extra e = {}) {
  return row(name, Kind::integers, {}, low, high, value, help, e);
}
constexpr AttributeSpec text(std::string_view name, long long longest, std::string_view help, Extra e = {}) {
  return row(name, Kind::string, {}, 0, longest, {}, help, e);
}
constexpr AttributeSpec of_kind(std::string_view name, Kind kind, std::string_view value, std::string_view help,
                                Extra e = {}) {
  return row(name, kind, {}, 0, 0, value, help, e);
}
constexpr AttributeSpec reference(std::string_view name, std::string_view tables, std::string_view help, Extra e = {}) {
  return row(name, Kind::reference, tables, 0, 0, {}, help, e);
}
constexpr AttributeSpec references(std::string_view name, std::string_view tables, std::string_view help,
                                   Extra e = {}) {
  return row(name, Kind::references, tables, 0, 0, {}, help, e);
}

inline constexpr std::string_view kInterfaces = "system interface,vpn ipsec phase1-interface";
inline constexpr std::string_view kPolicyInterfaces = "any interface,system interface,vpn ipsec phase1-interface";
inline constexpr std::string_view kAddresses = "firewall address,firewall addrgrp";
inline constexpr std::string_view kServices = "firewall service custom,firewall service group";

}  // namespace dormouse::config::rows
