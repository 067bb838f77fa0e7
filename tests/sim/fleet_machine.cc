#include "sim/fleet_machine.h"

#include <stdexcept>

#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/toy_provider.h"

namespace dormouse::sim {

void Machine::start(std::shared_ptr<const config::Model> model, const IpAddress& address, std::uint64_t seed,
                    tunnel::StoredState stored) {
  feed([model = std::move(model), address, seed, stored = std::move(stored)](Machine& m) {
    m.rng_ = std::make_unique<crypto::testing::SeededRng>(seed);
    m.crypto_ = std::make_unique<crypto::testing::ToyProvider>();
    m.data_ = std::make_unique<FakeDataPlane>(m.outside_.clock, m.outside_.esp, [&m](const auto& path, Bytes message) {
      m.outside_.ike(path.local, path.remote, std::move(message));
    });
    m.data_->on_delivered = m.outside_.delivered;
    m.manager_ = std::make_unique<tunnel::Manager>(*m.crypto_, *m.rng_, *m.data_);
    m.manager_->set_debug(false);
    const auto now = m.outside_.clock();
    m.manager_->set_links({{"wan", 2, true, {address}}}, now);
    m.manager_->configure(model, now);
    m.manager_->restore(stored, now);
  });
}

void Machine::kill() {
  manager_.reset();
  data_.reset();
}

void Machine::feed(std::function<void(Machine&)> what) {
  if (journal_) journal_->push_back({outside_.clock(), what});
  what(*this);
  settle();
}

void Machine::receive_ike(const Endpoint& local, const Endpoint& remote, Bytes message) {
  if (!manager_) return;
  feed([local, remote, message = std::move(message)](Machine& m) {
    m.manager_->on_datagram({local, remote, 2}, message, m.outside_.clock());
  });
}

void Machine::receive_esp(const EspPacket& packet, const Endpoint& local, const Endpoint& remote, esp::Encap encap) {
  if (!manager_) return;
  feed([=](Machine& m) { m.data_->receive_esp(packet, local, remote, encap); });
}

void Machine::send_inside(std::string device, const IpAddress& destination, std::uint64_t payload) {
  if (!manager_) return;
  feed([=](Machine& m) { (void)m.data_->send_inside(device, IpAddress::v4(0x0a016401), destination, payload); });
}

void Machine::set_address(const IpAddress& address) {
  if (!manager_) return;
  feed([=](Machine& m) { m.manager_->set_links({{"wan", 2, true, {address}}}, m.outside_.clock()); });
}

void Machine::woke(Duration slept) {
  feed([=](Machine& m) { m.manager_->machine_woke(slept, m.outside_.clock()); });
}

void Machine::tick() {
  feed([](Machine& m) { m.manager_->on_timer(m.outside_.clock()); });
}

void Machine::command(std::function<void(tunnel::Manager&, Instant)> what) {
  feed([what = std::move(what)](Machine& m) { what(*m.manager_, m.outside_.clock()); });
}

std::optional<Instant> Machine::next_deadline() const {
  const auto d = manager_ ? manager_->next_deadline() : std::nullopt;
  return d ? std::optional(d->at) : std::nullopt;
}

void Machine::settle() {
  for (int rounds = 0; rounds < 1000; ++rounds) {
    auto actions = manager_->take_actions();
    const auto events = data_->poll();
    if (actions.empty() && events.empty()) return;
    std::erase_if(actions, [this](tunnel::Action& action) {
      auto* a = std::get_if<tunnel::Transmit>(&action);
      if (a) outside_.ike(a->path.local, a->path.remote, std::move(a->message));
      return a != nullptr;
    });
    if (!actions.empty()) outside_.acted(actions);
    for (const auto& event : events) manager_->on_path_event(event, outside_.clock());
  }
  throw std::logic_error("a manager does not come to rest");
}

}  // namespace dormouse::sim
