#include "config/load/builder.h"

#include "config/schema/check.h"

namespace dormouse::config {

void Builder::run() {
  each("system global", &Builder::global);
  each("system settings", &Builder::settings);
  each("vpn certificate ca", &Builder::authority);
  each("vpn certificate crl", &Builder::revocation);
  each("vpn certificate local", &Builder::local_certificate);
  each("user peer", nullptr);
  each("user peergrp", nullptr);
  each("vpn ipsec phase1-interface", &Builder::phase1);
  each("vpn ipsec phase2-interface", &Builder::phase2);
  each("system interface", &Builder::interface);
  each("firewall address", &Builder::address_object);
  each("firewall addrgrp", nullptr);
  each("firewall service custom", &Builder::service_object);
  each("firewall service group", nullptr);
  each("firewall policy", &Builder::policy);
  each("router static", &Builder::route);
  each("system snmp community", &Builder::community);
  each("system snmp sysinfo", &Builder::sysinfo);
  compare_interfaces();
  compare_phase1();
}

void Builder::each(std::string_view path, void (Builder::*build)(const EntryReader&)) {
  const auto* table = find_table(path);
  const auto* section = tree_.find(path);
  if (!section) return;
  path_ = table->path;
  for (const auto& e : section->entries) {
    const EntryReader reader(*table, e);
    require_mandatory(reader, path_of(e));
    if (build) (this->*build)(reader);
  }
}

void Builder::require_mandatory(const EntryReader& e, const std::string& path) {
  for (const auto* spec : missing(e.table(), e.entry())) {
    auto finding = check_missing(*spec);
    found.push_back({false, e.place(spec->name), path, std::string(spec->name), std::move(finding.message),
                     std::move(finding.accepted)});
  }
}

std::string Builder::path_of(const Entry& e) const {
  return std::string(path_) + (e.key.empty() ? "" : " " + in_quotes(e.key));
}

const Entry* Builder::find(std::string_view path, std::string_view key) const {
  const auto* s = tree_.find(path);
  return s ? s->find(key) : nullptr;
}

void Builder::error(const EntryReader& e, std::string_view attribute, std::string message, std::string accepted) {
  found.push_back(
      {false, e.place(attribute), path_of(e.entry()), std::string(attribute), std::move(message), std::move(accepted)});
}

void Builder::warn(const EntryReader& e, std::string_view attribute, std::string message) {
  found.push_back({true, e.place(attribute), path_of(e.entry()), std::string(attribute), std::move(message), ""});
}

}  // namespace dormouse::config
