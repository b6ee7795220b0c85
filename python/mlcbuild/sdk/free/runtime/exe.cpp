// The entry of a console program.
#include "startup.h"

extern "C" {
int __cdecl main(int, char**, char**);
__declspec(dllimport) int __cdecl _configure_narrow_argv(int);
__declspec(dllimport) int __cdecl _initialize_narrow_environment(void);
__declspec(dllimport) char** __cdecl _get_initial_narrow_environment(void);
__declspec(dllimport) int* __cdecl __p___argc(void);
__declspec(dllimport) char*** __cdecl __p___argv(void);
__declspec(dllimport) int __cdecl _crt_atexit(void(__cdecl*)(void));
__declspec(dllimport) __declspec(noreturn) void __cdecl exit(int);

int __cdecl mainCRTStartup(void) {
  _configure_narrow_argv(1); // without wildcards
  _initialize_narrow_environment();
  _crt_atexit(mlcbuild_finish);
  if (!mlcbuild_initialise()) return 255;
  exit(main(*__p___argc(), *__p___argv(), _get_initial_narrow_environment()));
}
}
