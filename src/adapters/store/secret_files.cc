#include "adapters/store/secret_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dormouse::store {
namespace {

constexpr std::string_view kSuffix = ".secret";
constexpr std::size_t kLargest = 64 * 1024;

/// Closes itself.
struct File {
  explicit File(int opened) : fd(opened) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) close(fd);
  }
  int fd;
};

std::unexpected<Failure> refused(const std::string& path) { return failure(path + ": " + std::strerror(errno)); }

bool write_all(int fd, ByteView data) {
  while (!data.empty()) {
    const auto n = write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

Outcome<SecretBytes> read_secret(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat st{};
  if (file.fd < 0 || fstat(file.fd, &st) != 0) return refused(path);
  if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
    return failure(path + ": others may read it, so it is a secret no longer; a new one is made");
  if (static_cast<std::size_t>(st.st_size) > kLargest) return failure(path + ": too long");
  SecretBytes out(static_cast<std::size_t>(st.st_size));
  std::size_t got = 0;
  while (got < out.size()) {
    const auto n = read(file.fd, out.reveal_mutable().data() + got, out.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failure(path + ": ends early");
    got += static_cast<std::size_t>(n);
  }
  return out;
}

}  // namespace

bool is_secret_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '.' || c == '-'; });
}

Outcome<void> write_secret(const std::string& dir, const std::string& name, const SecretBytes& value) {
  if (!is_secret_name(name)) return failure("'" + name + "' is no name for a secret");
  const std::string path = dir + "/" + name + std::string(kSuffix), fresh = path + ".new";
  (void)unlink(fresh.c_str());  // of a write that was cut short
  {
    const File file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.fd < 0) return refused(fresh);
    if (!write_all(file.fd, value.reveal()) || fsync(file.fd) != 0) {
      auto why = refused(fresh);
      (void)unlink(fresh.c_str());
      return why;
    }
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return refused(path);
  const File folder(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd >= 0) (void)fsync(folder.fd);
  return {};
}

Secrets read_secrets(const std::string& dir, std::vector<std::string>& skipped) {
  Secrets out;
  DIR* folder = opendir(dir.c_str());
  if (!folder) return out;
  while (const dirent* entry = readdir(folder)) {
    std::string name = entry->d_name;
    if (!name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    if (!is_secret_name(name)) continue;
    auto value = read_secret(dir + "/" + entry->d_name);
    if (value)
      out[name] = std::make_shared<const SecretBytes>(std::move(*value));
    else
      skipped.push_back(value.error().text);
  }
  closedir(folder);
  return out;
}

}  // namespace dormouse::store
