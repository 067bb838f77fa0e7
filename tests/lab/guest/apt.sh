# shellcheck shell=bash
# Debian's archive as this machine reaches it. Sourced, not run.

# The mirror that most of this machine's package lists come from.
mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    grep -v -- -security | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }'
}

# The settings of this machine's apt without which another Debian's packages could not be had either.
apt_settings() {
  apt-config dump | grep -E '^Acquire::(Check-|http|Retries)' || :
  echo 'APT::Install-Recommends "false";'
}
