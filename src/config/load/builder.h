// Builds the model from a checked tree, table by table, and collects what is wrong across objects.
#pragma once
#include <set>

#include "config/load/entry_reader.h"
#include "config/load/load.h"

namespace dormouse::config {

class Builder {
 public:
  Builder(const Tree& tree, const DecodeSecret& decode) : tree_(tree), decode_(decode) {}
  void run();
  Model model;
  std::vector<Diagnostic> errors, warnings;

 private:
  // vpn.cc
  void phase1(const EntryReader& e);
  void phase2(const EntryReader& e);
  void phase1_peer(const EntryReader& e, Phase1& p);
  void phase1_secret(const EntryReader& e, Phase1& p);
  [[nodiscard]] std::vector<Suite> suites(const EntryReader& e, bool is_phase1, bool with_groups, EsnMode esn) const;
  [[nodiscard]] TrafficSelectors selectors(const EntryReader& e, const std::string& side);
  // firewall.cc
  void policy(const EntryReader& e);
  [[nodiscard]] std::vector<IpRange> addresses(const EntryReader& at, const std::vector<std::string>& names);
  void add_address(const EntryReader& at, const std::string& name, std::vector<IpRange>& out, bool& all, std::set<std::string>& seen);
  [[nodiscard]] std::vector<ServiceMatch> services(const EntryReader& at, const std::vector<std::string>& names);
  void add_service(const EntryReader& at, const std::string& name, std::vector<ServiceMatch>& out, bool& all, std::set<std::string>& seen);
  // system.cc
  void interface(const EntryReader& e);
  void route(const EntryReader& e);
  void community(const EntryReader& e);
  void sysinfo(const EntryReader& e);
  void finish();

  void each(std::string_view path, void (Builder::*build)(const EntryReader&));
  bool mandatory(const EntryReader& e, std::string_view name, std::string_view what);
  void error(const EntryReader& e, std::string_view attribute, std::string message, std::string accepted);
  void warn(const EntryReader& e, std::string_view attribute, std::string message);
  const Tree& tree_;
  const DecodeSecret& decode_;
  std::string_view path_;
};

}  // namespace dormouse::config
