#!/usr/bin/env bash
# Uses the AppImage in a bare Debian 12 as an ordinary user without network: mounted by FUSE, and where there is none.
#
#     sudo packaging/installer/try_appimage.sh dist/mumath-tutor-*.AppImage MODEL.gguf [ROOT]
#
# The root has no compiler and no Python, but what every desktop has (appimage.py names it) and fuse3; ROOT names a folder
# to keep it in for the next time. Prints what was tried; any failure ends it.
set -euo pipefail

image=$(realpath "$1") model=$(realpath "$2") root=${3:-$(mktemp -d)/root}
. "$(dirname "$(realpath "$0")")/bare_root.sh"

desktop="libegl1 libgl1 libopengl0 libfontconfig1 libglib2.0-0 libdbus-1-3 libx11-xcb1 libwayland-client0 libwayland-cursor0"
desktop+=" libwayland-egl1 libstdc++6 libexpat1 fonts-dejavu-core"
make_root xvfb xauth fuse3 $desktop
cp "$image" "$root/home/student/tutor.AppImage"
chmod 755 "$root/home/student/tutor.AppImage"
give_model "$model"

if [ -c /dev/fuse ]; then
    use ./tutor.AppImage
    echo "mounted by FUSE"
else
    echo "SKIPPED: there is no /dev/fuse here"
fi

space=no-fuse
student "./tutor.AppImage --version"
said "cannot mount the program (FUSE is missing), so it is unpacked"
said "tutor 0"
echo "without FUSE: $(grep -m1 "cannot mount" "$root/home/student/out")"
student "./tutor.AppImage --appimage-extract-and-run solve --offline 'Use Python to compute the sum of the first 100 positive integers.'"
said "5050"
student "rm -f solution.pdf; APPIMAGE_EXTRACT_AND_RUN=1 ./tutor.AppImage export latest --to pdf -o solution.pdf; head -c 5 solution.pdf"
said "%PDF-"
echo "unpacked where there is no FUSE: solved and exported as PDF"
