#include "programs/dormoused/daemon.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/loop/sleep_watch.h"
#include "programs/dormoused/choose_data_plane.h"

#ifndef DORMOUSE_VERSION
#define DORMOUSE_VERSION "0"
#endif

namespace dormouse::daemon {
namespace {

constexpr const char* kSerial = "DORMOUSE0000001";  // fnSysSerial; managers want something there

}  // namespace

Daemon::Daemon(const Options& options, ConfigFile config, std::unique_ptr<Rng> rng, std::unique_ptr<loop::Loop> loop)
    : options_(options),
      config_(std::move(config)),
      rng_(std::move(rng)),
      crypto_(crypto::make_provider()),
      certificates_(crypto::make_certificate_engine()),
      loop_(std::move(loop)),
      watcher_(*loop_),
      text_(STDERR_FILENO, options.debug ? LogLevel::debug : LogLevel::info),
      journal_(LogLevel::info),
      events_([this](std::string_view name) { return facts(name); }),
      traps_(kSerial, loop_->now()) {
  if (log::is_journal(STDERR_FILENO))
    logger_.add(journal_);
  else
    logger_.add(text_);
  logger_.add(events_);
  logger_.add(debug_);
}

Daemon::~Daemon() = default;

Outcome<std::unique_ptr<Daemon>> Daemon::create(const Options& options, ConfigFile config, std::unique_ptr<Rng> rng,
                                                config::DataPlaneChoice data_plane) {
  TRY_ASSIGN(auto loop, loop::Loop::create());
  std::unique_ptr<Daemon> d(new Daemon(options, std::move(config), std::move(rng), std::move(loop)));
  // Signals are blocked before the packet threads start, so that these inherit it.
  for (const int s : {SIGTERM, SIGINT}) {
    TRY_ASSIGN(auto source,
               d->loop_->on_signal(s, [me = d.get(), s] { me->stop(s == SIGTERM ? "SIGTERM" : "SIGINT"); }));
    d->sources_.push_back(std::move(source));
  }
  TRY_ASSIGN(auto hup, d->loop_->on_signal(SIGHUP, [me = d.get()] {
    if (const auto done = me->reload(); !done) me->log(LogId::config_refused, {done.error().text});
  }));
  d->sources_.push_back(std::move(hup));
  (void)signal(SIGPIPE, SIG_IGN);
  TRY(d->open_sockets(data_plane));
  TRY(d->watch_all());
  return d;
}

Outcome<void> Daemon::open_sockets(config::DataPlaneChoice data_plane) {
  if (mkdir(options_.run_dir.c_str(), 0755) != 0 && errno != EEXIST)
    return failure(options_.run_dir + ": " + std::strerror(errno));
  // The control socket first: a second daemon in the same place stops here, before it clears what the first one made.
  TRY_ASSIGN(control_, control::Server::listen(options_.run_dir + "/control.sock", watcher_, *this));
  TRY_ASSIGN(auto udp4,
             loop::UdpSocket::open(
                 {.local = {IpAddress::any(Family::v4), 500}, .reuse_address = false, .receive_buffer = 8 << 20}));
  udp4_.emplace(std::move(udp4));
  if (auto udp6 = loop::UdpSocket::open(
          {.local = {IpAddress::any(Family::v6), 500}, .reuse_address = false, .receive_buffer = 8 << 20}))
    udp6_.emplace(std::move(*udp6));
  TRY_ASSIGN(machine_, Machine::open(options_.state_dir));
  data_chosen_ = data_plane;
  TRY_ASSIGN(data_, make_data_plane(data_plane));
  store_ = store::Store::open(options_.state_dir, store::system_clocks());
  manager_ = std::make_unique<tunnel::Manager>(*crypto_, *rng_, *data_, certificates_.get());
  if (!options_.key_log.empty()) {
    TRY_ASSIGN(auto key_log, KeyLog::open(options_.key_log));
    manager_->export_keys(key_log_.emplace(std::move(key_log)));
  }
  return {};
}

Outcome<void> Daemon::watch_all() {
  const auto watch = [&](int fd, std::function<void()> what) -> Outcome<void> {
    TRY_ASSIGN(auto source, loop_->watch(fd, [what = std::move(what)](loop::Ready) { what(); }));
    sources_.push_back(std::move(source));
    return {};
  };
  TRY(watch(udp4_->fd(), [this] { receive_ike(*udp4_); }));
  if (udp6_) TRY(watch(udp6_->fd(), [this] { receive_ike(*udp6_); }));
  TRY(watch(data_->event_fd(), [this] { settle(); }));
  TRY(watch(store_->problem_fd(), [this] {
    for (const auto& p : store_->take_problems()) log(LogId::store_problem, {p});
  }));
  TRY(watch(machine_->monitor_fd(), [this] {
    const auto changes = machine_->changes();
    if (applying_ || !(changes.links || changes.routes)) return;
    if (changes.links) manager_->set_links(machine_->links(), now());
    if (changes.routes) manager_->routes_changed(now());
    settle();
  }));
  TRY_ASSIGN(auto sleep, loop::watch_sleep(*loop_, [this](Duration slept) {
               manager_->machine_woke(slept, now());
               settle();
             }));
  sources_.push_back(std::move(sleep));
  TRY_ASSIGN(alarm_, loop_->timer([this](Instant) {
    manager_->on_timer(now());
    settle();
  }));
  return {};
}

int Daemon::run(const config::Loaded& first) {
  refresh_debug();
  if (key_log_) log(LogId::keys_are_logged, {options_.key_log});
  apply(first, "start");
  watch_logind();
  log(LogId::daemon_started, {std::string(DORMOUSE_VERSION), first.model->phase1.size(), std::string(data_->name())});
  loop_->keep_watchdog();
  loop::notify_manager("READY=1");
  const auto code = loop_->run();
  if (!code) log(LogId::system_failure, {code.error().text});
  return code.value_or(1);
}

void Daemon::watch_logind() {
  logind_.emplace(loop_->native(),
                  logind::Calls{.going =
                                    [this] {
                                      machine_goes_ = true;
                                      const auto told = manager_->go_to_sleep("", loop_->now());
                                      log(LogId::machine_goes, {told});
                                      settle();
                                    },
                                .back =
                                    [this] {
                                      machine_goes_ = false;
                                      manager_->stay_awake("", loop_->now());
                                      settle();
                                    },
                                .trouble = [this](const std::string& why) { log(LogId::no_sleep_signal, {why}); }});
}

/// Every gateway has answered, or had the time to.
void Daemon::ready_for_sleep() {
  if (logind_ && machine_goes_) logind_->ready();
  for (const auto client : std::exchange(wait_for_rest_, {})) control_->send(client, R"({"ok":true})");
}

void Daemon::stop(const char* why) {
  log(LogId::daemon_stopping, {std::string(why)});
  loop::notify_manager("STOPPING=1");
  manager_->shutdown(now());
  settle();
  machine_->remove_all();
  loop_->stop(0);
}

// --- configuration

void Daemon::apply(const config::Loaded& loaded, const char* why) {
  applying_ = true;
  for (const auto& w : loaded.warnings) {
    const std::string where = w.path + (w.attribute.empty() ? "" : ": " + w.attribute);
    log(LogId::config_warning, {config_.path() + ":" + std::to_string(w.at.line) + ":" + std::to_string(w.at.column) +
                                ": " + where + ": " + w.message});
  }
  if (loaded.model->data_plane != data_chosen_)
    log(LogId::config_warning,
        {config_.path() + ": system settings: ipsec-data-plane: read at the start of the daemon; \"" +
         std::string(data_->name()) + "\" goes on until then"});
  config_.adopt(loaded);
  model_ = loaded.model;
  // Policies stand before the tunnels they guard; routes follow the interfaces they lead into.
  report(machine_->apply_policies(*model_));
  report(machine_->apply_addresses(*model_));
  (void)machine_->apply_routes(*model_, false);  // its problems are reported below, once the tunnels exist
  manager_->set_links(machine_->links(), now());
  const auto summary = manager_->configure(model_, now());
  // Once; nobody could have logged in before.
  manager_->restore(store_->take_stored(), now());
  settle();
  report(machine_->apply_routes(*model_, true));
  applying_ = false;
  if (const auto done = machine_->commit_firewall(); !done) report({done.error().text});
  settle();
  if (std::string_view(why) != "start") log(LogId::config_applied, {std::string(why) + ": " + summary});
}

Outcome<void> Daemon::reload() {
  loop::notify_reloading();
  const auto loaded = config_.read();
  if (loaded) apply(*loaded, "reload");
  loop::notify_manager("READY=1");
  if (!loaded) return std::unexpected(loaded.error());
  return {};
}

void Daemon::report(const std::vector<std::string>& problems) {
  for (const auto& p : problems) log(LogId::system_failure, {p});
}

// --- events and actions

void Daemon::receive_ike(loop::UdpSocket& socket) {
  while (true) {
    const auto n = socket.receive([this](const loop::Datagram& d) {
      manager_->on_datagram({d.local, d.remote, static_cast<int>(d.ifindex)}, d.data, now());
      settle();
    });
    if (!n || *n == 0) return;
  }
}

Instant Daemon::now() {
  const auto at = loop_->now();
  const auto date = std::chrono::system_clock::now().time_since_epoch();
  manager_->set_wall_time({std::chrono::duration_cast<std::chrono::seconds>(date).count()}, at);
  return at;
}

void Daemon::settle() {
  while (true) {
    auto actions = manager_->take_actions();
    const auto events = data_->poll();
    if (actions.empty() && events.empty()) break;
    for (auto& a : actions) carry_out(a);
    if (!applying_) {
      if (const auto done = machine_->commit_firewall(); !done) report({done.error().text});
    }
    for (const auto& e : events) manager_->on_path_event(e, now());
  }
  if (const auto next = manager_->next_deadline())
    alarm_.arm(next->at);
  else
    alarm_.stop();
}

void Daemon::carry_out(tunnel::Action& action) {
  if (const auto* t = std::get_if<tunnel::Transmit>(&action)) {
    auto& socket = t->path.local.address.is_v4() ? udp4_ : udp6_;
    // A lost or unroutable datagram is IKE's everyday life: it repeats.
    if (socket)
      (void)socket->send(t->message, t->path.remote, t->path.local.address, static_cast<unsigned>(t->path.ifindex));
  } else if (const auto* add = std::get_if<tunnel::AddRoute>(&action)) {
    if (const auto done = machine_->add_route(add->route); !done) report({done.error().text});
  } else if (const auto* del = std::get_if<tunnel::DelRoute>(&action)) {
    if (const auto done = machine_->delete_route(del->route); !done) report({done.error().text});
  } else if (const auto* mine = std::get_if<tunnel::AddAddress>(&action)) {
    if (const auto done = machine_->add_inside(mine->device_name, mine->address); !done) report({done.error().text});
  } else if (const auto* old = std::get_if<tunnel::DelAddress>(&action)) {
    if (const auto done = machine_->delete_inside(old->device_name, old->address); !done) report({done.error().text});
  } else if (const auto* joins = std::get_if<tunnel::AddMember>(&action)) {
    machine_->add_member(joins->phase1, joins->device_name);
  } else if (const auto* leaves = std::get_if<tunnel::DelMember>(&action)) {
    machine_->delete_member(leaves->phase1, leaves->device_name);
  } else if (const auto* trap = std::get_if<tunnel::Trap>(&action)) {
    if (!model_->snmp_sysinfo.enabled) return;
    const auto sent = traps_.send({trap->up, trap->local, trap->remote, trap->name}, model_->snmp_communities,
                                  model_->hostname, loop_->now());
    if (!sent) report({sent.error().text});
  } else if (std::holds_alternative<tunnel::ReadyForSleep>(action)) {
    ready_for_sleep();
  } else if (auto* kept = std::get_if<tunnel::Persist>(&action)) {
    store_->submit(std::move(kept->change));
  } else if (const auto* line = std::get_if<tunnel::Log>(&action)) {
    logger_.write(line->event);
  }
}

void Daemon::refresh_debug() { manager_->set_debug(options_.debug || debug_.subscribers() != 0); }

std::optional<log::TunnelFacts> Daemon::facts(std::string_view name) {
  const auto at = now();
  const auto t = manager_->tunnel(name, at);
  if (!t) return std::nullopt;
  log::TunnelFacts f;
  f.local = t->path.local;
  f.remote = t->path.remote;
  f.out_interface = t->interface;
  if (!t->ike.empty()) {
    f.spi_i = t->ike.front().spi_i;
    f.spi_r = t->ike.front().spi_r;
  }
  if (t->peer_id) f.user = t->peer_id->text();
  f.tunnel_id = t->id.value();
  f.duration_s = t->up_since == Instant{} ? 0 : static_cast<std::uint64_t>(seconds_of(at - t->up_since));
  f.sent_bytes = t->counters.bytes_out;
  f.received_bytes = t->counters.bytes_in;
  return f;
}

}  // namespace dormouse::daemon
