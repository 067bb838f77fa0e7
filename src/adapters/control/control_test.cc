// Server and client against each other over a real socket in a temporary folder, on the daemon's own loop.
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "adapters/control/client.h"
#include "adapters/control/server.h"
#include "adapters/loop/loop.h"
#include "base/limits.h"

namespace dormouse::control {
namespace {

class LoopWatcher : public FdWatcher {
 public:
  explicit LoopWatcher(loop::Loop& loop) : loop_(loop) {}
  Outcome<void> watch(int fd, std::function<void(bool, bool)> ready) override {
    TRY_ASSIGN(auto source, loop_.watch(fd, [ready = std::move(ready)](loop::Ready r) { ready(r.read, r.write); }));
    sources_[fd] = std::move(source);
    return {};
  }
  void want_write(int fd, bool on) override { loop_.want(sources_[fd], true, on); }
  void unwatch(int fd) override { sources_.erase(fd); }
  [[nodiscard]] std::size_t count() const { return sources_.size(); }

 private:
  loop::Loop& loop_;
  std::map<int, loop::Source> sources_;
};

class ControlTest : public ::testing::Test, public Handler {
 protected:
  void SetUp() override {
    char name[] = "/tmp/dormouse-control-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ + "/control.sock";
    loop_ = std::move(*loop::Loop::create());
    watcher_ = std::make_unique<LoopWatcher>(*loop_);
    start();
  }
  void TearDown() override {
    server_.reset();
    EXPECT_EQ(watcher_->count(), 0U);
    EXPECT_EQ(rmdir(folder_.c_str()), 0) << "something was left in " << folder_;
  }
  void start() {
    auto s = Server::listen(path_, *watcher_, *this);
    ASSERT_TRUE(s) << s.error().text;
    server_ = std::move(*s);
  }
  void on_request(ClientId client, const std::string& json) override {
    requests_.push_back(json);
    last_ = client;
    if (answer_) answer_(client, json);
  }
  void on_gone(ClientId client) override { gone_.push_back(client); }

  /// Turns the loop until `done`, five seconds at most.
  void turn_until(const std::function<bool()>& done) {
    const auto end = loop_->now() + 5s;
    while (!done() && loop_->now() < end) ASSERT_TRUE(loop_->turn(20ms));
    ASSERT_TRUE(done());
  }
  void settle() {
    while (loop_->turn(Duration(0)).value_or(false)) {
    }
  }
  Client connect() {
    auto c = Client::connect(path_);
    EXPECT_TRUE(c) << c.error().text;
    return std::move(*c);
  }
  int connect_raw() {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path_.data(), path_.size());
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    return fd;
  }

  std::string folder_, path_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<LoopWatcher> watcher_;
  std::unique_ptr<Server> server_;
  std::vector<std::string> requests_;
  std::vector<ClientId> gone_;
  ClientId last_;
  std::function<void(ClientId, const std::string&)> answer_;
};

TEST_F(ControlTest, answers_a_request) {
  answer_ = [&](ClientId c, const std::string& json) { EXPECT_TRUE(server_->send(c, "echo " + json)); };
  std::string answer;
  std::thread shell([&] {
    auto client = connect();
    answer = client.call(R"({"op":"version"})").value_or("nothing");
  });
  turn_until([&] { return !gone_.empty(); });
  shell.join();
  EXPECT_EQ(answer, R"(echo {"op":"version"})");
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(ControlTest, the_socket_file_is_for_its_owner_alone) {
  struct stat st{};
  ASSERT_EQ(lstat(path_.c_str(), &st), 0);
  EXPECT_TRUE(S_ISSOCK(st.st_mode));
  EXPECT_EQ(st.st_mode & 07777U, 0600U);
}

TEST_F(ControlTest, several_requests_in_one_write_come_one_by_one_and_in_order) {
  const int fd = connect_raw();
  const auto text = frame("1") + frame("2") + frame("3");
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  turn_until([&] { return requests_.size() == 3; });
  EXPECT_EQ(requests_, (std::vector<std::string>{"1", "2", "3"}));
  close(fd);
  turn_until([&] { return gone_.size() == 1; });
}

TEST_F(ControlTest, pushes_messages_to_a_client_that_asked_for_nothing_more) {
  auto client = connect();
  ASSERT_TRUE(client.send("debug"));
  turn_until([&] { return !requests_.empty(); });
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(server_->send(last_, "line " + std::to_string(i)));
  for (int i = 0; i < 3; ++i) {
    const auto m = client.receive(5s);
    ASSERT_TRUE(m && *m);
    EXPECT_EQ(**m, "line " + std::to_string(i));
  }
  const auto nothing = client.receive(10ms);
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
}

TEST_F(ControlTest, drops_a_client_that_does_not_read) {
  auto client = connect();
  ASSERT_TRUE(client.send("debug"));
  turn_until([&] { return !requests_.empty(); });
  const std::string line(1000, 'x');
  std::size_t sent = 0;
  while (sent < 100'000 && server_->send(last_, line)) ++sent;
  EXPECT_GT(sent, limits::kControlQueueBytes / 1004);
  EXPECT_LT(sent, 4 * limits::kControlQueueBytes / 1004);
  EXPECT_EQ(gone_, std::vector<ClientId>{last_});
  EXPECT_FALSE(server_->send(last_, line));
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(ControlTest, an_answer_larger_than_the_queue_arrives_whole) {
  const std::string big(5 * limits::kControlQueueBytes, 'b');
  answer_ = [&](ClientId c, const std::string&) { EXPECT_TRUE(server_->send(c, big)); };
  std::string answer;
  std::thread shell([&] { answer = connect().call("status").value_or("nothing"); });
  turn_until([&] { return !gone_.empty(); });
  shell.join();
  EXPECT_EQ(answer.size(), big.size());
  EXPECT_TRUE(answer == big);
}

TEST_F(ControlTest, a_slow_reader_gets_everything_that_was_accepted) {
  auto client = connect();
  ASSERT_TRUE(client.send("debug"));
  turn_until([&] { return !requests_.empty(); });
  std::mt19937 random(3);
  std::size_t sent = 0, got = 0;
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 10; ++i)
      ASSERT_TRUE(server_->send(last_, std::to_string(sent++) + std::string(random() % 500, '.')));
    ASSERT_TRUE(loop_->turn(Duration(0)));
    const auto m = client.receive(1s);
    ASSERT_TRUE(m && *m);
    EXPECT_EQ(std::stoul(**m), got++);
  }
  while (got < sent) {
    ASSERT_TRUE(loop_->turn(Duration(0)));
    const auto m = client.receive(1s);
    ASSERT_TRUE(m && *m);
    ASSERT_EQ(std::stoul(**m), got++);
  }
}

TEST_F(ControlTest, a_request_over_the_bound_is_answered_with_an_error_and_the_connection_ends) {
  const int fd = connect_raw();
  const char length[] = "\xff\xff\xff\xff";
  ASSERT_EQ(write(fd, length, 4), 4);
  turn_until([&] { return gone_.size() == 1; });
  std::string got(200, '\0');
  const auto n = read(fd, got.data(), got.size());
  ASSERT_GT(n, 4);
  EXPECT_NE(got.find("too large"), std::string::npos);
  EXPECT_EQ(read(fd, got.data(), got.size()), 0);
  EXPECT_TRUE(requests_.empty());
  close(fd);
}

TEST_F(ControlTest, close_lets_what_is_queued_arrive_first) {
  answer_ = [&](ClientId c, const std::string&) {
    server_->send(c, std::string(limits::kControlQueueBytes, 'z'));
    server_->close(c);
  };
  std::size_t size = 0;
  bool ended = false;
  std::thread shell([&] {
    auto client = connect();
    size = client.call("bye").value_or("").size();
    ended = !client.receive(5s);
  });
  turn_until([&] { return !gone_.empty(); });
  shell.join();
  EXPECT_EQ(size, limits::kControlQueueBytes);
  EXPECT_TRUE(ended);
}

TEST_F(ControlTest, takes_so_many_clients_and_no_more) {
  std::vector<int> fds;
  while (fds.size() < limits::kMaxControlClients) {
    fds.push_back(connect_raw());
    turn_until([&] { return server_->clients() == fds.size(); });
  }
  const int extra = connect_raw();
  char c = 0;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(loop_->turn(10ms));
  EXPECT_EQ(recv(extra, &c, 1, 0), 0) << "the one too many must be closed";
  close(extra);
  for (const int fd : fds) close(fd);
  turn_until([&] { return server_->clients() == 0; });
  EXPECT_TRUE(gone_.empty()) << "the handler never met them";
}

TEST_F(ControlTest, random_octets_of_many_clients_leave_it_serving) {
  answer_ = [&](ClientId c, const std::string&) { server_->send(c, "ok"); };
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    const int fd = connect_raw();
    std::string octets(random() % 2000, '\0');
    for (auto& o : octets) o = static_cast<char>(random() % 3 == 0 ? random() : 0);
    if (round % 2 == 0) octets.insert(0, frame("a") + std::string("\0\0\0\3ab", 6));
    send(fd, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    settle();
    close(fd);
    settle();
  }
  turn_until([&] { return server_->clients() == 0; });
  std::thread shell([&] { EXPECT_EQ(connect().call("still there").value_or(""), "ok"); });
  turn_until([&] { return !requests_.empty() && requests_.back() == "still there" && server_->clients() == 0; });
  shell.join();
}

TEST_F(ControlTest, a_second_daemon_at_the_same_path_is_refused_and_a_dead_ones_file_is_replaced) {
  const auto second = Server::listen(path_, *watcher_, *this);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text, "control socket " + path_ + ": another daemon is using it");
  server_.reset();
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);  // bound and never removed, as kill -9 leaves it
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path_.data(), path_.size());
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  close(fd);
  start();
  EXPECT_TRUE(Client::connect(path_));
}

TEST_F(ControlTest, a_file_that_is_no_socket_is_left_alone) {
  const auto other = folder_ + "/precious";
  FILE* f = fopen(other.c_str(), "w");
  ASSERT_NE(f, nullptr);
  ASSERT_EQ(fclose(f), 0);
  const auto r = Server::listen(other, *watcher_, *this);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().text, "control socket " + other + ": a file of another kind is there");
  EXPECT_EQ(unlink(other.c_str()), 0);
}

TEST_F(ControlTest, a_client_without_a_daemon_is_told_so) {
  server_.reset();
  const auto c = Client::connect(path_);
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().text, "no daemon is running (" + path_ + " does not exist)");
}

TEST_F(ControlTest, a_client_of_another_user_is_turned_away) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0666), 0);  // past the file's mode, to reach the check of the peer
  int result[2];
  ASSERT_EQ(pipe(result), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    char verdict = 'f';
    if (setgid(65534) == 0 && setuid(65534) == 0) {
      auto c = Client::connect(path_);
      verdict = c && !c->call("let me in", 2s) ? 'n' : 'y';
    }
    _exit(write(result[1], &verdict, 1) == 1 ? 0 : 1);
  }
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(loop_->turn(20ms));
  char verdict = 0;
  ASSERT_EQ(read(result[0], &verdict, 1), 1);
  EXPECT_EQ(verdict, 'n');
  EXPECT_TRUE(requests_.empty());
  waitpid(pid, nullptr, 0);
  close(result[0]);
  close(result[1]);
}

}  // namespace
}  // namespace dormouse::control
