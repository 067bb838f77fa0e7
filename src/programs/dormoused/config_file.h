// The configuration file: read and checked at start and on SIGHUP, replaced as a whole when the shell commits.
#pragma once
#include <memory>
#include <string>

#include "config/load/load.h"
#include "crypto/engine/engine.h"
#include "programs/dormoused/secret_file.h"

namespace dormouse::daemon {

class ConfigFile {
 public:
  ConfigFile(std::string path, SecretFile secrets) : path_(std::move(path)), secrets_(std::move(secrets)) {}

  /// Reads and checks the file. The text of a Failure is ready to be printed: every error with its place and caret.
  [[nodiscard]] Outcome<config::Loaded> read();
  /// Checks `text`; on success the file is replaced (written beside it, synced, renamed) with secrets sealed.
  /// `diagnostics` receives the errors otherwise. A `revision` other than the present one is refused.
  [[nodiscard]] Outcome<config::Loaded> commit(const std::string& text, std::uint64_t revision,
                                               std::vector<config::Diagnostic>& diagnostics);
  /// Takes a checked configuration as the running one.
  void adopt(const config::Loaded& loaded);

  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  /// The running configuration as text, secrets sealed.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] config::DecodeSecret decoder();
  [[nodiscard]] config::CertificateChecks checks();
  [[nodiscard]] Outcome<void> write(const std::string& text);
  std::string path_;
  SecretFile secrets_;
  std::unique_ptr<crypto::CertificateEngine> engine_ = crypto::make_certificate_engine();
  std::string text_;
  std::uint64_t revision_ = 0;
};

/// Warnings as printed lines.
[[nodiscard]] std::string render_all(const std::vector<config::Diagnostic>& diagnostics, const std::string& file,
                                     const std::string& source);

}  // namespace dormouse::daemon
