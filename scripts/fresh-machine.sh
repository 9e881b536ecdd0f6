#!/usr/bin/env bash
# The first command of the README on a machine that has never seen this project: a clone of HEAD, an empty home, nothing
# installed, nothing cached. `make up`, the same picture twice (a miss, a hit), Ctrl-C, and no process is left.
#
#   scripts/fresh-machine.sh [--debian FOLDER [--bind PATH]...] [MAKE VARIABLE=VALUE]...
#
# --debian FOLDER   inside a minimal Debian with make and python3 and nothing else, which debootstrap puts there unless
#                   it is there already; needs root
# --bind PATH       what that Debian needs of this machine to reach a package index: certificates, pip.conf, wheels
#
# Needs git and curl here. REMATTE_PORT (8000) is the port that it serves on meanwhile.
set -euo pipefail

debian='' binds=() variables=()
while (($#)); do
    case $1 in
        --debian) debian=$2; shift 2 ;;
        --bind) binds+=("$2"); shift 2 ;;
        *=*) variables+=("$1"); shift ;;
        *) echo "$1: see the head of this file" >&2; exit 2 ;;
    esac
done

port=${REMATTE_PORT:-8000}
checkout=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
work=$(mktemp -d)
clone=${debian:-$work}/root/rematte
# Whatever process comes of this run inherits the mark.
mark=FRESH_MACHINE=$work

say() { printf '%5d s  %s\n' "$SECONDS" "$*"; }
fail() { say "FAILED: $*"; tail -n 30 "$work/output" >&2; exit 1; }
left() { grep -lsz "^$mark\$" /proc/[0-9]*/environ | cut -d/ -f3; }

cleanup() {
    for process in $(left); do kill -KILL "$process" 2>/dev/null || true; done
    if [[ $debian ]]; then
        for path in "${binds[@]}" /proc /dev; do umount "$debian$path" 2>/dev/null || true; done
    fi
    rm -rf "$clone" "$work"
}
trap cleanup EXIT

prepare_debian() {
    [[ -e $debian/usr/bin/make ]] || debootstrap --variant=minbase --include=make,python3 bookworm "$debian" >"$work/output"
    for path in /proc /dev "${binds[@]}"; do
        mkdir -p "$debian$(dirname "$path")"
        if [[ -d $path ]]; then mkdir -p "$debian$path"; else touch "$debian$path"; fi
        mount --bind "$path" "$debian$path"
    done
}

# Becomes `make up`, in a session of its own as in a terminal. A job in the background would ignore SIGINT.
make_up() {
    local enter=(env --unset=XDG_CACHE_HOME --unset=PIP_CACHE_DIR "HOME=$work/root") make=(make -C "$clone")
    if [[ $debian ]]; then
        enter=(chroot "$debian" /usr/bin/env -i HOME=/root PIP_NO_CACHE_DIR=1 PATH=/usr/sbin:/usr/bin:/sbin:/bin) make=(make -C /root/rematte)
    fi
    exec env --default-signal=INT setsid "${enter[@]}" "$mark" "REMATTE_PORT=$port" "${make[@]}" up "${variables[@]}" \
        >"$work/output" 2>&1 </dev/null
}

expect() {
    local type='Content-Type: image/x-portable-pixmap'
    curl -sS -o "$work/mask" -D "$work/head" -H "$type" --data-binary @"$work/picture" "http://127.0.0.1:$port/v1/mask"
    grep -qi "^cache-status: rematte; $1" "$work/head" || fail "no $2: $(head -n 1 "$work/head")"
    say "$2, $(stat -c %s "$work/mask") bytes"
}

mkdir "$work/root"
if [[ $debian ]]; then
    prepare_debian
    say "a minimal Debian in $debian"
fi
git clone --quiet "$checkout" "$clone"
make_up &
up=$!
until curl -sf -o /dev/null "http://127.0.0.1:$port/readyz"; do
    kill -0 "$up" 2>/dev/null || fail "make up has ended"
    sleep 0.5
done
say ready

{ printf 'P6 256 256 255\n' && head -c $((256 * 256 * 3)) /dev/urandom; } >"$work/picture"
expect 'fwd=miss' miss
expect hit hit

kill -INT -- "-$up"
wait "$up" || true
grep -q '^Stopped' "$work/output" || fail "it was not stopped in order"
[[ -z $(left) ]] || fail "left behind: $(ps -o pid=,args= -p "$(left | paste -sd,)")"
say "Ctrl-C, and nothing is left"
