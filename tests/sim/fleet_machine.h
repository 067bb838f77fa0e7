// One machine of a fleet: the real tunnel::Manager over a fake packet path and toy crypto. Smaller than sim::Host: it
// keeps no log and no routes but hands on what the manager asks. Every input can be written down, so that a second
// machine can be made that is octet for octet the first one: a laptop's stolen copy.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "config/model/model.h"
#include "sim/fake_data_plane.h"
#include "tunnel/manager.h"

namespace dormouse::sim {

class Machine {
 public:
  /// What the machine needs of the world, and tells it.
  struct Outside {
    std::function<Instant()> clock;  ///< CLOCK_BOOTTIME of this machine
    std::function<void(const Endpoint& local, const Endpoint& remote, Bytes)> ike;
    std::function<void(const esp::OuterPath&, const EspPacket&)> esp;
    std::function<void(std::uint64_t payload)> delivered;
    std::function<void(std::vector<tunnel::Action>&)> acted;  ///< all it asks but to send, in order
  };
  struct Input {
    Instant when;
    std::function<void(Machine&)> what;
  };
  using Journal = std::vector<Input>;

  explicit Machine(Outside outside) : outside_(std::move(outside)) {}

  void start(std::shared_ptr<const config::Model> model, const IpAddress& address, std::uint64_t seed,
             tunnel::StoredState stored = {});
  /// Power off: everything in memory is gone.
  void kill();
  [[nodiscard]] bool running() const { return manager_ != nullptr; }
  /// From now on every input is appended to `journal`; null: no more.
  void record(Journal* journal) { journal_ = journal; }

  void receive_ike(const Endpoint& local, const Endpoint& remote, Bytes message);
  void receive_esp(const EspPacket& packet, const Endpoint& local, const Endpoint& remote, esp::Encap encap);
  void send_inside(std::string device, const IpAddress& destination, std::uint64_t payload);
  void set_address(const IpAddress& address);
  void woke(Duration slept);
  void tick();
  /// A command of the operator.
  void command(std::function<void(tunnel::Manager&, Instant now)> what);

  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] tunnel::Status status() { return manager_->status(outside_.clock()); }
  void settle();  ///< carries out what the last input asked for; for inputs of a journal
  [[nodiscard]] tunnel::Manager& manager() { return *manager_; }
  [[nodiscard]] FakeDataPlane& data() { return *data_; }

 private:
  void feed(std::function<void(Machine&)> what);
  Outside outside_;
  Journal* journal_ = nullptr;
  std::unique_ptr<Rng> rng_;
  std::unique_ptr<crypto::Provider> crypto_;
  std::unique_ptr<FakeDataPlane> data_;
  std::unique_ptr<tunnel::Manager> manager_;
};

}  // namespace dormouse::sim
