#!/bin/sh
# Install the real parts that the system tests use: as root on Debian; elsewhere it says so and does
# nothing. Quick when everything is there. The machine's package sources stay as they are: a
# Prometheus that reads created timestamps (3.5 or newer) comes from sid, through package lists kept
# apart, from the mirror that the machine already uses; it is unpacked into a cache, not installed.
set -eu

PARTS=${KNOCKWATCH_TEST_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/knockwatch-test-parts}
PACKAGES="rsyslog ulogd2 iproute2 nftables chromium fonts-noto-cjk lsof net-tools"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

say() { echo "tests/system/install.sh: $*"; }

installed() { # are all of $PACKAGES?
    [ "$(dpkg-query --show --showformat '${db:Status-Status}\n' $PACKAGES 2>/dev/null |
        grep -c '^installed$')" -eq "$(echo $PACKAGES | wc -w)" ]
}

mirror() { # of the running release, as apt itself reads its sources
    . /etc/os-release
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk -v release="${VERSION_CODENAME:-sid}" '$1 == release && $2 == "main" { print $3; exit }'
}

from_sid() { # unpack the named packages into $PARTS/sid
    uri=$(mirror)
    [ -n "$uri" ] || { say "no Debian mirror among apt's sources: cannot get $*"; return 1; }
    apt=$PARTS/apt
    rm -rf "$apt" "$PARTS/sid.new" "$PARTS/sid"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    echo "deb [signed-by=$KEYRING] $uri sid main" >"$apt/sid.list"
    cat >"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sid.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
Acquire::Retries "3";
CONF
    (
        cd "$apt" && export APT_CONFIG="$apt/apt.conf" &&
            apt-get -qq update && apt-get -qq download "$@"
    ) || return 1
    for package in "$apt"/*.deb; do
        dpkg -x "$package" "$PARTS/sid.new" || return 1
    done
    mv "$PARTS/sid.new" "$PARTS/sid" # what is half unpacked never carries the name
    rm -rf "$apt"
}

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null || [ ! -e "$KEYRING" ]; then
    say "needs root on Debian with apt: nothing installed, tests that miss a part skip and name it"
    exit 0
fi
if ! installed; then
    say "installing: $PACKAGES"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install --yes \
        --no-install-recommends $PACKAGES >/dev/null
fi
if ! "$PARTS/sid/usr/bin/prometheus" --version >/dev/null 2>&1 ||
    ! "$PARTS/sid/usr/bin/promtool" --version >/dev/null 2>&1; then
    say "unpacking sid's prometheus and promtool into $PARTS"
    [ -n "$(mirror)" ] || apt-get -qq update
    from_sid prometheus promtool || say "not to be had: the tests that need them name them"
fi
say "$(rsyslogd -v | head -n 1)"
say "$(chromium --version 2>/dev/null)"
say "$("$PARTS/sid/usr/bin/prometheus" --version 2>&1 | head -n 1)"
say "$("$PARTS/sid/usr/bin/promtool" --version 2>&1 | head -n 1)"
