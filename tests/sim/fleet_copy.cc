#include "sim/fleet_copy.h"

#include "wire/message.h"

namespace dormouse::sim {

/// The owner has come back by other SAs since the copy was taken, and uses them: nothing that the copy knows counts.
void Fleet::release_copy(Laptop& l) {
  const auto back = queue_.now();
  queue_.after(60s, [this, &l, back] {
    if (l.fork == 0 || l.power != Power::awake || l.link.cut || gateway_since_ > back || !gateway_.running()) return;
    if (oracle_.last_contact(l.n) < back + 1s) return;
    auto copy = std::make_unique<Copy>();
    Copy& c = *copy;
    c.n = l.n;
    c.link.laptop = l.n;
    c.machine = std::make_unique<Machine>(Machine::Outside{
        .clock = [this, &c] { return c.live ? queue_.now() : c.clock; },
        .ike =
            [this, &c](const auto& local, const auto& remote, Bytes m) {
              // The secret of the login is in its memory too; that is no matter of tickets.
              const auto header = wire::parse_header(m);
              if (c.live && header && header->exchange != wire::ExchangeType::ike_sa_init)
                net_.up_ike(c.link, local, remote, std::move(m));
            },
        .esp =
            [this, &c](const auto& path, const auto& packet) {
              if (c.live) net_.up_esp(c.link, path, packet);
            },
        .delivered = [](std::uint64_t) {},
        .acted =
            [this, &c, &l](auto& actions) {
              for (const auto& action : actions)
                if (const auto* line = std::get_if<tunnel::Log>(&action);
                    c.live && line && (line->event.id == LogId::event_up || line->event.id == LogId::event_resumed))
                  wrong(l, "a copy of it is in: " + text_of(line->event));
            }});
    for (std::size_t i = 0; i < l.fork; ++i) {
      c.clock = l.journal[i].when;
      l.journal[i].what(*c.machine);
      c.machine->settle();
    }
    l.fork = 0;
    l.journal.clear();
    l.machine.record(nullptr);  // until it is switched on again
    ++report_.counts["copies let loose"];
    c.live = true;
    const auto slept = queue_.now() - c.clock;
    net_.move(c.link, {.address = IpAddress::v4(0x2e000001U + l.n)});
    c.link.listening = true;
    c.link.ike = [&c](const auto& local, const auto& remote, Bytes m) {
      c.machine->receive_ike(local, remote, std::move(m));
    };
    c.link.esp = [&c](const auto& packet, const auto& local, const auto& remote, esp::Encap encap) {
      c.machine->receive_esp(packet, local, remote, encap);
    };
    copies_.push_back(std::move(copy));
    c.machine->set_address(c.link.place.address);
    c.machine->woke(slept);
    for (int i = 1; i <= 150; ++i)
      queue_.after(i * 100ms, [&c] {
        if (c.machine->running()) c.machine->tick();
      });
    queue_.after(20s, [this, &c] {
      net_.leave(c.link);
      c.link.listening = false;
      c.machine->kill();
    });
  });
}

}  // namespace dormouse::sim
