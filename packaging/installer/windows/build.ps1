# Makes dist\mumath-tutor-VERSION.exe. Not yet run: it was written without Windows.
#
#     powershell packaging\installer\windows\build.ps1 [-Thumbprint HASH]
#
# Needs uv, Visual Studio's build tools (llama.cpp is built once) and Inno Setup 6. Thumbprint names the certificate
# in the user's store that signs the interpreter's launchers and the installer.
param([string]$Thumbprint = "")
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..\..\..")
$version = (Select-String -Path pyproject.toml -Pattern '^version = "(.+)"').Matches[0].Groups[1].Value
Remove-Item -Recurse -Force build\windows -ErrorAction SilentlyContinue
uv python install --install-dir build\windows\fetched 3.11
Move-Item (Get-ChildItem build\windows\fetched\cpython-3.11*)[0].FullName build\windows\python
Remove-Item -Recurse -Force build\windows\fetched
& build\windows\python\python.exe -m pip install -c packaging\constraints.txt -r packaging\requirements.txt .
if ($LASTEXITCODE) { throw "The packages could not be installed." }
# The program itself lies beside its resources; a line of a .pth file is relative to its own folder.
& build\windows\python\python.exe -m pip uninstall -q -y mumath-tutor
Set-Content -Encoding ascii build\windows\python\Lib\site-packages\mumath-tutor.pth "..\..\.."
Copy-Item -Recurse tutor_app, resources, LICENSE build\windows
# What Linux's bundle leaves out, too; then compiled, because a user may have no right to write there.
& build\windows\python\python.exe packaging\installer\bundle.py build\windows build\windows\python\Lib\site-packages
if ($LASTEXITCODE) { throw "The bundle is not as expected; the lines above say why." }
& build\windows\python\python.exe -m compileall -q --invalidation-mode unchecked-hash build\windows
$sign = @("sign", "/sha1", $Thumbprint, "/fd", "sha256", "/tr", "http://timestamp.digicert.com", "/td", "sha256")
if ($Thumbprint) { signtool @sign build\windows\python\python.exe build\windows\python\pythonw.exe }
iscc "/DVersion=$version" packaging\installer\windows\mumath-tutor.iss
if ($Thumbprint) { signtool @sign "dist\mumath-tutor-$version.exe" }
