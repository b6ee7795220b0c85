// A stand-in for dbghelp.dll in which nothing is ever found. Each C++ error of tvm_ffi walks the
// stack with it, and Wine's own takes 1.7 s for that: importing tvm raises 214 of them.
// All other functions that Wine's has are find_nothing too, by the definition file that
// stand_ins.py writes.
#include <windows.h>

ULONG_PTR find_nothing(void) {
  SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
  return 0;
}

// What no caller expects to fail.
__declspec(dllexport) BOOL WINAPI SymCleanup(HANDLE process) { return TRUE; }
__declspec(dllexport) DWORD WINAPI SymSetOptions(DWORD options) { return options; }
