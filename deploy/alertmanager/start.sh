#!/bin/sh
# Write Alertmanager's configuration from the template and the secrets that are there, and start it.
#
#     start.sh [OPTION OF ALERTMANAGER]...
#     start.sh --dry-run      writes the configuration, prints where it is, and starts nothing
#
# What docs/notifications.md describes: KNOCKWATCH_LANGUAGE (en, ja), KNOCKWATCH_HOST, TZ, KNOCKWATCH_NIGHT,
# KNOCKWATCH_DIGEST, KNOCKWATCH_GROUP_WAIT, KNOCKWATCH_GROUP_INTERVAL. What a place without Docker differs in:
# KNOCKWATCH_SECRETS, ALERTMANAGER (the program), ALERTMANAGER_LISTEN, ALERTMANAGER_STORAGE, ALERTMANAGER_RUN
# (the folder to write into; what was in it before is removed).
#
# For any POSIX shell and awk: Alertmanager's image has busybox and nothing else.
set -eu
umask 077
export LC_ALL=C

say() { echo "knockwatch: $*" >&2; }
die() { say "$*"; exit 1; }

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
here=$(cd "$here" && pwd)
secrets=${KNOCKWATCH_SECRETS:-/run/secrets/knockwatch}
run=${ALERTMANAGER_RUN:-${TMPDIR:-/tmp}/knockwatch-alertmanager}
language=${KNOCKWATCH_LANGUAGE:-en}
zone=${TZ:-UTC}
night=22:00-07:00

[ -e "$here/templates/$language.tmpl" ] && [ "$language" != message ] ||
    die "KNOCKWATCH_LANGUAGE=$language is neither en nor ja"
# Where nobody said in which zone the home is, its night is not known: rather a message at night than none
# by day. `Local` is this computer's own zone, which a container does not know.
[ -n "${TZ:-}" ] || night=off
[ "$zone" != Local ] || unset TZ
[ "$zone" != Etc/UTC ] || zone=UTC # the one zone that needs no table
zones=${ZONEINFO:-/usr/share/zoneinfo}
[ "$zone" = UTC ] || [ "$zone" = Local ] || [ -f "$zones/$zone" ] ||
    die "TZ=$zone is not the name of a time zone (such as Asia/Tokyo): $zones has no such file"

files=
for file in "$secrets"/*; do
    name=${file##*/}
    case $name in README.md | *[!A-Za-z0-9._-]*) continue ;; esac # also what the pattern is when nothing matches
    [ -f "$file" ] || continue # Docker makes a folder where a file should be
    files="$files $name"
done

rm -rf "$run"
mkdir "$run" || die "cannot make the folder $run"
config=$run/alertmanager.yml
SECRETS=$secrets FILES=$files OUT=$run TEMPLATES=$here/templates LANGUAGE=$language ZONE=$zone \
    NIGHT=${KNOCKWATCH_NIGHT:-$night} DIGEST=${KNOCKWATCH_DIGEST:-sunday 09:00-10:00} \
    GROUP_WAIT=${KNOCKWATCH_GROUP_WAIT:-15s} GROUP_INTERVAL=${KNOCKWATCH_GROUP_INTERVAL:-5m} \
    awk -f "$here/configure.awk" <"$here/alertmanager.yml" >"$config"

if [ "${1:-}" = --dry-run ]; then
    echo "$config"
    exit
fi
[ -n "${KNOCKWATCH_NIGHT:-}" ] || [ "$night" != off ] || say "TZ is not set: warnings come at night too"
[ -n "$files" ] || say "no file in $secrets: alerts show on the wall, and reach no phone"
# Just started, it waits too: what silences an alert may arrive after it.
program=${ALERTMANAGER:-$(command -v alertmanager || command -v prometheus-alertmanager || echo alertmanager)}
exec "$program" --config.file="$config" --storage.path="${ALERTMANAGER_STORAGE:-/alertmanager}" \
    --web.listen-address="${ALERTMANAGER_LISTEN:-:9093}" --cluster.listen-address= \
    --web.external-url="http://${KNOCKWATCH_HOST:-localhost}:9093" \
    --dispatch.start-delay="${KNOCKWATCH_GROUP_WAIT:-15s}" --enable-feature=utf8-strict-mode "$@"
