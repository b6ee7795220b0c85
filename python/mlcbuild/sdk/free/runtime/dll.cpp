// The entry of a DLL.
#include "startup.h"

extern "C" {
BOOL WINAPI DllMain(HINSTANCE, DWORD, LPVOID);
BOOL WINAPI mlcbuild_default_DllMain(HINSTANCE, DWORD, LPVOID) { return TRUE; }
#pragma comment(linker, "/alternatename:DllMain=mlcbuild_default_DllMain")

BOOL WINAPI _DllMainCRTStartup(HINSTANCE image, DWORD reason, LPVOID ending) {
  if (reason == DLL_PROCESS_ATTACH && !mlcbuild_initialise()) return FALSE;
  BOOL const done = DllMain(image, reason, ending);
  // Where the process ends, the other threads are gone already and with them what they held.
  if (reason == DLL_PROCESS_DETACH && !ending) mlcbuild_finish();
  return done;
}
}
