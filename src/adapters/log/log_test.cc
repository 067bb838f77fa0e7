#include <array>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "adapters/log/debug_hub.h"
#include "adapters/log/event_log.h"
#include "adapters/log/sinks.h"
#include "base/limits.h"

namespace dormouse::log {
namespace {

constexpr Stamp kAt{1'751'979'879'713'739};  // 2025-07-08 13:04:39.713739 UTC

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override { zone("UTC"); }
  static void zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
};

LogEvent resumed() { return {LogId::client_resumed, {.gateway = "toClient_0"}, {std::uint64_t{1}}}; }
LogEvent up(const std::string& tunnel = "toClient_0") {
  return {LogId::event_up,
          {},
          {tunnel, std::string("11.101.1.1:500"), std::string("vpn-user"), std::string("aes128-sha256")}};
}

TEST_F(LogTest, a_stamp_prints_microseconds_in_local_time) {
  EXPECT_EQ(text_of(kAt), "2025-07-08 13:04:39.713739");
  EXPECT_EQ(text_of(Stamp{kAt.us - 713'731}), "2025-07-08 13:04:39.000008");
  EXPECT_EQ(text_of(Stamp{-1}), "1969-12-31 23:59:59.999999");
  zone("UTC-2");
  EXPECT_EQ(text_of(kAt), "2025-07-08 15:04:39.713739");
  EXPECT_EQ(zone_of(kAt), "+0200");
}

/// A sink that writes down what it got.
class Notebook : public Sink {
 public:
  explicit Notebook(LogLevel lowest) : lowest_(lowest) {}
  bool wants(LogId id) const override { return level_of(id) >= lowest_; }
  void write(const LogEvent& e, Stamp) override { names.emplace_back(dormouse::name_of(e.id)); }
  std::vector<std::string> names;

 private:
  LogLevel lowest_;
};

TEST_F(LogTest, the_logger_gives_each_sink_what_it_wants) {
  Logger logger;
  Notebook all(LogLevel::debug), few(LogLevel::notice);
  EXPECT_FALSE(logger.wants(LogId::event_up));
  logger.add(few);
  EXPECT_FALSE(logger.wants(LogId::client_resumed));
  logger.add(all);
  EXPECT_TRUE(logger.wants(LogId::client_resumed));
  logger.write(resumed());
  logger.write(up());
  logger.remove(all);
  logger.write(up());
  EXPECT_EQ(all.names, (std::vector<std::string>{"client_resumed", "event_up"}));
  EXPECT_EQ(few.names, (std::vector<std::string>{"event_up", "event_up"}));
}

std::string written_by(TextSink& sink, int read_end, const LogEvent& e) {
  sink.write(e, kAt);
  std::array<char, 1000> text{};
  const auto n = read(read_end, text.data(), text.size());
  return {text.data(), static_cast<std::size_t>(n)};
}

TEST_F(LogTest, standard_error_gets_time_level_and_text_on_one_line) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  TextSink sink(ends[1], LogLevel::info);
  EXPECT_FALSE(sink.wants(LogId::client_resumed));
  sink.set_lowest(LogLevel::debug);
  EXPECT_TRUE(sink.wants(LogId::client_resumed));
  EXPECT_EQ(written_by(sink, ends[0], resumed()),
            "2025-07-08 13:04:39.713739 debug: ike V=root:0:toClient_0: client has resumed (1)\n");
  EXPECT_EQ(written_by(sink, ends[0], up()),
            "2025-07-08 13:04:39.713739 notice: tunnel up: toClient_0 from 11.101.1.1:500, identity vpn-user, "
            "aes128-sha256\n");
  EXPECT_EQ(written_by(sink, ends[0], {LogId::system_failure, {}, {std::string("two\nlines\x1b[31m")}}),
            "2025-07-08 13:04:39.713739 error: two?lines?[31m\n");
  close(ends[0]);
  close(ends[1]);
}

TEST_F(LogTest, a_descriptor_is_the_journal_if_systemd_says_so) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(is_journal(ends[1]));
  struct stat st{};
  ASSERT_EQ(fstat(ends[1], &st), 0);
  setenv("JOURNAL_STREAM", (std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino)).c_str(), 1);
  EXPECT_TRUE(is_journal(ends[1]));
  setenv("JOURNAL_STREAM", "1:2", 1);
  EXPECT_FALSE(is_journal(ends[1]));
  unsetenv("JOURNAL_STREAM");
  close(ends[0]);
  close(ends[1]);
}

TEST_F(LogTest, the_journal_sink_takes_events_with_and_without_a_tunnel_and_needs_no_journal) {
  JournalSink sink(LogLevel::notice);
  EXPECT_TRUE(sink.wants(LogId::event_up));
  sink.write(up(), kAt);
  sink.write({LogId::daemon_stopping, {}, {std::string("signal 15")}}, kAt);
}

// --- event log

TEST_F(LogTest, a_tunnel_up_event_has_fortios_form) {
  TunnelFacts f;
  f.remote = Endpoint{*IpAddress::parse("11.101.1.1"), 500};
  f.local = Endpoint{*IpAddress::parse("173.1.1.1"), 500};
  f.out_interface = "port8";
  f.spi_i = IkeSpi(0xdfa40e0473d89550);
  f.spi_r = IkeSpi(0x0123456789abcdef);
  f.user = "11.101.1.1";
  f.tunnel_id = 3811447284U;
  EXPECT_EQ(
      event_line(up(), f, kAt),
      "date=2025-07-08 time=13:04:39 eventtime=1751979879713739000 tz=\"+0000\" logid=\"0101037138\" type=\"event\" "
      "subtype=\"vpn\" level=\"notice\" vd=\"root\" logdesc=\"IPsec connection status changed\" "
      "msg=\"tunnel up: toClient_0 from 11.101.1.1:500, identity vpn-user, aes128-sha256\" action=\"tunnel-up\" "
      "remip=11.101.1.1 locip=173.1.1.1 remport=500 locport=500 outintf=\"port8\" "
      "cookies=\"dfa40e0473d89550/0123456789abcdef\" user=\"11.101.1.1\" group=\"N/A\" useralt=\"N/A\" "
      "xauthuser=\"N/A\" xauthgroup=\"N/A\" assignip=N/A vpntunnel=\"toClient_0\" tunnelip=N/A tunnelid=3811447284 "
      "tunneltype=\"ipsec\" duration=0 sentbyte=0 rcvdbyte=0 nextstat=0");
}

void expect_parts(const LogEvent& e, const std::vector<std::string>& parts) {
  const auto line = event_line(e, {}, kAt);
  for (const auto& part : parts)
    EXPECT_NE(line.find(" " + part + " "), std::string::npos) << part << "\nnot in " << line;
}

TEST_F(LogTest, every_event_of_a_tunnel_has_an_action_of_its_own) {
  expect_parts(up(), {"action=\"tunnel-up\"", "user=\"vpn-user\"", "remip=N/A", "remport=0"});
  expect_parts({LogId::event_down, {}, {std::string("toClient_0"), std::uint64_t{77}, std::string("flushed")}},
               {"action=\"tunnel-down\"", "logid=\"0101037138\"", "reason=\"flushed\"", "duration=77"});
  expect_parts({LogId::event_asleep, {}, {std::string("toClient_0"), std::uint64_t{120}, std::uint64_t{1}}},
               {"action=\"tunnel-asleep\"", "resumeinterval=120", "asleep=1", "vpntunnel=\"toClient_0\""});
  expect_parts(
      {LogId::event_resumed,
       {},
       {std::string("toClient_0"), std::string("address"), std::uint64_t{35}, std::string("x"), std::uint64_t{21}}},
      {"action=\"tunnel-resumed\"", "resumeby=\"address\"", "sleeptime=35", "resumetime=21"});
  expect_parts({LogId::event_expired, {}, {std::string("toClient_0"), std::uint64_t{120}}},
               {"action=\"tunnel-expired\"", "sleeptime=120"});
  expect_parts(
      {LogId::event_refused, {}, {std::string("192.0.2.1:500"), std::string("eve"), std::string("bad key")}},
      {"action=\"negotiate\"", "peerid=\"eve\"", "reason=\"bad key\"", "level=\"warning\"", "subtype=\"vpn\""});
}

TEST_F(LogTest, an_event_of_the_daemon_is_a_system_event_without_tunnel_fields) {
  const auto line = event_line({LogId::config_applied, {}, {std::string("1 change")}}, {}, kAt);
  EXPECT_NE(line.find("subtype=\"system\""), std::string::npos);
  EXPECT_EQ(line.find("vpntunnel"), std::string::npos);
  EXPECT_TRUE(line.ends_with("msg=\"configuration applied: 1 change\" action=\"system\"")) << line;
}

TEST_F(LogTest, a_value_cannot_leave_its_quotes_or_its_line) {
  const auto line = event_line(
      {LogId::event_refused, {}, {std::string("a"), std::string("x\" action=\"tunnel-up\n"), std::string("r")}}, {},
      kAt);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find("peerid=\"x' action='tunnel-up'\""), std::string::npos) << line;
}

TEST_F(LogTest, the_event_log_asks_for_the_facts_of_the_tunnel_it_writes_about) {
  std::vector<std::string> asked;
  EventLog events([&](std::string_view tunnel) -> std::optional<TunnelFacts> {
    asked.emplace_back(tunnel);
    TunnelFacts f;
    f.out_interface = "port8";
    return f;
  });
  EXPECT_TRUE(events.wants(LogId::event_up));
  EXPECT_FALSE(events.wants(LogId::client_resumed));
  events.write(up(), kAt);
  events.write({LogId::config_applied, {}, {std::string("1")}}, kAt);
  EXPECT_EQ(asked, std::vector<std::string>{"toClient_0"});
  EXPECT_NE(events.newest(2)[0].find("outintf=\"port8\""), std::string::npos);
}

TEST_F(LogTest, the_event_log_keeps_the_newest_lines) {
  EventLog events({});
  for (std::size_t i = 0; i < limits::kEventLogLines + 10; ++i) events.write(up("t" + std::to_string(i)), kAt);
  const auto all = events.newest(1'000'000);
  ASSERT_EQ(all.size(), limits::kEventLogLines);
  EXPECT_NE(all.front().find("vpntunnel=\"t10\""), std::string::npos);
  const auto two = events.newest(2);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[1], all.back());
  EXPECT_TRUE(events.newest(0).empty());
  events.clear();
  EXPECT_TRUE(events.newest(5).empty());
}

// --- debug subscribers

class Operator {
 public:
  Operator(DebugHub& hub, Subscription s)
      : id(hub.subscribe(std::move(s), [this](std::string_view line) {
          lines.emplace_back(line);
          return alive;
        })) {}
  std::vector<std::string> lines;
  bool alive = true;
  SubscriberId id;
};

TEST_F(LogTest, a_subscriber_gets_the_trail_as_fortios_prints_it) {
  DebugHub hub;
  Operator plain(hub, {}), stamped(hub, {.timestamps = true});
  hub.write(resumed(), kAt);
  EXPECT_EQ(plain.lines, std::vector<std::string>{"ike V=root:0:toClient_0: client has resumed (1)"});
  EXPECT_EQ(stamped.lines,
            std::vector<std::string>{"2025-07-08 13:04:39.713739 ike V=root:0:toClient_0: client has resumed (1)"});
}

TEST_F(LogTest, lines_of_the_event_log_are_not_in_the_trail) {
  DebugHub hub;
  const Operator o(hub, {});
  EXPECT_TRUE(hub.wants(LogId::client_resumed));
  EXPECT_TRUE(hub.wants(LogId::psk_mismatch));
  for (const auto id : {LogId::event_up, LogId::event_down, LogId::event_asleep, LogId::event_rest,
                        LogId::event_resumed, LogId::event_expired, LogId::event_refused, LogId::daemon_started,
                        LogId::config_applied, LogId::system_failure})
    EXPECT_FALSE(hub.wants(id)) << dormouse::name_of(id);
}

TEST_F(LogTest, without_subscribers_nothing_is_wanted) {
  DebugHub hub;
  EXPECT_FALSE(hub.wants(LogId::client_resumed));
  const Operator off(hub, {.level = 0});
  EXPECT_FALSE(hub.wants(LogId::client_resumed));
  EXPECT_TRUE(hub.change(off.id, {.level = -1}));
  EXPECT_TRUE(hub.wants(LogId::client_resumed));
  hub.unsubscribe(off.id);
  EXPECT_FALSE(hub.wants(LogId::client_resumed));
  EXPECT_FALSE(hub.change(off.id, {}));
}

TEST_F(LogTest, the_level_decides_about_packets_in_hex) {
  DebugHub hub;
  Operator everything(hub, {.level = -1}), full(hub, {.level = 255}), some(hub, {.level = 1}), none(hub, {.level = 0});
  hub.write({LogId::packet_in, {.gateway = "toClient_0", .ike = IkeSaId(3)}, {HexDump{{0xab, 1}}}}, kAt);
  hub.write(resumed(), kAt);
  EXPECT_EQ(everything.lines.size(), 2U);
  EXPECT_EQ(everything.lines[0], "ike 0:toClient_0:3: in AB01");
  EXPECT_EQ(full.lines.size(), 2U);
  EXPECT_EQ(some.lines.size(), 1U);
  EXPECT_TRUE(none.lines.empty());
}

TEST_F(LogTest, a_filter_takes_a_phase_1_with_its_instances_or_one_instance) {
  DebugHub hub;
  Operator phase1(hub, {.gateway = "toClient"}), instance(hub, {.gateway = "toClient_1"});
  for (const char* name :
       {"toClient", "toClient_0", "toClient_1", "toClient_11", "toClient_x", "toClient_", "toClientB", "other", ""})
    hub.write({LogId::flushing, {.gateway = name}, {}}, kAt);
  EXPECT_EQ(phase1.lines,
            (std::vector<std::string>{"ike V=root:0:toClient: flushing", "ike V=root:0:toClient_0: flushing",
                                      "ike V=root:0:toClient_1: flushing", "ike V=root:0:toClient_11: flushing"}));
  EXPECT_EQ(instance.lines, std::vector<std::string>{"ike V=root:0:toClient_1: flushing"});
}

TEST_F(LogTest, a_subscriber_that_is_gone_gets_no_second_line) {
  DebugHub hub;
  Operator gone(hub, {}), stays(hub, {});
  gone.alive = false;
  hub.write(resumed(), kAt);
  hub.write(resumed(), kAt);
  EXPECT_EQ(gone.lines.size(), 1U);
  EXPECT_EQ(stays.lines.size(), 2U);
  EXPECT_EQ(hub.subscribers(), 1U);
}

TEST_F(LogTest, a_push_may_end_any_subscription) {
  DebugHub hub;
  int calls = 0;
  SubscriberId a, b;
  const auto both = [&](std::string_view) {
    ++calls;
    hub.unsubscribe(a);
    hub.unsubscribe(b);
    return true;
  };
  a = hub.subscribe({}, both);
  b = hub.subscribe({}, both);
  hub.write(resumed(), kAt);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(hub.subscribers(), 0U);
}

}  // namespace
}  // namespace dormouse::log
