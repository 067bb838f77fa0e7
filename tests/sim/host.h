// One simulated machine: a tunnel manager, a fake packet path, a fake kernel (routes, policy members) and a log.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/model/model.h"
#include "crypto/testing/toy_certificates.h"
#include "sim/world.h"
#include "tunnel/manager.h"

namespace dormouse::sim {

class Host {
 public:
  Host(World& world, std::string name, std::uint64_t seed);
  ~Host();

  /// Starts the daemon with a configuration (interface "wan" carries the outer address) and what its last run kept.
  void start(std::shared_ptr<const config::Model> model);
  void configure(std::shared_ptr<const config::Model> model);
  /// An orderly end.
  void stop();
  /// kill -9: everything in memory is gone; the kernel's routes and devices of the daemon too (they die with its TUN
  /// files).
  void kill();
  /// The disk, which survives both.
  [[nodiscard]] tunnel::StoredState& disk() { return disk_; }
  [[nodiscard]] bool running() const { return manager_ != nullptr; }

  void receive_ike(const Endpoint& local, const Endpoint& remote, const Bytes& message);
  void receive_esp(const EspPacket& packet, const Endpoint& local, const Endpoint& remote, esp::Encap encap);
  bool send_inside(const std::string& device, const IpAddress& destination, std::uint64_t payload);
  void set_addresses(const std::vector<IpAddress>& addresses);
  [[nodiscard]] bool has(const IpAddress& address) const;
  [[nodiscard]] const IpAddress& address() const { return addresses_.front(); }
  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void tick();
  /// Runs a command on the manager and carries out what follows.
  template <class F>
  auto command(F f) {
    auto result = f(*manager_);
    settle();
    return result;
  }

  [[nodiscard]] tunnel::Status status();
  [[nodiscard]] std::optional<tunnel::TunnelStatus> tunnel(const std::string& name);
  [[nodiscard]] FakeDataPlane& data() { return *data_; }
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  [[nodiscard]] bool logged(const std::string& part) const;
  void clear_log() { log_.clear(); }
  [[nodiscard]] const std::vector<tunnel::Route>& routes() const { return routes_; }
  /// Inside addresses on tunnel interfaces: (interface, address).
  [[nodiscard]] const std::set<std::pair<std::string, IpAddress>>& inside() const { return inside_; }
  [[nodiscard]] const std::set<std::pair<std::string, std::string>>& members() const { return members_; }
  /// The machine sleeps: nothing runs and nothing is heard, while time goes on.
  void freeze(bool on) { frozen_ = on; }
  std::vector<tunnel::Trap> traps;
  /// The date at the world's instant zero; certificates are held against it.
  WallTime calendar{1'000'000};
  std::vector<Instant> ready_for_sleep;

 private:
  void settle();
  /// Tells the manager the date and returns the world's time, for its next call.
  Instant now();
  void persist(tunnel::StoreChange& change);
  World& world_;
  std::string name_;
  std::uint64_t seed_;
  std::vector<IpAddress> addresses_;
  std::unique_ptr<Rng> rng_;
  std::unique_ptr<crypto::Provider> crypto_;
  crypto::testing::ToyCertificates certificates_;
  std::unique_ptr<FakeDataPlane> data_;
  std::unique_ptr<tunnel::Manager> manager_;
  std::vector<tunnel::Route> routes_;
  std::set<std::pair<std::string, IpAddress>> inside_;
  std::set<std::pair<std::string, std::string>> members_;
  std::vector<std::string> log_;
  tunnel::StoredState disk_;
  bool frozen_ = false;
};

}  // namespace dormouse::sim
