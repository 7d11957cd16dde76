#!/bin/sh
# Install the real parts that the system tests use: as root on Debian; elsewhere it says so and does
# nothing. Quick when everything is there. The machine's package sources stay as they are: what must be
# newer than the release has it (a Prometheus that reads created timestamps, Alertmanager and Compose in
# the versions of docker-compose.yml) comes from sid, through package lists kept apart, from the mirror
# that the machine already uses; it is unpacked into a cache, not installed. Kafka is no package: Maven
# fetches its jars, from wherever the machine's own settings say that Maven Central is.
set -eu

PARTS=${KNOCKWATCH_TEST_PARTS:-${XDG_CACHE_HOME:-$HOME/.cache}/knockwatch-test-parts}
PACKAGES="rsyslog logrotate rsyslog-gnutls rsyslog-openssl bsdutils busybox ulogd2 miniupnpd-nftables miniupnpc dnsmasq-base conntrack iproute2 nftables chromium fonts-noto-cjk lsof net-tools curl docker.io debootstrap systemd libfaketime e2fsprogs"
command -v npm >/dev/null || PACKAGES="$PACKAGES nodejs npm" # some machines have their own
command -v mvn >/dev/null || PACKAGES="$PACKAGES maven"
command -v java >/dev/null || PACKAGES="$PACKAGES default-jre-headless" # 17 or newer since Debian 12
FROM_SID="prometheus promtool prometheus-alertmanager docker-compose victoria-metrics"
PROGRAMS="bin/prometheus bin/promtool bin/prometheus-alertmanager bin/amtool libexec/docker/cli-plugins/docker-compose bin/victoria-metrics"
# The rules of accessibility that the page is tried by: a script for the browser of the tests, never part of the page.
AXE=4.14.1
AXE_SHA512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
KAFKA=4.4.0
KAFKA_SHA512=bf4a5270f6aba52d3010270885ef218160995342bf345b4e9b19b981552979638afd25c6bc126f3079b207d431830afa4a9e09d72bba047475d6c2e09239048a # of the list of its jars' own
MAVEN_DEPENDENCIES=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
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

complete() { # is everything from sid unpacked?
    for program in $PROGRAMS; do
        [ -x "$PARTS/sid/usr/$program" ] || return 1
    done
}

from_sid() { # unpack the named packages into $PARTS/sid
    uri=$(mirror)
    [ -n "$uri" ] || { say "no Debian mirror among apt's sources: cannot get $*"; return 1; }
    apt=$PARTS/apt
    rm -rf "$apt" "$PARTS/sid.new"
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
    rm -rf "$PARTS/sid"
    mv "$PARTS/sid.new" "$PARTS/sid" # what is half unpacked never carries the name
    rm -rf "$apt"
}

syslog_ng() { # unpack it into $PARTS/syslog-ng, with the libraries that are missing: where rsyslog is, it cannot be installed
    new=$PARTS/syslog-ng.new
    rm -rf "$new" "$PARTS/syslog-ng"
    mkdir -p "$new"
    needed=syslog-ng-core
    for library in $(apt-cache depends --important syslog-ng-core | awk '$1 == "Depends:" && $2 ~ /^lib/ { print $2 }'); do
        dpkg-query --show --showformat '${db:Status-Status}\n' "$library" 2>/dev/null |
            grep -q '^installed$' || needed="$needed $library"
    done
    (cd "$new" && apt-get -qq -o APT::Sandbox::User=root download $needed) || return 1
    for package in "$new"/*.deb; do
        dpkg -x "$package" "$new" || return 1
        rm "$package"
    done
    mv "$new" "$PARTS/syslog-ng"
}

trixie() { # a small Debian 13 with Python 3.13 in $PARTS/trixie: what the images of the tests are made of
    uri=$(mirror)
    rm -rf "$PARTS/trixie.new" "$PARTS/trixie"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates,tzdata,busybox-static \
        trixie "$PARTS/trixie.new" "$uri" >"$PARTS/debootstrap.log" 2>&1 || return 1
    for waste in usr/share/doc usr/share/man usr/share/locale var/cache/apt var/lib/apt/lists; do
        rm -rf "${PARTS:?}/trixie.new/$waste"
    done
    mv "$PARTS/trixie.new" "$PARTS/trixie"
}

axe() { # unpack axe-core, that very release, into $PARTS/axe-core-VERSION
    new=$PARTS/axe.new
    rm -rf "$new" "$PARTS"/axe-core-*
    mkdir -p "$new"
    (cd "$new" && npm pack --silent "axe-core@$AXE" >/dev/null &&
        echo "$AXE_SHA512  axe-core-$AXE.tgz" | sha512sum --check --status &&
        tar -xzf "axe-core-$AXE.tgz") || return 1
    mv "$new/package" "$PARTS/axe-core-$AXE"
    rm -rf "$new"
}

kafka() { # with all that it needs, those very jars, into $PARTS/kafka-VERSION
    new=$PARTS/kafka.new
    rm -rf "$new" "$PARTS"/kafka-*
    mkdir -p "$new/jars"
    mvn --quiet --batch-mode --strict-checksums --file "$(dirname "$0")/kafka.pom.xml" \
        -Dmaven.repo.local="$new/repository" -Dkafka.version="$KAFKA" "$MAVEN_DEPENDENCIES:copy-dependencies" \
        -DincludeScope=runtime -DoutputDirectory="$new/jars" >"$PARTS/maven.log" 2>&1 || return 1
    sums=$(cd "$new/jars" && export LC_ALL=C && sha512sum ./*.jar | sha512sum)
    [ "$sums" = "$KAFKA_SHA512  -" ] || return 1
    mv "$new/jars" "$PARTS/kafka-$KAFKA"
    rm -rf "$new"
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
if ! complete; then
    say "unpacking into $PARTS, from sid: $FROM_SID"
    [ -n "$(mirror)" ] || apt-get -qq update
    from_sid $FROM_SID || say "not to be had: the tests that need them name them"
fi
# The one thing put outside: Debian's Alertmanager opens its own templates at a fixed place.
if complete && [ ! -e /usr/share/prometheus/alertmanager/default.tmpl ]; then
    mkdir -p /usr/share/prometheus
    ln -sfn "$PARTS/sid/usr/share/prometheus/alertmanager" /usr/share/prometheus/alertmanager
fi
if [ ! -d "$PARTS/syslog-ng" ]; then
    say "unpacking syslog-ng into $PARTS"
    [ -n "$(mirror)" ] || apt-get -qq update
    syslog_ng || say "not to be had: the tests that need it name it"
fi
if [ ! -d "$PARTS/trixie" ]; then
    say "making a Debian 13 in $PARTS"
    [ -n "$(mirror)" ] || apt-get -qq update
    trixie || say "not to be had: the tests that need it name it; see $PARTS/debootstrap.log"
fi
if [ ! -d "$PARTS/axe-core-$AXE" ]; then
    say "unpacking axe-core $AXE into $PARTS"
    axe || say "not to be had: the tests that need it name it"
fi
if [ ! -d "$PARTS/kafka-$KAFKA" ]; then
    say "fetching Kafka $KAFKA into $PARTS"
    kafka || say "not to be had: the tests that need it name it; see $PARTS/maven.log"
fi
say "$(rsyslogd -v | head -n 1)"
say "$(basename "$PARTS"/syslog-ng/usr/lib/syslog-ng/[0-9]*) is syslog-ng's version"
say "$(chromium --version 2>/dev/null)"
say "$("$PARTS/sid/usr/bin/prometheus" --version 2>&1 | head -n 1)"
say "$("$PARTS/sid/usr/bin/promtool" --version 2>&1 | head -n 1)"
say "$("$PARTS/sid/usr/bin/prometheus-alertmanager" --version 2>&1 | head -n 1)"
say "Docker Compose $("$PARTS/sid/usr/libexec/docker/cli-plugins/docker-compose" version --short 2>&1)"
say "Kafka $(basename "$PARTS"/kafka-[0-9]* | cut -d - -f 2) on $(java -version 2>&1 | head -n 1)"
say "$(dockerd --version 2>&1)"
