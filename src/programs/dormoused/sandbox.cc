// A list of what is refused, not of what is allowed: the C library and nft change which calls they make from one Debian
// to the next, and a gateway that dies of a harmless new one is no safer. systemd's unit has the list of what is
// allowed.
#include "programs/dormoused/sandbox.h"

#include <cap-ng.h>
#include <cerrno>
#include <cstring>
#include <linux/capability.h>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <vector>

namespace dormouse::daemon {
namespace {

constexpr unsigned kKept[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE, CAP_DAC_OVERRIDE};

// Names, because libseccomp knows which of them this processor's kernel has.
constexpr const char* kRefused[] = {
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "perf_event_open",
    // what is where
    "mount", "umount", "umount2", "mount_setattr", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "open_tree",
    "pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "quotactl", "quotactl_fd",
    "mknod", "mknodat", "swapon", "swapoff", "acct", "vhangup", "fanotify_init",
    // the kernel itself
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "bpf", "userfaultfd",
    "add_key", "request_key", "keyctl", "syslog", "sethostname", "setdomainname", "personality", "lookup_dcookie",
    "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl",
    // clocks and hardware
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex", "stime", "iopl",
    "ioperm", "pciconfig_read", "pciconfig_write", "pciconfig_iobase", "modify_ldt",
    // who it is
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups",
    "capset"};

std::unexpected<Failure> refused(const char* what, int error) {
  return failure(std::string("sandbox: ") + what + ": " + std::strerror(error) + "; --no-sandbox starts without one");
}

bool bounded_already() {
  for (unsigned c = 0; c <= CAP_LAST_CAP; ++c) {
    bool kept = false;
    for (const auto k : kKept) kept = kept || k == c;
    if (!kept && (capng_have_capability(CAPNG_BOUNDING_SET, c) != 0 || capng_have_capability(CAPNG_PERMITTED, c) != 0))
      return false;
  }
  return true;
}

Outcome<void> drop_capabilities() {
  if (capng_get_caps_process() != 0) return refused("read capabilities", errno);
  // A service manager that did all this may have taken the right to do it away, too.
  if (bounded_already()) return {};
  // What nft shall inherit it inherits on: a daemon that is not root's was given it that way.
  struct Had {
    unsigned capability;
    bool mine, passed_on;
  };
  std::vector<Had> had;
  for (const auto c : kKept)
    had.push_back(
        {c, capng_have_capability(CAPNG_PERMITTED, c) != 0, capng_have_capability(CAPNG_INHERITABLE, c) != 0});
  const bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  capng_clear(CAPNG_SELECT_BOTH);
  for (const auto& h : had) {
    if (h.mine)
      capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET),
                   h.capability);
    if (h.passed_on) capng_update(CAPNG_ADD, CAPNG_INHERITABLE, h.capability);
  }
  if (may_bound && capng_apply(CAPNG_SELECT_BOUNDS) != 0) return refused("bound capabilities", errno);
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) return refused("drop capabilities", errno);
  return {};
}

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

Outcome<void> refuse_calls() {
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return refused("filter of system calls", ENOMEM);
  for (const char* name : kRefused) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR) continue;  // an older libseccomp, or a call of another processor
    const int rc = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
    if (rc < 0 && rc != -EDOM) return refused(name, -rc);
  }
  // New namespaces have this way in as well. clone3 hides its flags from filters; the C library asks clone next.
  constexpr scmp_datum_t kNew[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWNET,   CLONE_NEWPID,
                                   CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
  for (const auto flag : kNew) {
    const int rc = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                    SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
    if (rc < 0) return refused("clone", -rc);
  }
  if (const int rc = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0); rc < 0 && rc != -EDOM)
    return refused("clone3", -rc);
  if (const int rc = seccomp_load(filter.get()); rc < 0) return refused("filter of system calls", -rc);
  return {};
}

}  // namespace

Outcome<void> enter_sandbox() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("no new privileges", errno);
  TRY(drop_capabilities());
  return refuse_calls();
}

}  // namespace dormouse::daemon
