// Builds the model from a tree whose attributes are right, table by table, and collects what is missing or wrong across
// objects.
#pragma once
#include <map>
#include <optional>
#include <set>

#include "config/load/entry_reader.h"
#include "config/load/load.h"

namespace dormouse::config {

/// The octets of an even number of hex digits.
[[nodiscard]] SecretBytes from_hex(std::string_view digits);

class Builder {
 public:
  Builder(const Tree& tree, const DecodeSecret& decode, const CertificateChecks& checks)
      : tree_(tree), decode_(decode), checks_(checks) {}
  void run();
  Model model;                    ///< of use only if `found` has no error
  std::vector<Diagnostic> found;  ///< errors and warnings

 private:
  // vpn.cc
  void phase1(const EntryReader& e);
  void phase2(const EntryReader& e);
  void phase1_peer(const EntryReader& e, Phase1& p);
  void phase1_secret(const EntryReader& e, Phase1& p);
  void phase1_timers(const EntryReader& e, Phase1& p);
  // quantum.cc
  [[nodiscard]] std::vector<std::array<KeId, kAdditionalExchanges>> additional(const EntryReader& e);
  [[nodiscard]] std::vector<KeId> read_groups(const EntryReader& e, std::string_view attribute);
  void phase1_quantum(const EntryReader& e, Phase1& p);
  [[nodiscard]] Secret ppk_secret(const EntryReader& e);
  void phase1_hints(const EntryReader& e, const Phase1& p);
  // certificates.cc
  void local_certificate(const EntryReader& e);
  void authority(const EntryReader& e);
  void revocation(const EntryReader& e);
  void report(const EntryReader& e, std::vector<PemFinding> findings);
  [[nodiscard]] Secret secret(const EntryReader& e, std::string_view attribute);
  void phase1_auth(const EntryReader& e, Phase1& p);
  void phase1_peers(const EntryReader& e, Phase1& p);
  [[nodiscard]] CertificatePeer certificate_peer(const std::string& name) const;
  // mode_cfg.cc
  void mode_cfg(const EntryReader& e, Phase1& p);
  [[nodiscard]] std::vector<IpRange> pool(const EntryReader& e, Family family);
  void split_include(const EntryReader& e, Family family, ModeCfg& out);
  void compare_pools(const EntryReader& e, const Phase1& p, const Phase1& before);
  void compare_pool_with_interfaces(const EntryReader& e, const Phase1& p);
  [[nodiscard]] std::vector<Suite> suites(const EntryReader& e, bool is_phase1, bool with_groups, EsnMode esn);
  [[nodiscard]] std::uint8_t dscp_of(const EntryReader& e);
  [[nodiscard]] TrafficSelectors selectors(const EntryReader& e, const std::string& side);
  // firewall.cc
  void policy(const EntryReader& e);
  void compare_policy(const EntryReader& e);
  [[nodiscard]] std::vector<IpRange> addresses(const std::vector<std::string>& names);
  void add_address(const std::string& name, std::vector<IpRange>& out, bool& all, std::set<std::string>& seen);
  [[nodiscard]] std::optional<std::vector<ServiceMatch>> services(const std::vector<std::string>& names);
  void add_service(const std::string& name, std::vector<ServiceMatch>& out, bool& all, std::set<std::string>& seen);
  void address_object(const EntryReader& e);
  void service_object(const EntryReader& e);
  // system.cc
  void global(const EntryReader& e);
  void interface(const EntryReader& e);
  void route(const EntryReader& e);
  void community(const EntryReader& e);
  void settings(const EntryReader& e);
  void sysinfo(const EntryReader& e);
  void compare_interfaces();
  void compare_phase1();

  void each(std::string_view path, void (Builder::*build)(const EntryReader&));
  /// Reports what the entry must set and does not.
  void require_mandatory(const EntryReader& e, const std::string& path);
  [[nodiscard]] std::string path_of(const Entry& e) const;
  [[nodiscard]] const Entry* find(std::string_view path, std::string_view key) const;
  void error(const EntryReader& e, std::string_view attribute, std::string message, std::string accepted);
  void warn(const EntryReader& e, std::string_view attribute, std::string message);
  const Tree& tree_;
  const DecodeSecret& decode_;
  const CertificateChecks& checks_;
  std::string_view path_;                                                    // of the table being read
  std::map<std::string, std::string> policies_by_match_, policies_by_name_;  // to their keys
};

}  // namespace dormouse::config
