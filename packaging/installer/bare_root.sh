# A bare Debian 12 for try_deb.sh and try_appimage.sh, which source this: no compiler, no Python, an ordinary user.
#
# Needs root, and mmdebstrap where there is no root yet. Sets nothing but functions; $root is the caller's.

make_root() { # make_root [PACKAGE...]: Debian's smallest, with packages
    if [ ! -d "$root/usr" ]; then
        mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$root"
    fi
    command -v unshare >/dev/null
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    for tool in python3 gcc cc make cmake; do
        ! inside no-net root "command -v $tool" || { echo "FAILED: the root has $tool"; exit 1; }
    done
    echo "a bare Debian $(cat "$root/etc/debian_version"): no Python, no compiler"
    if [ $# -gt 0 ]; then
        inside net root "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $* >/root/apt.log 2>&1" ||
            { tail -20 "$root/root/apt.log"; exit 1; }
    fi
    inside no-net root "id student >/dev/null 2>&1 || useradd -m student"
    mkdir -p "$root/home/student"
}

# A process and network space of its own: what is started in it ends with it, and reaches nobody.
inside() { # inside net|no-net|no-fuse USER COMMAND
    local net=$1 user=$2 space=(--mount --pid --fork)
    shift 2
    [ "$net" = net ] || space+=(--net)
    unshare "${space[@]}" sh -c '
        root=$1 net=$2 user=$3; shift 3
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        # A desktop lets everybody mount by FUSE; a file that is no device stands for a computer without it.
        rm -f "$root/fuse"
        if [ "$net" = no-fuse ]; then : >"$root/fuse"; else mknod -m 666 "$root/fuse" c 10 229; fi
        [ ! -e "$root/dev/fuse" ] || mount --bind "$root/fuse" "$root/dev/fuse"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        cd /
        exec chroot "$root" su -s /bin/sh "$user" -c "$*"
    ' sh "$root" "$net" "$user" "$@"
}

said() { # said WORD: the last output holds it
    grep -q -- "$1" "$root/home/student/out" || { echo "FAILED: no \"$1\" in:"; cat "$root/home/student/out"; exit 1; }
}

student() { # student COMMAND: as the user in his folder, without network; what it says is in out
    inside "${space:-no-net}" student "cd; $* > out 2>&1" || { echo "FAILED: $*"; cat "$root/home/student/out"; exit 1; }
}

give_model() { # give_model FILE: where the user may read it
    cp "$1" "$root/home/student/model.gguf"
    chmod 644 "$root/home/student/model.gguf"
}

use() { # use COMMAND: a lesson with the program, as the user
    local tutor=$1
    student "$tutor --version"
    said "tutor 0"
    student "$tutor models import model.gguf"
    inside "${space:-no-net}" student "cd; $tutor doctor > out 2>&1" || true # without a display and a network it has something to say
    grep -E "engine|processor|sandbox" "$root/home/student/out"
    student "$tutor solve --offline 'Use Python to compute the sum of the first 100 positive integers.'"
    said "5050"
    echo "solved with the model, code confined"
    student "printf 'for i in range(3):\n    j = i*i\nprint(j)\n' > s.py; $tutor step s.py --table"
    said "j"
    student "rm -f solution.pdf; $tutor export latest --to pdf -o solution.pdf; head -c 5 solution.pdf"
    said "%PDF-"
    echo "stepped and exported as PDF: $(stat -c %s "$root/home/student/solution.pdf") bytes"
    student "xvfb-run -a timeout 25 $tutor || [ \$? = 124 ]; tail -1 .local/state/mumath-tutor/log/tutor.log 2>/dev/null || true"
    echo "the window stood for 25 seconds under Xvfb"
}
