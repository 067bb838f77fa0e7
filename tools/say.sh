# shellcheck shell=bash
# How ./dev speaks and how it gives up. Sourced, not run.

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }

fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

fail_usage() {
  printf 'dev: %s\n\n' "$*" >&2
  usage >&2
  exit 2
}

need_root() {
  [ "$(id -u)" = 0 ] || fail "$1, which needs root: run it as root, for example  sudo ./dev ${command:-}"
}

need_tun() {
  [ -c /dev/net/tun ] && return
  fail "/dev/net/tun is missing, so no tunnel interface can be made.
     On a machine of your own: modprobe tun
     In a container: start it with  --device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN"
}

need_tool() {
  command -v "$1" >/dev/null || fail "$1 is not installed: $2"
}
