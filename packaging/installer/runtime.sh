#!/usr/bin/env bash
# Builds AppImage's static runtime from its public source, for deb.py --appimage --runtime FILE.
#
#     packaging/installer/runtime.sh FILE [REPOSITORIES]
#
# FILE is where to put it. REPOSITORIES is a folder with repositories of git that were fetched before, named as below;
# without it they are fetched. What is built is named by the hash of a commit, so that it cannot be another. Needs on
# Debian 12: git patch gcc meson ninja-build autoconf automake libtool pkg-config libzstd-dev zlib1g-dev.
set -euo pipefail

file=$(realpath -m "$1") repositories=${2:+$(realpath "$2")}
here=$(dirname "$(realpath "$0")")
sources=(
    "type2-runtime https://github.com/AppImage/type2-runtime caf24f9f712084686bfc24a70b75e50df0aefb9c"
    "libfuse https://github.com/libfuse/libfuse 6d08472ea47db895748d5ca7d3daf032c3fefcf8"       # 3.15.0
    "squashfuse https://github.com/vasi/squashfuse 437925319ac150108af4130307f08924eb515cb2"    # 0.6.2
)
for tool in git patch gcc meson ninja autoreconf libtoolize pkg-config; do
    command -v "$tool" >/dev/null || { echo "$tool is missing; the head of $0 names what is needed." >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for source in "${sources[@]}"; do
    read -r name address commit <<<"$source"
    mkdir "$work/$name"
    if [ -n "$repositories" ]; then
        repository=$repositories/$name
    else
        repository=$work/$name.git
        git init -q --bare "$repository"
        git -C "$repository" fetch -q --depth 1 "$address" "$commit"
    fi
    git -C "$repository" archive "$commit" | tar -x -C "$work/$name"
done

built=$work/built
export CFLAGS="-Os -ffunction-sections -fdata-sections -fPIE" PKG_CONFIG_PATH=$built/lib/pkgconfig
said() { "$@" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }; }

cd "$work/libfuse"
patch -s -p1 <"$work/type2-runtime/patches/libfuse/mount.c.diff" # takes the fusermount that the runtime has found
said meson setup build --prefix="$built" --libdir=lib --default-library=static -Dutils=false -Dexamples=false -Dtests=false
said ninja -C build install

cd "$work/squashfuse"
said ./autogen.sh
said ./configure --prefix="$built" --disable-shared --disable-demo --disable-high-level --without-xz --without-lzo --without-lz4
said make
said make install
cp ./*.h "$built/include/squashfuse/"

cd "$work/type2-runtime"
patch -s -p1 <"$here/linux/runtime.patch" # where it cannot be mounted, it is unpacked and started all the same
cd src/runtime
said gcc -std=gnu99 $CFLAGS -D_FILE_OFFSET_BITS=64 -DGIT_COMMIT="\"caf24f9\"" -T data_sections.ld \
    -Wl,--gc-sections -static-pie -I"$built/include" -I"$built/include/squashfuse" -I"$built/include/fuse3" runtime.c \
    -L"$built/lib" -lsquashfuse_ll -lsquashfuse -lsquashfuse_ll -lfuse3 -lzstd -lz -lpthread -o "$work/runtime"
strip "$work/runtime"
printf 'AI\002' | dd of="$work/runtime" bs=1 seek=8 conv=notrunc status=none # after strip, which would undo it
mkdir -p "$(dirname "$file")"
install -m 755 "$work/runtime" "$file"
echo "$file: $(stat -c %s "$file") bytes, sha256 $(sha256sum "$file" | cut -c1-16)"
