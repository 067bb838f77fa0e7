"""Who may include whom: the table of the house, as data. tools/check_includes enforces it.

A folder is a path below src/. `may` names folders (or single files) of ours; `libs` are prefixes of third-party headers;
`os` says whether system headers (sockets, threads, clocks, files) are allowed. Tests may include everything, so
*_test.cc files and the folders named testing are held only to what exists.
"""

# Standard headers that reach the outside world or another thread. The core is pure: what it needs of these, it is handed.
IMPURE_STD = {
    "thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "latch", "barrier", "stop_token",
    "iostream", "fstream", "filesystem", "syncstream", "random", "ctime", "csignal", "cstdio", "print",
}

# The rest of the standard library is everybody's.
PURE_STD = {
    "algorithm", "any", "array", "atomic", "bit", "bitset", "cassert", "cctype", "cerrno", "cfloat", "charconv", "chrono",
    "cinttypes", "climits", "cmath", "compare", "concepts", "coroutine", "cstddef", "cstdint", "cstdlib", "cstring",
    "deque", "exception", "expected", "format", "forward_list", "functional", "initializer_list", "iomanip", "ios",
    "iosfwd", "istream", "iterator", "limits", "list", "locale", "map", "memory", "memory_resource", "new", "numbers",
    "numeric", "optional", "ostream", "queue", "ranges", "ratio", "regex", "scoped_allocator", "set", "source_location",
    "span", "sstream", "stack", "stdexcept", "streambuf", "string", "string_view", "strstream", "system_error", "tuple",
    "type_traits", "typeindex", "typeinfo", "unordered_map", "unordered_set", "utility", "valarray", "variant", "vector",
    "version",
}


class Room:
    """What one folder may include beside itself and the pure standard library."""

    def __init__(self, may=(), libs=(), os=False):
        self.may, self.libs, self.os = tuple(may), tuple(libs), os


CORE = {
    "base": Room(),
    "wire": Room(["base"]),
    "crypto": Room(["base"]),
    "ike": Room(["base", "wire", "crypto"]),
    # Of the wire format a packet transform needs the ESP header alone.
    "esp": Room(["base", "crypto", "wire/esp_header.h"]),
    "config/model": Room(["base"]),
    "config/lang": Room(["base"]),
    "config/schema": Room(["base", "config/lang"]),
    "config/load": Room(["base", "config/lang", "config/schema", "config/model"]),
    # Reads the header of a datagram to find the SA it belongs to; everything else of the wire is ike's.
    "tunnel": Room(["base", "wire", "crypto", "ike", "esp", "config/model"]),
}

# Adapters: base, the interface they implement, the values they carry out, one outside library; never another adapter,
# but for device_socket, which two of them share.
ADAPTERS = {
    "crypto/openssl": Room(["base", "crypto"], ["openssl/"], os=True),
    "crypto/ipsecmb": Room(["base", "crypto"], ["intel-ipsec-mb.h"], os=True),
    # Chooses the engines, so it is the one place that knows them all.
    "crypto/engine": Room(["base", "crypto", "crypto/openssl", "crypto/ipsecmb"], os=True),
    "crypto/testing": Room(["base", "crypto"]),
    "adapters/device_socket": Room(["base"], [], os=True),
    "adapters/loop": Room(["base", "adapters/device_socket"], ["systemd/"], os=True),
    "adapters/logind": Room(["base"], ["systemd/"], os=True),
    "adapters/logind/testing": Room([], ["systemd/"], os=True),
    "adapters/control": Room(["base"], ["nlohmann/", "fmt/"], os=True),
    "adapters/netlink": Room(["base", "config/model"], ["libmnl/", "fmt/"], os=True),
    "adapters/nft": Room(["base", "config/model"], ["nlohmann/", "fmt/"], os=True),
    "adapters/snmp": Room(["base", "config/model"], ["net-snmp/", "fmt/"], os=True),
    "adapters/log": Room(["base"], ["systemd/", "fmt/"], os=True),
    "adapters/store": Room(["base", "tunnel/session_store.h"], ["sqlite3.h"], os=True),
    # The other back end has the same outer sockets, and talks to the kernel as netlink does.
    "adapters/dataplane_xfrm": Room(["base", "crypto", "esp", "wire/esp_header.h", "adapters/dataplane_tun/clock.h",
                                     "adapters/dataplane_tun/outer_sockets.h", "adapters/dataplane_tun/reports.h", "adapters/dataplane_tun/fd.h",
                                     "adapters/netlink/channel.h", "adapters/netlink/message.h"], ["libmnl/"], os=True),
    "adapters/dataplane_tun": Room(["base", "crypto", "esp", "wire/esp_header.h", "adapters/device_socket"], ["fmt/"], os=True),
}

# Programs are the only place where objects meet.
PROGRAM_LIBS = ["systemd/", "fmt/", "nlohmann/", "histedit.h", "seccomp.h", "cap-ng.h", "openssl/", "benchmark/"]

# Headers of the C library and the kernel, for the folders whose room has os=True.
OS_PREFIXES = ("sys/", "net/", "netinet/", "netpacket/", "arpa/", "linux/", "asm/", "bits/")
OS_HEADERS = {
    "byteswap.h", "dirent.h", "dlfcn.h", "endian.h", "errno.h", "fcntl.h", "getopt.h", "glob.h", "grp.h", "ifaddrs.h",
    "immintrin.h", "limits.h", "locale.h", "netdb.h", "poll.h", "pthread.h", "pty.h", "pwd.h", "sched.h", "signal.h",
    "spawn.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "syslog.h", "termios.h", "time.h", "unistd.h", "wchar.h",
    "x86intrin.h",
}


def rooms():
    """Every folder with a rule, deepest path first so that the longest match wins."""
    table = {**CORE, **ADAPTERS}
    return dict(sorted(table.items(), key=lambda item: -item[0].count("/")))
