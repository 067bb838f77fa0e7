// What the configuration wants of this machine beside the tunnels: addresses of interfaces, static routes, the
// firewall; and the routes the tunnel layer asks for. Keeps a record of what it made, so that all of it goes, also
// after kill -9 and a restart.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/netlink/monitor.h"
#include "adapters/netlink/netlink.h"
#include "adapters/nft/firewall.h"
#include "config/model/model.h"
#include "tunnel/manager.h"

namespace dormouse::daemon {

class Machine {
 public:
  /// Removes what an earlier run left behind.
  [[nodiscard]] static Outcome<std::unique_ptr<Machine>> open(const std::string& state_dir);

  /// Everything a changed model wants: addresses first, then routes. Failures are collected for
  /// the log; what can be applied is.
  [[nodiscard]] std::vector<std::string> apply_addresses(const config::Model& model);
  /// Called before the tunnels exist (the first login needs a way to its gateway; routes into tunnels then wait) and
  /// after.
  [[nodiscard]] std::vector<std::string> apply_routes(const config::Model& model, bool tunnels_exist);
  [[nodiscard]] std::vector<std::string> apply_policies(const config::Model& model);

  [[nodiscard]] Outcome<void> add_route(const tunnel::Route& route);
  [[nodiscard]] Outcome<void> delete_route(const tunnel::Route& route);
  /// An inside address on a tunnel interface, beside those the configuration gives it. It goes with the interface.
  [[nodiscard]] Outcome<void> add_inside(const std::string& device, const IpAddress& address);
  [[nodiscard]] Outcome<void> delete_inside(const std::string& device, const IpAddress& address);
  void add_member(const std::string& phase1, const std::string& interface) { firewall_.add_member(phase1, interface); }
  void delete_member(const std::string& phase1, const std::string& interface) {
    firewall_.delete_member(phase1, interface);
  }
  /// Brings the firewall up to date with the members gathered. Cheap if nothing changed.
  [[nodiscard]] Outcome<void> commit_firewall() { return firewall_.commit(); }

  /// Interfaces with their addresses, as the kernel has them now.
  [[nodiscard]] std::vector<tunnel::LinkInfo> links();
  [[nodiscard]] int monitor_fd() const { return monitor_.fd(); }
  struct Changes {
    bool links = false;   ///< or addresses
    bool routes = false;  ///< of others than ours, and not just gone
  };
  /// Reads the kernel's announcements: what may have changed. Static routes that went with their interface are made
  /// again when it is back.
  [[nodiscard]] Changes changes();

  /// Removes all of it.
  void remove_all();

 private:
  Machine(std::string state_dir, netlink::Netlink netlink, netlink::Monitor monitor)
      : record_path_(state_dir + "/addresses"), netlink_(std::move(netlink)), monitor_(std::move(monitor)) {}
  [[nodiscard]] std::vector<netlink::OwnedAddress> read_record() const;
  void write_record() const;
  std::string record_path_;
  netlink::Netlink netlink_;
  netlink::Monitor monitor_;
  nft::Firewall firewall_;
  std::vector<netlink::OwnedAddress> addresses_;
  std::vector<netlink::Route> static_routes_;
};

}  // namespace dormouse::daemon
