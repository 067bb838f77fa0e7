// Real SQLite in temporary directories: restarts, reboots, clocks set back, damage, full disks, kill -9 in mid-write.
#include "adapters/store/store.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/store/rows.h"
#include "adapters/store/schema.h"
#include "adapters/store/secret_files.h"

namespace dormouse::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tunnel::SessionRecord;

constexpr std::int64_t kSecond = 1'000'000'000;

/// A machine whose clocks the test sets.
struct FakeMachine {
  std::int64_t wall = 1'700'000'000 * kSecond;
  std::int64_t boot = 5'000 * kSecond;
  std::string boot_id = "first";
  [[nodiscard]] Clocks clocks() {
    return {[this] { return ClockReading{wall, Instant::from_ns(boot)}; }, boot_id};
  }
  void pass(std::int64_t seconds) {
    wall += seconds * kSecond;
    boot += seconds * kSecond;
  }
  /// The machine is off for so long, then boots.
  void reboot(std::int64_t off_seconds) {
    wall += off_seconds * kSecond;
    boot = 20 * kSecond;
    boot_id += "+";
  }
  [[nodiscard]] Instant now() const { return Instant::from_ns(boot); }
};

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/dormouse-store-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    base = name;
    dir = base + "/state";
  }
  void TearDown() override { fs::remove_all(base); }
  [[nodiscard]] std::unique_ptr<Store> open() { return Store::open(dir, machine.clocks()); }
  [[nodiscard]] SessionRecord record(unsigned index = 0) const {
    SessionRecord r{.phase1 = "toClient", .index = index, .auth_method = 2};
    r.peer = {IdType::fqdn, to_bytes(as_bytes("laptop"))};
    r.local = Identity::of(*IpAddress::parse("2001:db8::1"));
    r.local_end = {*IpAddress::parse("173.1.1.1"), 500};
    r.remote_end = {*IpAddress::parse("2001:db8::77"), 41234};
    r.udp_encap = r.remote_behind_nat = true;
    r.routes = {*Prefix::parse("10.1.100.0/24"), *Prefix::parse("2001:db8:1::/48")};
    r.lease = {*IpAddress::parse("10.9.0.7"), *IpAddress::parse("2001:db8:9::7")};
    r.reported_up = {"toClient", "second phase 2"};
    r.created = machine.now() - 100s;
    r.logged_in = machine.now() - 50s;
    r.asleep = true;
    r.asleep_since = machine.now() - 20s;
    r.asleep_until = machine.now() + 100s;
    r.reauth_deadline = machine.now() + 1000s;
    r.sleeps = 3;
    return r;
  }
  /// Saves `r`, ends the store as a clean stop would.
  void save(const SessionRecord& r) {
    const auto s = open();
    s->submit(tunnel::SaveSession{r});
  }
  [[nodiscard]] SessionRecord only_session() {
    const auto s = open();
    auto state = s->take_stored();
    EXPECT_EQ(state.sessions.size(), 1U);
    return state.sessions.empty() ? SessionRecord{} : state.sessions.front();
  }
  [[nodiscard]] std::string file_in_place() const {
    fs::create_directories(dir);
    fs::permissions(dir, fs::perms::owner_all);
    return file();
  }
  [[nodiscard]] std::string file() const { return dir + "/sessions.db"; }
  static unsigned mode(const std::string& path) {
    struct stat st{};
    return stat(path.c_str(), &st) == 0 ? st.st_mode & 07777U : 0;
  }

  FakeMachine machine;
  std::string base, dir;
};

TEST_F(StoreTest, a_record_comes_back_as_it_was) {
  const auto r = record();
  save(r);
  EXPECT_EQ(only_session(), r);
}

TEST_F(StoreTest, what_is_absent_comes_back_absent) {
  auto r = record();
  r.asleep = false;
  r.asleep_since = r.asleep_until = {};
  r.reauth_deadline.reset();
  r.routes.clear();
  r.reported_up.clear();
  r.peer.data.clear();
  save(r);
  EXPECT_EQ(only_session(), r);
}

TEST_F(StoreTest, the_newest_change_counts_and_a_dropped_record_is_gone) {
  {
    const auto s = open();
    s->submit(tunnel::SaveSession{record(0)});
    s->submit(tunnel::SaveSession{record(1)});
    s->submit(tunnel::DropSession{"toClient", 0});
    s->flush();
    auto changed = record(1);
    changed.sleeps = 9;
    s->submit(tunnel::SaveSession{changed});
    s->submit(tunnel::DropSession{"toClient", 5});
  }
  const auto r = only_session();
  EXPECT_EQ(r.index, 1U);
  EXPECT_EQ(r.sleeps, 9U);
}

TEST_F(StoreTest, the_directory_and_its_files_are_for_the_daemon_alone) {
  const auto was = umask(0);
  {
    const auto s = open();
    s->submit(tunnel::SaveSession{record()});
    s->submit(tunnel::SaveSecret{"qcd", std::make_shared<const SecretBytes>(ByteView(Bytes(32, 7)))});
    s->flush();
    EXPECT_EQ(mode(file() + "-wal"), 0600U);
  }
  umask(was);
  EXPECT_EQ(mode(dir), 0700U);
  EXPECT_EQ(mode(file()), 0600U);
  EXPECT_EQ(mode(dir + "/qcd.secret"), 0600U);
}

// --- clocks

TEST_F(StoreTest, a_restart_without_reboot_does_not_depend_on_the_calendar) {
  const auto r = record();
  save(r);
  machine.pass(30);
  for (const auto jump : {-1'000'000 * kSecond, 3'000'000 * kSecond}) {
    machine.wall += jump;
    EXPECT_EQ(only_session(), r);
  }
}

TEST_F(StoreTest, after_a_reboot_what_is_left_of_a_sleep_is_counted_by_the_calendar) {
  save(record());  // 100 s left
  machine.pass(10);
  machine.reboot(25);
  const auto r = only_session();
  EXPECT_EQ(r.asleep_until - machine.now(), 65s);
  EXPECT_EQ(machine.now() - r.asleep_since, 55s);
  EXPECT_EQ(machine.now() - r.logged_in, 85s);
  EXPECT_EQ(*r.reauth_deadline - machine.now(), 965s);
}

TEST_F(StoreTest, what_was_read_after_a_reboot_stays_when_the_calendar_is_set) {
  save(record());
  open()->submit(tunnel::SaveBlob{"ticket-key", "1", {0}, machine.now() + 10000s});
  machine.reboot(30);
  const auto first = only_session();
  const auto kept_until = open()->take_stored().blobs.at(0).expires;
  EXPECT_EQ(first.asleep_until, machine.now() + 70s);
  machine.wall += 7200 * kSecond;  // and the daemon starts again, without a reboot
  EXPECT_EQ(only_session().asleep_until, first.asleep_until);
  EXPECT_EQ(only_session().logged_in, first.logged_in);
  EXPECT_EQ(open()->take_stored().blobs.at(0).expires, kept_until);
}

TEST_F(StoreTest, a_sleep_that_ended_while_the_machine_was_off_is_over) {
  save(record());
  machine.reboot(3600);
  EXPECT_LT(only_session().asleep_until, machine.now());
}

TEST_F(StoreTest, a_calendar_set_back_does_not_prolong_a_sleep) {
  const auto r = record();  // 120 s in all, 100 s left
  save(r);
  machine.reboot(0);
  machine.wall -= 86'400 * kSecond;  // as a machine without a battery would boot
  const auto back = only_session();
  EXPECT_EQ(back.asleep_until - machine.now(), 100s);
  EXPECT_LE(back.asleep_since, machine.now());
  // And what is saved anew with the wrong calendar is right within this boot, and after the next.
  save(back);
  machine.pass(40);
  EXPECT_EQ(only_session().asleep_until - machine.now(), 60s);
}

TEST_F(StoreTest, a_calendar_that_is_set_while_the_daemon_runs_moves_no_window) {
  for (const std::int64_t by : {7200, -7200, 86'400 * 365 * 3}) {
    const auto r = record();
    const tunnel::SaveBlob blob{"ticket-key", "1", {0}, machine.now() + 10000s};
    {
      auto db = Database::open(file_in_place());
      ASSERT_TRUE(db);
      ASSERT_TRUE(migrate(*db));
      RowWriter writer(*db, machine.boot_id);
      ASSERT_TRUE(writer.heartbeat(machine.clocks().read()));
      ASSERT_TRUE(writer.write(tunnel::SaveSession{r}, machine.clocks().read()));
      ASSERT_TRUE(writer.write(blob, machine.clocks().read()));
      machine.wall += by * kSecond;
      ASSERT_TRUE(writer.heartbeat(machine.clocks().read()));
    }
    machine.reboot(30);
    const auto back = only_session();
    EXPECT_EQ(back.asleep_until, machine.now() + 70s);
    EXPECT_EQ(*back.reauth_deadline, machine.now() + 970s);
    EXPECT_EQ(open()->take_stored().blobs.at(0).expires, machine.now() + 9970s);
    fs::remove_all(dir);
  }
}

TEST_F(StoreTest, each_start_is_a_sign_of_life_that_a_calendar_set_back_cannot_undo) {
  save(record());
  machine.pass(70);
  (void)open();  // notes the time
  machine.reboot(0);
  machine.wall -= 86'400 * kSecond;
  EXPECT_EQ(only_session().asleep_until - machine.now(), 30s);
}

// --- blobs and secrets

TEST_F(StoreTest, blobs_are_kept_until_they_expire) {
  const tunnel::SaveBlob forever{"spent", "a", Bytes{1, 2, 3}}, brief{"spent", "b", {}, machine.now() + 60s};
  {
    const auto s = open();
    s->submit(forever);
    s->submit(brief);
    s->submit(tunnel::SaveBlob{"spent", "c", {}});
    s->flush();
    s->submit(tunnel::DropBlob{"spent", "c"});
  }
  EXPECT_THAT(open()->take_stored().blobs, ElementsAre(forever, brief));
  machine.reboot(61);
  EXPECT_THAT(open()->take_stored().blobs, ElementsAre(forever));
}

TEST_F(StoreTest, secrets_come_back_and_an_exposed_one_does_not) {
  const Bytes key(48, 9);
  {
    const auto s = open();
    s->submit(tunnel::SaveSecret{"tickets", std::make_shared<const SecretBytes>(ByteView(Bytes(16, 1)))});
    s->flush();
    s->submit(tunnel::SaveSecret{"tickets", std::make_shared<const SecretBytes>(ByteView(key))});
    s->submit(tunnel::SaveSecret{"../escape", std::make_shared<const SecretBytes>(ByteView(key))});
    s->flush();
    EXPECT_THAT(s->take_problems(), ElementsAre(HasSubstr("no name for a secret")));
  }
  {
    const auto stored = open()->take_stored();
    ASSERT_EQ(stored.secrets.size(), 1U);
    EXPECT_TRUE(equal(stored.secrets.at("tickets")->reveal(), key));
  }
  chmod((dir + "/tickets.secret").c_str(), 0640);
  const auto s = open();
  EXPECT_TRUE(s->take_stored().secrets.empty());
  EXPECT_THAT(s->take_problems(), ElementsAre(HasSubstr("others may read it")));
  EXPECT_FALSE(fs::exists(base + "/escape.secret"));
}

// --- what can be wrong with the file

TEST_F(StoreTest, a_damaged_file_is_set_aside_and_a_new_one_begun) {
  save(record());
  std::ofstream(file(), std::ios::trunc) << std::string(20'000, 'x');
  {
    const auto s = open();
    EXPECT_THAT(s->take_problems(), ElementsAre(HasSubstr("set aside as sessions.db.damaged")));
    EXPECT_TRUE(s->take_stored().sessions.empty());
    EXPECT_TRUE(s->status().keeping);
    s->submit(tunnel::SaveSession{record(4)});
  }
  EXPECT_TRUE(fs::exists(file() + ".damaged"));
  EXPECT_EQ(only_session().index, 4U);
}

TEST_F(StoreTest, damage_in_the_middle_of_the_file_is_noticed) {
  {
    const auto s = open();
    for (unsigned i = 0; i < 200; ++i) s->submit(tunnel::SaveSession{record(i)});
  }
  {
    std::fstream f(file(), std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(4096 + 8);
    f << std::string(12'000, '\xff');
  }
  const auto s = open();
  EXPECT_THAT(s->take_problems(), ElementsAre(HasSubstr("set aside")));
  EXPECT_TRUE(s->status().keeping);
}

TEST_F(StoreTest, a_row_that_makes_no_sense_is_left_out_alone) {
  {
    const auto s = open();
    for (unsigned i = 0; i < 3; ++i) s->submit(tunnel::SaveSession{record(i)});
  }
  {
    auto db = Database::open(file());
    ASSERT_TRUE(db);
    ASSERT_TRUE(db->execute("UPDATE session SET remote_address = 'nowhere' WHERE idx = 1"));
  }
  const auto s = open();
  EXPECT_EQ(s->take_stored().sessions.size(), 2U);
  EXPECT_THAT(s->take_problems(), ElementsAre(HasSubstr("toClient_1 makes no sense")));
}

TEST_F(StoreTest, a_file_of_the_first_schema_is_brought_to_today) {
  ASSERT_EQ(mkdir(dir.c_str(), 0700), 0);
  {
    auto db = Database::open(file());
    ASSERT_TRUE(db);
    ASSERT_TRUE(migrate_to(*db, 1));
    ASSERT_EQ(version_of(*db), 1);
    const auto sql =
        "INSERT INTO session VALUES ('toClient', 7, 2, 2, x'6c', 1, x'ad010101', '173.1.1.1', 500, "
        "'11.101.1.1', 500, 0, '0.0.0.0/0' || char(10), '', 0, 0, 0, 0, 0, NULL, 0, 0, 'old')";
    const auto done = db->execute(sql);
    ASSERT_TRUE(done) << done.error().text;
  }
  const auto r = only_session();
  EXPECT_EQ(r.index, 7U);
  EXPECT_EQ(r.sleeps, 0U);
  EXPECT_TRUE(r.lease.empty());
  EXPECT_THAT(r.routes, ElementsAre(*Prefix::parse("0.0.0.0/0")));
  auto db = Database::open(file());
  ASSERT_TRUE(db);
  EXPECT_EQ(version_of(*db), kSchemaVersion);
}

TEST_F(StoreTest, a_file_of_a_newer_version_is_left_as_it_is) {
  save(record());
  const auto set = [&](const char* pragma) {
    auto db = Database::open(file());
    ASSERT_TRUE(db && db->execute(pragma));
  };
  set("PRAGMA user_version=99");
  {
    const auto s = open();
    EXPECT_THAT(s->take_problems(), ElementsAre(HasSubstr("made by a newer Dormouse (schema 99")));
    EXPECT_FALSE(s->status().keeping);
    s->submit(tunnel::DropSession{"toClient", 0});
    s->flush();
  }
  set(("PRAGMA user_version=" + std::to_string(kSchemaVersion)).c_str());
  EXPECT_EQ(only_session(), record());
}

TEST_F(StoreTest, a_second_daemon_on_the_same_directory_is_refused) {
  const auto first = open();
  first->submit(tunnel::SaveSession{record()});
  first->flush();
  const auto second = open();
  EXPECT_FALSE(second->status().keeping);
  EXPECT_THAT(second->take_problems(), ElementsAre(HasSubstr("locked")));
  EXPECT_FALSE(fs::exists(file() + ".damaged"));
}

TEST_F(StoreTest, a_directory_that_cannot_be_made_is_told_and_lived_with) {
  std::ofstream(base + "/file") << "x";
  dir = base + "/file/state";
  const auto s = open();
  s->submit(tunnel::SaveSession{record()});
  s->flush();
  EXPECT_THAT(s->take_problems(), ::testing::Contains(HasSubstr("will not survive a restart")));
  EXPECT_FALSE(s->status().keeping);
}

TEST_F(StoreTest, a_directory_that_is_read_only_is_told_and_lived_with) {
  save(record());
  const pid_t child = fork();
  if (child == 0) {
    // root may write everywhere; nobody may not.
    if (geteuid() == 0 && (chown(base.c_str(), 65534, 65534) != 0 || chown(dir.c_str(), 65534, 65534) != 0 ||
                           chown(file().c_str(), 65534, 65534) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
      _exit(10);
    if (chmod(file().c_str(), 0400) != 0 || chmod(dir.c_str(), 0500) != 0) _exit(11);
    const auto s = Store::open(dir, machine.clocks());
    s->submit(tunnel::SaveSession{record(1)});
    s->flush();
    const auto problems = s->take_problems();
    _exit(problems.size() == 1 && problems[0].find("will not survive a restart") != std::string::npos &&
                  !s->status().keeping
              ? 0
              : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(StoreTest, a_full_disk_is_told_once_and_what_waited_is_written_when_there_is_room) {
  const auto s = open();
  s->submit(tunnel::SaveSession{record(0)});
  s->flush();
  EXPECT_THAT(s->take_problems(), IsEmpty());
  (void)signal(SIGXFSZ, SIG_IGN);
  rlimit was{};
  getrlimit(RLIMIT_FSIZE, &was);
  const rlimit tight{fs::file_size(file() + "-wal"), was.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  for (unsigned i = 1; i < 500; ++i) s->submit(tunnel::SaveSession{record(i)});
  s->flush();
  s->submit(tunnel::SaveSession{record(500)});
  s->flush();
  const auto problems = s->take_problems();
  const auto full = s->status();
  setrlimit(RLIMIT_FSIZE, &was);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("cannot be saved now, trying again")));
  EXPECT_GE(full.waiting, 1U);
  EXPECT_FALSE(full.problem.empty());
  s->flush();
  EXPECT_EQ(s->status().waiting, 0U);
  EXPECT_THAT(s->take_problems(), ElementsAre(HasSubstr("written again")));
  EXPECT_EQ(s->status().problem, "");
}

// --- kill -9

TEST_F(StoreTest, a_kill_in_mid_write_leaves_whole_records) {
  save(record(0));
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      const auto s = Store::open(dir, machine.clocks());
      for (unsigned n = 0;; ++n) {
        for (unsigned i = 0; i < 40; ++i) {
          auto r = record(i);
          r.sleeps = n;
          s->submit(tunnel::SaveSession{r});
        }
        (void)!::write(ends[1], "x", 1);
      }
    }
    char seen = 0;
    for (int i = 0; i < 30 + 7 * round; ++i) ASSERT_EQ(read(ends[0], &seen, 1), 1);
    kill(child, SIGKILL);
    close(ends[0]);
    close(ends[1]);
    int status = 0;
    waitpid(child, &status, 0);
    const auto s = open();
    EXPECT_THAT(s->take_problems(), IsEmpty());
    const auto state = s->take_stored();
    ASSERT_FALSE(state.sessions.empty());
    for (const auto& r : state.sessions) {
      auto expected = record(r.index);
      expected.sleeps = r.sleeps;
      EXPECT_EQ(r, expected);
    }
  }
}

}  // namespace
}  // namespace dormouse::store
