#!/usr/bin/env bash
# Makes "dist/MuMath Tutor.dmg". Not yet run: it was written without a Mac.
#
#     packaging/installer/macos/build.sh            # unsigned, to try it out
#     IDENTITY="Developer ID Application: NAME (TEAM)" PROFILE=notary packaging/installer/macos/build.sh
#
# PROFILE names what `xcrun notarytool store-credentials` has kept. The interpreter is python-build-standalone's, which
# uv fetches; it can be moved, and stays a program of its own, because the sandbox and the engine start it.
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$(python3 -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
app="build/MuMath Tutor.app" here=packaging/installer/macos
rm -rf "$app" build/python
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"
uv python install --install-dir build/python 3.11
cp -R build/python/cpython-3.11*/. "$app/Contents/Resources/python"
python="$app/Contents/Resources/python/bin/python3.11"
# Metal is on by default on a Mac; the options of requirements.txt keep it able to run on every one.
"$python" -m pip install -c packaging/constraints.txt -r packaging/requirements.txt .
# The program itself lies beside its resources; a line of a .pth file is relative to its own folder.
"$python" -m pip uninstall -q -y mumath-tutor
echo ../../../.. >"$app/Contents/Resources/python/lib/python3.11/site-packages/mumath-tutor.pth"
cp -R tutor_app resources LICENSE "$app/Contents/Resources/"
sed "s/@VERSION@/$version/" "$here/Info.plist" >"$app/Contents/Info.plist"
cat >"$app/Contents/MacOS/tutor" <<'RUN'
#!/bin/sh
resources=$(cd "$(dirname "$0")/../Resources" && pwd)
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP
exec "$resources/python/bin/python3.11" -P -m tutor_app "$@"
RUN
chmod +x "$app/Contents/MacOS/tutor"
# What Linux's bundle leaves out, too; then compiled, because nobody may write into a signed program.
"$python" packaging/installer/bundle.py "$app" "$app/Contents/Resources/python/lib/python3.11/site-packages"
"$python" -m compileall -q --invalidation-mode unchecked-hash "$app/Contents/Resources" || true
if [ -n "${IDENTITY:-}" ]; then
    # From the inside out: every library and program, then the whole.
    find "$app" -type f \( -name '*.so' -o -name '*.dylib' -o -perm -111 \) -print0 |
        xargs -0 codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" --sign "$IDENTITY"
    codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" --sign "$IDENTITY" "$app"
fi
mkdir -p dist
hdiutil create -volname "MuMath Tutor" -srcfolder "$app" -ov -format UDZO "dist/MuMath Tutor.dmg"
if [ -n "${PROFILE:-}" ]; then
    xcrun notarytool submit "dist/MuMath Tutor.dmg" --keychain-profile "$PROFILE" --wait
    xcrun stapler staple "dist/MuMath Tutor.dmg"
fi
