// What the daemon gives up before it serves: capabilities, system calls, and every way to more of either.
#pragma once
#include "base/result.h"

namespace dormouse::daemon {

/// Gives up, for this thread, those it will start and the programs they run, everything that a gateway has no use for.
/// Call it before the first thread starts.
///
/// - Of the capabilities at hand it keeps CAP_NET_ADMIN (interfaces, routes, the firewall), CAP_NET_RAW (ESP without
///   UDP), CAP_NET_BIND_SERVICE (port 500) and CAP_DAC_OVERRIDE (a configuration file of another user, when started by
///   root). What it was not given it does not miss.
/// - System calls that reach other processes, mounts, namespaces, modules, keys, clocks or hardware fail with EPERM.
/// - No program it runs gains what it gave up.
///
/// Failure: the kernel refused, and which part.
[[nodiscard]] Outcome<void> enter_sandbox();

}  // namespace dormouse::daemon
