# shellcheck shell=bash disable=SC2034
# What the guest is made of. Sourced, not run.

SUITE=trixie

# What Dormouse itself needs at run time beside its libraries, which come with it; the tests' interpreter; tools.
PACKAGES=(
  nftables iproute2 iputils-ping procps python3 snmptrapd
  iptables conntrack tcpdump strace openssl kmod
  # what Dormouse's own package depends on beside these
  libedit2 libfmt10 libipsec-mb2 libmnl0 libseccomp2 libsnmp40t64 libsqlite3-0 systemd
  # strongSwan, whole
  strongswan-swanctl charon-systemd strongswan-pki libcharon-extra-plugins libcharon-extauth-plugins
  libstrongswan-extra-plugins libstrongswan-standard-plugins
  # what the peers unpacked below depend on
  libnss3-tools libcap-ng0 libcurl3t64-gnutls libldap2 libldns3t64 libunbound8 libevent-2.1-7t64
  libevent-core-2.1-7t64 libevent-pthreads-2.1-7t64 libaudit1 libselinux1 libpam0g libssl3t64 libsystemd0
)

# IKE daemons that Debian lets nobody install side by side: unpacked, not installed. strongswan-starter stays away, since
# /usr/sbin/ipsec is libreswan's here; but for that no two of them have a file in common.
UNPACKED=(libreswan openiked strongswan-charon)

# A strongSwan with ML-KEM, in a root of its own (make-newest).
NEWEST_SUITE=sid
NEWEST=(strongswan-charon strongswan-swanctl libstrongswan-standard-plugins libstrongswan-extra-plugins)
