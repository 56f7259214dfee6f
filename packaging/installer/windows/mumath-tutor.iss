; Inno Setup 6: installs for one user, without an administrator. Not yet run.
#ifndef Version
  #define Version "0.0.0"
#endif

[Setup]
AppId=io.github.mumath_tutor.MuMathTutor
AppName=MuMath Tutor
AppVersion={#Version}
DefaultDirName={localappdata}\Programs\MuMath Tutor
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
OutputDir=..\..\..\dist
OutputBaseFilename=mumath-tutor-{#Version}
Compression=lzma2
SolidCompression=yes
; An older version may be installed over a newer one: the library keeps a copy of its earlier form.
CloseApplications=yes

[Files]
Source: "..\..\..\build\windows\*"; DestDir: "{app}"; Flags: recursesubdirs

[Icons]
Name: "{userprograms}\MuMath Tutor"; Filename: "{app}\python\pythonw.exe"; Parameters: "-P -m tutor_app"

[Registry]
; "Open with" for exported solutions; .json stays with the program that the user has chosen for it.
Root: HKCU; Subkey: "Software\Classes\MuMathTutor.Solution\shell\open\command"; ValueType: string; ValueData: """{app}\python\pythonw.exe"" -P -m tutor_app ""%1"""; Flags: uninsdeletekey
Root: HKCU; Subkey: "Software\Classes\.json\OpenWithProgids"; ValueType: string; ValueName: "MuMathTutor.Solution"; Flags: uninsdeletevalue
