// The one place where threads meet: packet threads work batch by batch, control changes the tables between them.
#include "adapters/dataplane_tun/tables.h"

#include <gtest/gtest.h>
#include <thread>

namespace dormouse::dataplane {
namespace {

TEST(tables, control_changes_them_between_the_batches_of_busy_packet_threads) {
  Tables tables;
  std::atomic<bool> stop = false;
  std::atomic<unsigned> batches = 0, torn = 0;
  const auto packet_thread = [&](Gate& gate) {
    while (!stop.load()) {
      gate.enter_batch();
      // Every child in the table is in the SPI table, with a tunnel that lives.
      for (const auto& [id, child] : tables.children) {
        if (tables.by_spi.find(child->spi_in) != child.get() || child->tunnel->id != TunnelId(7)) ++torn;
        if (child->tunnel->packets_in.get() != 0) ++torn;
      }
      ++batches;
      gate.leave_batch();
    }
  };
  std::thread out(packet_thread, std::ref(tables.out_gate)), in(packet_thread, std::ref(tables.in_gate));
  {
    const Change change(tables);
    tables.tunnels[TunnelId(7)] = std::make_unique<Tunnel>();
    tables.tunnels[TunnelId(7)]->id = TunnelId(7);
  }
  for (std::uint32_t i = 1; i <= 300; ++i) {
    const Change change(tables);
    auto child = std::make_unique<Child>();
    child->id = ChildId(i);
    child->spi_in = EspSpi(1000 + i * 64);
    child->tunnel = tables.tunnels[TunnelId(7)].get();
    tables.children[child->id] = std::move(child);
    if (i > 40) tables.children.erase(ChildId(i - 40));
    tables.by_spi.rebuild(tables.children);
  }
  while (batches.load() < 100) std::this_thread::yield();
  stop = true;
  out.join();
  in.join();
  EXPECT_EQ(torn.load(), 0U);
  EXPECT_EQ(tables.children.size(), 40U);
}

TEST(tables, events_reach_control_from_two_threads_and_are_bounded) {
  EventQueue queue;
  const auto push = [&] {
    for (std::uint32_t i = 0; i < 10000; ++i) queue.push(esp::UsedChild{ChildId(i)});
  };
  std::thread a(push), b(push);
  std::size_t taken = 0;
  for (int i = 0; i < 100; ++i) taken += queue.take().size();
  a.join();
  b.join();
  taken += queue.take().size();
  EXPECT_GT(taken, 0U);
  EXPECT_LE(taken, 20000U);
  EXPECT_TRUE(queue.take().empty());
}

TEST(spi_table, finds_what_is_there_and_nothing_else) {
  std::map<ChildId, std::unique_ptr<Child>> children;
  for (std::uint32_t i = 1; i <= 500; ++i) {
    auto child = std::make_unique<Child>();
    child->spi_in = EspSpi(i * 0x01000193U);
    children[ChildId(i)] = std::move(child);
  }
  SpiTable table;
  table.rebuild(children);
  for (const auto& [id, child] : children) EXPECT_EQ(table.find(child->spi_in), child.get());
  for (std::uint32_t i = 1; i <= 500; ++i) EXPECT_EQ(table.find(EspSpi(i * 0x01000193U + 1)), nullptr);
}

}  // namespace
}  // namespace dormouse::dataplane
