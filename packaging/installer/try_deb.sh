#!/usr/bin/env bash
# Installs the package in a bare Debian 12, uses it as an ordinary user without network, and uninstalls it.
#
#     sudo packaging/installer/try_deb.sh dist/mumath-tutor_*.deb MODEL.gguf [ROOT]
#
# The root is made of Debian's packages by mmdebstrap (apt-get install mmdebstrap) and has no compiler and no Python;
# ROOT names a folder to keep it in for the next time. Prints what was tried; any failure ends it.
set -euo pipefail

deb=$(realpath "$1") model=$(realpath "$2") root=${3:-$(mktemp -d)/root}

if [ ! -d "$root/usr" ]; then
    mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$root"
fi
command -v unshare >/dev/null

# A process and network space of its own: what is started in it ends with it, and reaches nobody.
inside() { # inside net|no-net USER COMMAND
    local net=$1 user=$2 space=(--mount --pid --fork)
    shift 2
    [ "$net" = net ] || space+=(--net)
    unshare "${space[@]}" sh -c '
        root=$1 user=$2; shift 2
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        cd /
        exec chroot "$root" su -s /bin/sh "$user" -c "$*"
    ' sh "$root" "$user" "$@"
}
said() { # said WORD: the last output holds it
    grep -q -- "$1" "$root/home/student/out" || { echo "FAILED: no \"$1\" in:"; cat "$root/home/student/out"; exit 1; }
}

cp /etc/resolv.conf "$root/etc/resolv.conf"
for tool in python3 gcc cc make cmake; do
    ! inside no-net root "command -v $tool" || { echo "FAILED: the root has $tool"; exit 1; }
done
echo "a bare Debian $(cat "$root/etc/debian_version"): no Python, no compiler"

cp "$deb" "$root/root/tutor.deb"
inside net root "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends /root/tutor.deb xvfb xauth >/root/apt.log 2>&1" ||
    { tail -20 "$root/root/apt.log"; exit 1; }
echo "installed: $(du -sm "$root/usr/lib/mumath-tutor" | cut -f1) MB"
inside no-net root "id student >/dev/null 2>&1 || useradd -m student"
mkdir -p "$root/home/student"
cp "$model" "$root/home/student/model.gguf"
chmod 644 "$root/home/student/model.gguf"

student() { inside no-net student "cd; $* > out 2>&1" || { echo "FAILED: $*"; cat "$root/home/student/out"; exit 1; }; }
student "tutor --version"
said "tutor 0"
student "tutor models import model.gguf"
inside no-net student "cd; tutor doctor > out 2>&1" || true # without a display and a network it has something to say
grep -E "engine|processor|sandbox" "$root/home/student/out"
student "tutor solve --offline 'Use Python to compute the sum of the first 100 positive integers.'"
said "5050"
echo "solved with the model, code confined"
student "printf 'for i in range(3):\n    j = i*i\nprint(j)\n' > s.py; tutor step s.py --table"
said "j"
student "tutor export latest --to pdf -o solution.pdf; head -c 5 solution.pdf"
said "%PDF-"
echo "stepped and exported as PDF: $(stat -c %s "$root/home/student/solution.pdf") bytes"
student "xvfb-run -a timeout 25 tutor || [ \$? = 124 ]; tail -1 .local/state/mumath-tutor/log/tutor.log 2>/dev/null || true"
echo "the window stood for 25 seconds under Xvfb"

inside no-net root "DEBIAN_FRONTEND=noninteractive apt-get purge -qq -y mumath-tutor >/root/apt.log 2>&1"
left=$(find "$root/usr" -path '*mumath*' | head)
[ -z "$left" ] || { echo "FAILED: left behind: $left"; exit 1; }
[ ! -e "$root/usr/bin/tutor" ]
echo "uninstalled without a trace; the student's folder is untouched"
