// The one place where threads meet: packet threads work batch by batch, control changes the tables between them.
#include "adapters/dataplane_tun/tables.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/limits.h"
#include "esp/toy_cipher_for_test.h"

namespace dormouse::dataplane {
namespace {

std::unique_ptr<Child> child_of(Tunnel& tunnel, std::uint32_t number, const char* remote) {
  esp::ChildSpec spec;
  spec.id = ChildId(number);
  spec.spi_in = EspSpi(1000 + number * 64);
  spec.local_ts = {TrafficSelector::any(Family::v4)};
  spec.remote_ts = {TrafficSelector::of(*Prefix::parse(remote))};
  return std::make_unique<Child>(spec, tunnel, std::make_unique<esp::testing::ToyCipher>(),
                                 std::make_unique<esp::testing::ToyCipher>(), false, esp::ByteLimits{});
}

TEST(tables, control_changes_them_between_the_batches_of_busy_packet_threads) {
  Tables tables;
  Device device;
  std::atomic<bool> stop = false;
  std::atomic<unsigned> batches = 0, torn = 0;
  const auto packet_thread = [&](Gate& gate) {
    while (!stop.load()) {
      const Batch batch(gate);
      // Every child in the table is in the SPI table, with a tunnel that lives.
      for (const auto& [id, child] : tables.children) {
        if (tables.by_spi.find(child->in.spi) != child.get() || child->tunnel.id != TunnelId(7)) ++torn;
        if (child->tunnel.in.packets.get() != 0) ++torn;
      }
      ++batches;
    }
  };
  std::thread out(packet_thread, std::ref(tables.out_gate)), in(packet_thread, std::ref(tables.in_gate));
  {
    const Change change(tables);
    tables.tunnels[7] = std::make_unique<Tunnel>(TunnelId(7), device, esp::OuterPath{});
  }
  for (std::uint32_t i = 1; i <= 300; ++i) {
    const Change change(tables);
    tables.add(child_of(*tables.find(TunnelId(7)), i, "0.0.0.0/0"));
    if (i > 40) tables.drop(*tables.find(ChildId(i - 40)));
  }
  while (batches.load() < 100) std::this_thread::yield();
  stop = true;
  out.join();
  in.join();
  EXPECT_EQ(torn.load(), 0U);
  EXPECT_EQ(tables.children.size(), 40U);
  EXPECT_EQ(tables.by_spi.size(), 40U);
}

bool is_found(const Device& device, const char* address) {
  const auto a = *IpAddress::parse(address);
  return device.by_prefix.visit(esp::AddressBits::of(a), !a.is_v4(), [](const Tunnel&) { return true; });
}

TEST(tables, a_tunnel_is_looked_up_by_what_its_child_sas_carry) {
  Tables tables;
  Device device;
  Tunnel tunnel(TunnelId(7), device, esp::OuterPath{});
  tables.place(tunnel);
  EXPECT_EQ(device.wide.size(), 1U) << "without a Child SA";
  tables.add(child_of(tunnel, 1, "10.1.0.9/32"));
  tables.place(tunnel);
  EXPECT_TRUE(is_found(device, "10.1.0.9"));
  EXPECT_FALSE(is_found(device, "10.1.0.8"));
  EXPECT_TRUE(device.wide.empty());
  tables.add(child_of(tunnel, 2, "10.1.0.0/24"));
  tables.place(tunnel);
  EXPECT_TRUE(is_found(device, "10.1.0.8"));
  tables.drop(*tables.find(ChildId(2)));
  tables.place(tunnel);
  EXPECT_TRUE(is_found(device, "10.1.0.9"));
  EXPECT_FALSE(is_found(device, "10.1.0.8"));
  tables.unplace(tunnel);
  EXPECT_TRUE(device.by_prefix.empty());
}

TEST(tables, a_tunnel_of_very_many_prefixes_is_asked_after_all_others) {
  Tables tables;
  Device device;
  Tunnel tunnel(TunnelId(7), device, esp::OuterPath{});
  for (std::uint32_t i = 0; i <= limits::kIndexedPrefixes; ++i)
    tables.add(
        child_of(tunnel, i + 1, ("10." + std::to_string(i % 200) + "." + std::to_string(i / 200) + ".0/24").c_str()));
  tables.place(tunnel);
  EXPECT_TRUE(device.by_prefix.empty());
  EXPECT_EQ(device.wide.size(), 1U);
}

TEST(tables, the_child_sa_of_a_report_is_found_by_the_spi_its_peer_chose) {
  Tables tables;
  Device device;
  Tunnel tunnel(TunnelId(7), device, esp::OuterPath{});
  tables.add(child_of(tunnel, 1, "10.1.0.0/24"));
  tables.add(child_of(tunnel, 2, "10.2.0.0/24"));  // its peer chose the same SPI
  EXPECT_EQ(tables.by_spi_out.size(), 2U);
  tables.drop(*tables.find(ChildId(1)));
  ASSERT_EQ(tables.by_spi_out.size(), 1U);
  EXPECT_EQ(tables.by_spi_out.begin()->second, tables.find(ChildId(2)));
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

}  // namespace
}  // namespace dormouse::dataplane
