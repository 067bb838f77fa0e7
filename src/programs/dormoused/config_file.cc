#include "programs/dormoused/config_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/engine/engine.h"
#include "programs/dormoused/certificate_checks.h"

namespace dormouse::daemon {

std::string render_all(const std::vector<config::Diagnostic>& diagnostics, const std::string& file,
                       const std::string& source) {
  std::string out;
  for (const auto& d : diagnostics) out += config::render(d, file, source);
  return out;
}

config::DecodeSecret ConfigFile::decoder() {
  return [this](std::string_view base64) { return secrets_.decode(base64); };
}

config::CertificateChecks ConfigFile::checks() {
  auto out = certificate_checks(*engine_, [] {
    return WallTime{
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
  });
  out.has_group = crypto::has_key_exchange;
  return out;
}

Outcome<config::Loaded> ConfigFile::read() {
  std::ifstream in(path_, std::ios::binary);
  if (!in) return failure(path_ + ": " + std::strerror(errno) + "\n");
  std::stringstream buffer;
  buffer << in.rdbuf();
  const std::string source = std::move(buffer).str();
  if (source.size() > limits::kMaxConfigFile)
    return failure(path_ + ": larger than " + std::to_string(limits::kMaxConfigFile) + " octets\n");
  auto loaded = config::load(source, decoder(), checks());
  if (!loaded) return failure(render_all(loaded.error(), path_, source));
  return std::move(*loaded);
}

void ConfigFile::adopt(const config::Loaded& loaded) {
  config::Tree sealed = loaded.tree;
  config::seal_secrets(sealed, [this](const SecretBytes& s) { return secrets_.encode(s); });
  text_ = config::print(sealed);
  ++revision_;
}

Outcome<config::Loaded> ConfigFile::commit(const std::string& text, std::uint64_t revision,
                                           std::vector<config::Diagnostic>& diagnostics) {
  if (revision != revision_) return failure("configuration changed meanwhile");
  auto loaded = config::load(text, decoder(), checks());
  if (!loaded) {
    diagnostics = std::move(loaded.error());
    return failure("the configuration is not accepted; the running one stays");
  }
  config::Tree sealed = loaded->tree;
  config::seal_secrets(sealed, [this](const SecretBytes& s) { return secrets_.encode(s); });
  if (const auto written = write(config::print(sealed)); !written) return std::unexpected(written.error());
  return std::move(*loaded);
}

Outcome<void> ConfigFile::write(const std::string& text) {
  const std::string beside = path_ + ".new";
  const auto failed = [&](const std::string& what) { return failure(what + ": " + std::strerror(errno)); };
  struct stat old{};
  const mode_t mode = stat(path_.c_str(), &old) == 0 ? old.st_mode & 0777 : 0600;
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return failed(beside);
  // The mode again: that of open is what the umask leaves of it, and the file's readers stay who they were.
  const bool whole = fchmod(fd, mode) == 0 &&
                     ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (!whole) return failed(beside);
  if (rename(beside.c_str(), path_.c_str()) != 0) return failed(path_);
  return {};
}

}  // namespace dormouse::daemon
