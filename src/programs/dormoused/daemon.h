// Where the objects meet: the loop, the packet path, the tunnel layer, the machine, the logs and the control socket.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "adapters/control/server.h"
#include "adapters/log/debug_hub.h"
#include "adapters/log/event_log.h"
#include "adapters/log/sinks.h"
#include "adapters/logind/logind.h"
#include "adapters/loop/loop.h"
#include "adapters/loop/udp_socket.h"
#include "adapters/snmp/trap_sender.h"
#include "adapters/store/store.h"
#include "crypto/engine/engine.h"
#include "programs/dormoused/config_file.h"
#include "programs/dormoused/key_log.h"
#include "programs/dormoused/loop_watcher.h"
#include "programs/dormoused/machine.h"
#include "programs/dormoused/options.h"
#include "tunnel/manager.h"

namespace dormouse::daemon {

class Daemon final : private control::Handler {
 public:
  /// Opens everything; nothing is configured yet. Failure says which piece and why.
  [[nodiscard]] static Outcome<std::unique_ptr<Daemon>> create(const Options& options, ConfigFile config,
                                                               std::unique_ptr<Rng> rng,
                                                               config::DataPlaneChoice data_plane);
  ~Daemon() override;
  /// Applies the first configuration and serves until SIGTERM or SIGINT. Returns the exit code.
  int run(const config::Loaded& first);

 private:
  Daemon(const Options& options, ConfigFile config, std::unique_ptr<Rng> rng, std::unique_ptr<loop::Loop> loop);
  [[nodiscard]] Outcome<void> open_sockets(config::DataPlaneChoice data_plane);
  [[nodiscard]] Outcome<void> watch_all();

  // daemon.cc
  void apply(const config::Loaded& loaded, const char* why);
  /// Reads the file again, and tells the service manager so. Failure: it is not accepted, and changed nothing.
  [[nodiscard]] Outcome<void> reload();
  void receive_ike(loop::UdpSocket& socket);
  /// Carries out what the tunnel layer asks until it asks nothing more, then sets the alarm.
  void settle();
  /// The loop's time, for a call of the tunnel layer, which is told the date that goes with it.
  Instant now();
  void carry_out(tunnel::Action& action);
  void report(const std::vector<std::string>& problems);
  void log(LogId id, std::vector<LogField> fields) { logger_.write({id, {}, std::move(fields)}); }
  void refresh_debug();
  [[nodiscard]] std::optional<log::TunnelFacts> facts(std::string_view tunnel);
  void stop(const char* why);
  void watch_logind();
  void ready_for_sleep();

  // control_ops.cc
  void on_request(control::ClientId client, const std::string& json) override;
  void on_gone(control::ClientId client) override;

  Options options_;
  ConfigFile config_;
  std::unique_ptr<Rng> rng_;
  std::unique_ptr<crypto::Provider> crypto_;
  std::unique_ptr<crypto::CertificateEngine> certificates_;
  std::unique_ptr<loop::Loop> loop_;
  LoopWatcher watcher_;
  log::Logger logger_;
  log::TextSink text_;
  log::JournalSink journal_;
  log::EventLog events_;
  log::DebugHub debug_;
  std::unique_ptr<Machine> machine_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<esp::DataPlane> data_;
  config::DataPlaneChoice data_chosen_ = config::DataPlaneChoice::automatic;  ///< as configured when it was made
  std::optional<loop::UdpSocket> udp4_, udp6_;
  std::optional<KeyLog> key_log_;  // --key-log alone
  std::unique_ptr<tunnel::Manager> manager_;
  snmp::TrapSender traps_;
  std::shared_ptr<const config::Model> model_;
  std::unique_ptr<control::Server> control_;
  std::map<control::ClientId, log::SubscriberId> subscriptions_;
  std::vector<control::ClientId> wait_for_rest_;  // shells that told us to sleep
  std::optional<logind::Logind> logind_;
  bool machine_goes_ = false;  // logind said so; the operator's command alone gives no lock back
  loop::Timer alarm_;
  std::vector<loop::Source> sources_;
  bool applying_ = false;
};

}  // namespace dormouse::daemon
