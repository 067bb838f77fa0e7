// dormoused: gateway and dialup client in one daemon. From here down: daemon.cc wires the pieces, tunnel/manager.cc
// routes what comes in, and tunnel/sleep.cc decides which tunnel sleeps and for how long.
#include <cstdio>
#include <exception>

#include "programs/dormoused/daemon.h"
#include "programs/dormoused/sandbox.h"

#ifndef DORMOUSE_VERSION
#define DORMOUSE_VERSION "0"
#endif

namespace dormouse {
namespace {

constexpr int kDone = 0, kFailed = 1, kUsage = 2;

int serve(const daemon::Options& options) {
  auto rng = crypto::make_rng();
  auto secrets = options.check ? Outcome<daemon::SecretFile>(daemon::SecretFile::ephemeral(*rng))
                               : daemon::SecretFile::open(options.state_dir, *rng);
  if (options.check) {
    // With the host's own key at hand its ENC values can be checked too.
    if (auto own = daemon::SecretFile::open_existing(options.state_dir, *rng)) secrets = std::move(own);
  }
  if (!secrets) {
    (void)std::fprintf(stderr, "dormoused: %s\n", secrets.error().text.c_str());
    return kFailed;
  }
  daemon::ConfigFile file(options.config, std::move(*secrets));
  auto loaded = file.read();
  if (!loaded) {
    (void)std::fputs(loaded.error().text.c_str(), stderr);
    return kUsage;
  }
  if (options.check) {
    (void)std::fputs(daemon::render_all(loaded->warnings, options.config, "").c_str(), stderr);
    std::printf("%s: good: %zu phase 1, %zu phase 2, %zu policies\n", options.config.c_str(),
                loaded->model->phase1.size(), loaded->model->phase2.size(), loaded->model->policies.size());
    return kDone;
  }
  // Before the first thread, so that all of them are in it.
  if (options.sandbox) {
    if (const auto inside = daemon::enter_sandbox(); !inside) {
      (void)std::fprintf(stderr, "dormoused: %s\n", inside.error().text.c_str());
      return kFailed;
    }
  }
  auto d = daemon::Daemon::create(options, std::move(file), std::move(rng), loaded->model->data_plane);
  if (!d) {
    (void)std::fprintf(stderr, "dormoused: %s\n", d.error().text.c_str());
    return kFailed;
  }
  return (*d)->run(*loaded);
}

int run(int argc, char** argv) {
  try {
    const auto options = daemon::parse_options(argc, argv);
    if (!options) {
      (void)std::fprintf(stderr, "dormoused: %s\n", options.error().text.c_str());
      return kUsage;
    }
    if (options->help) return (void)std::fputs(daemon::usage(), stdout), kDone;
    if (options->version) return std::puts("dormoused " DORMOUSE_VERSION), kDone;
    return serve(*options);
  } catch (const std::exception& e) {  // a broken program, not a broken input: those are values
    (void)std::fprintf(stderr, "dormoused: %s\n", e.what());
    return kFailed;
  }
}

}  // namespace
}  // namespace dormouse

int main(int argc, char** argv) { return dormouse::run(argc, argv); }
