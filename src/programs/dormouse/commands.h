// The operator's commands: what each asks of the daemon and how its answer is shown.
#pragma once
#include "programs/dormouse/command_table.h"
#include "programs/dormouse/daemon.h"
#include "programs/dormouse/trail.h"

namespace dormouse::shell {

/// What commands work on. Everything outlives the table.
struct Desk {
  Daemon& daemon;
  DebugWish& debug;
  bool json = false;  ///< lists are printed as the JSON they come from
};

/// get ...: the state in short.
void add_get_commands(CommandTable& table, Desk& desk);
/// diagnose ...: the state in full, and what may be done to it.
void add_diagnose_commands(CommandTable& table, Desk& desk);
/// execute ...
void add_execute_commands(CommandTable& table, Desk& desk);

}  // namespace dormouse::shell
