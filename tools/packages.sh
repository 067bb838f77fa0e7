# shellcheck shell=bash
# What ./dev needs from Debian, in groups, and how it is installed. Sourced, not run.

packages_of() {
  case $1 in
  build)
    echo g++ cmake ninja-build pkg-config ccache libssl-dev libsystemd-dev libmnl-dev libsqlite3-dev libsnmp-dev \
      libedit-dev libfmt-dev nlohmann-json3-dev libseccomp-dev libcap-ng-dev
    # The fast cipher engine exists for x86-64 alone; elsewhere OpenSSL does all of it.
    if [ "$(dpkg --print-architecture)" = amd64 ]; then echo libipsec-mb-dev; fi
    ;;
  run) echo nftables iproute2 iputils-ping procps python3 ;;
  test)
    echo libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev snmp snmptrapd iperf3 binutils dbus-daemon mandoc openssl \
      python3-cryptography strongswan-charon strongswan-swanctl libcharon-extra-plugins libstrongswan-extra-plugins \
      libstrongswan-standard-plugins tshark
    ;;
  bench) echo wireguard-go wireguard-tools ;;
  dev) echo clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev ;;
  package) echo dpkg-dev debhelper ;;
  chroot) echo mmdebstrap ;;
  lab) echo mmdebstrap xz-utils gcc make flex bison bc util-linux ;;
  all) for group in build run test bench dev; do packages_of "$group"; done ;;
  *) return 1 ;;
  esac
}

# missing_of PACKAGE...: those not installed, one a line.
missing_of() {
  local have
  have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')
  printf '%s\n' "$@" | grep -vxF -f <(printf '%s\n' "$have")
}

# install_groups GROUP...: quick when all is there, else apt-get as root.
install_groups() {
  local group wanted=() missing
  for group in "$@"; do
    packages_of "$group" >/dev/null || fail_usage "no such group of packages: $group (build run test bench dev package lab all)"
  done
  command -v dpkg-query >/dev/null ||
    fail "this is not Debian: install by hand what tools/packages.sh names, then use cmake --preset release"
  for group in "$@"; do mapfile -t -O ${#wanted[@]} wanted < <(packages_of "$group" | tr ' ' '\n'); done
  mapfile -t missing < <(missing_of "${wanted[@]}")
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || fail "these Debian packages are missing, and installing them needs root:
     apt-get install ${missing[*]}"
  say "installing ${#missing[@]} packages: ${missing[*]}"
  install_packages "${missing[@]}"
}

# Some of the packages start a service when they are installed (strongSwan, snmptrapd). Dormouse wants their programs
# alone, so services are told not to start for as long as the installation lasts.
install_packages() {
  local log rc=0 shim=/usr/sbin/policy-rc.d
  log=$(mktemp)
  if [ ! -e $shim ]; then
    printf '#!/bin/sh\n# Made by ./dev while it installs packages.\nexit 101\n' >$shim && chmod 755 $shim
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
  else
    shim=
  fi
  apt_install "$@" >"$log" 2>&1 || { apt-get update >>"$log" 2>&1 && apt_install "$@" >>"$log" 2>&1; } || rc=1
  if [ -n "$shim" ]; then
    rm -f "$shim"
    trap - EXIT INT TERM
  fi
  if [ $rc -ne 0 ]; then
    tail -25 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install the packages; Dormouse is built and tested on Debian 12 and 13"
  fi
  rm -f "$log"
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=120 "$@" </dev/null
}
