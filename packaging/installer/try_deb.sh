#!/usr/bin/env bash
# Installs the package in a bare Debian 12, uses it as an ordinary user without network, and uninstalls it.
#
#     sudo packaging/installer/try_deb.sh dist/mumath-tutor_*.deb MODEL.gguf [ROOT]
#
# The root is made of Debian's packages by mmdebstrap (apt-get install mmdebstrap) and has no compiler and no Python;
# ROOT names a folder to keep it in for the next time. Prints what was tried; any failure ends it.
set -euo pipefail

deb=$(realpath "$1") model=$(realpath "$2") root=${3:-$(mktemp -d)/root}
. "$(dirname "$(realpath "$0")")/bare_root.sh"

make_root
cp "$deb" "$root/root/tutor.deb"
inside net root "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends /root/tutor.deb xvfb xauth >/root/apt.log 2>&1" ||
    { tail -20 "$root/root/apt.log"; exit 1; }
size=$(du -sm --apparent-size "$root/usr/lib/mumath-tutor" | cut -f1)
echo "installed: $size MiB"
[ "$size" -le 334 ] || { echo "FAILED: more than 350 MB"; exit 1; }
give_model "$model"
use tutor

inside no-net student "cd; mkdir -p ro; chmod 555 ro; HOME=\$HOME/ro tutor solve --offline --model model.gguf 'Use Python to compute 12*12.' > out 2>&1" ||
    { echo "FAILED: a home that cannot be written"; cat "$root/home/student/out"; exit 1; }
said "cannot be written"
said "144"
echo "solved in a home that cannot be written, and said what that means"

inside no-net root "DEBIAN_FRONTEND=noninteractive apt-get purge -qq -y mumath-tutor >/root/apt.log 2>&1"
left=$(find "$root/usr" "$root/etc" "$root/var" -path '*mumath*' | head)
[ -z "$left" ] || { echo "FAILED: left behind: $left"; exit 1; }
[ ! -e "$root/usr/bin/tutor" ]
echo "uninstalled without a trace; the student's folder is untouched"
