// Initialisers, static and thread_local objects, type_info's list, /GS: what the compiler emits
// references to and Microsoft links from msvcrt.lib. The layout of sections is documented at
// "CRT initialization" and in the PE format's ".tls section".
#include <stddef.h>
#include <stdint.h>

#include "startup.h"

#pragma section(".CRT$XIA", long, read)
#pragma section(".CRT$XIZ", long, read)
#pragma section(".CRT$XCA", long, read)
#pragma section(".CRT$XCZ", long, read)
#pragma section(".CRT$XDA", long, read)
#pragma section(".CRT$XDZ", long, read)
#pragma section(".CRT$XLA", long, read)
#pragma section(".CRT$XLC", long, read)
#pragma section(".CRT$XLZ", long, read)
#pragma comment(linker, "/merge:.CRT=.rdata")
// What msvcrt.lib brings along.
#pragma comment(lib, "vcruntime")
#pragma comment(lib, "ucrt")
#pragma comment(lib, "kernel32")

extern "C" {
__declspec(allocate(".CRT$XIA")) CheckedInitialiser __xi_a[] = {nullptr};
__declspec(allocate(".CRT$XIZ")) CheckedInitialiser __xi_z[] = {nullptr};
__declspec(allocate(".CRT$XCA")) Initialiser __xc_a[] = {nullptr};
__declspec(allocate(".CRT$XCZ")) Initialiser __xc_z[] = {nullptr};
__declspec(allocate(".CRT$XDA")) Initialiser __xd_a = nullptr;
__declspec(allocate(".CRT$XDZ")) Initialiser __xd_z = nullptr;
__declspec(allocate(".CRT$XLA")) PIMAGE_TLS_CALLBACK __xl_a = nullptr;
__declspec(allocate(".CRT$XLZ")) PIMAGE_TLS_CALLBACK __xl_z = nullptr;

// --- Thread-local storage ---------------------------------------------------------------------------
#pragma data_seg(".tls")
__declspec(allocate(".tls")) char _tls_start = 0;
#pragma data_seg(".tls$ZZZ")
__declspec(allocate(".tls$ZZZ")) char _tls_end = 0;
#pragma data_seg()
uint32_t _tls_index = 0;
extern const IMAGE_TLS_DIRECTORY64 _tls_used;
const IMAGE_TLS_DIRECTORY64 _tls_used = {reinterpret_cast<ULONGLONG>(&_tls_start),
                                         reinterpret_cast<ULONGLONG>(&_tls_end),
                                         reinterpret_cast<ULONGLONG>(&_tls_index),
                                         reinterpret_cast<ULONGLONG>(&__xl_a + 1),
                                         0,
                                         0};

// The compiler asks for this constant where an object uses floating point.
int _fltused = 0x9875;

// --- atexit: a table of this image ---------------------------------------------------------------------
struct OnexitTable {
  Initialiser *first, *last, *end;
};
__declspec(dllimport) int __cdecl _initialize_onexit_table(OnexitTable*);
__declspec(dllimport) int __cdecl _register_onexit_function(OnexitTable*, CheckedInitialiser);
__declspec(dllimport) int __cdecl _execute_onexit_table(OnexitTable*);
static OnexitTable table; // zeros are an empty table too

CheckedInitialiser __cdecl _onexit(CheckedInitialiser function) {
  return _register_onexit_function(&table, function) == 0 ? function : nullptr;
}
int __cdecl atexit(Initialiser function) {
  return _onexit(reinterpret_cast<CheckedInitialiser>(function)) ? 0 : -1;
}
__declspec(dllimport) int __cdecl _crt_at_quick_exit(Initialiser);
int __cdecl at_quick_exit(Initialiser function) { return _crt_at_quick_exit(function); }

// --- Static objects of functions: who comes first constructs, the others wait ------------------------------
int _Init_global_epoch = INT32_MIN;
__declspec(thread) int _Init_thread_epoch = INT32_MIN;
static SRWLOCK statics_lock = SRWLOCK_INIT;
static CONDITION_VARIABLE statics_changed = CONDITION_VARIABLE_INIT;

void __cdecl _Init_thread_header(int* guard) {
  AcquireSRWLockExclusive(&statics_lock);
  while (*guard == -1) SleepConditionVariableSRW(&statics_changed, &statics_lock, INFINITE, 0);
  if (*guard == 0)
    *guard = -1; // being constructed
  else
    _Init_thread_epoch = _Init_global_epoch;
  ReleaseSRWLockExclusive(&statics_lock);
}
void __cdecl _Init_thread_footer(int* guard) {
  AcquireSRWLockExclusive(&statics_lock);
  *guard = ++_Init_global_epoch;
  _Init_thread_epoch = _Init_global_epoch;
  ReleaseSRWLockExclusive(&statics_lock);
  WakeAllConditionVariable(&statics_changed);
}
void __cdecl _Init_thread_abort(int* guard) {
  AcquireSRWLockExclusive(&statics_lock);
  *guard = 0;
  ReleaseSRWLockExclusive(&statics_lock);
  WakeAllConditionVariable(&statics_changed);
}

// --- thread_local objects: initialisers at the first use, destructors in reverse -----------------------------
__declspec(dllimport) void* __cdecl malloc(size_t);
__declspec(dllimport) void __cdecl free(void*);
struct Destructor {
  Initialiser run;
  Destructor* next;
};
static __declspec(thread) Destructor* destructors;
__declspec(thread) bool __tls_guard;

int __cdecl __tlregdtor(Initialiser run) {
  auto* const added = static_cast<Destructor*>(malloc(sizeof(Destructor)));
  if (!added) return -1;
  *added = {run, destructors};
  destructors = added;
  return 0;
}
void __cdecl __dyn_tls_on_demand_init(void) {
  if (__tls_guard) return;
  __tls_guard = true;
  for (Initialiser* each = &__xd_a + 1; each < &__xd_z; ++each)
    if (*each) (*each)();
}
void NTAPI __dyn_tls_init(PVOID, DWORD reason, PVOID) {
  if (reason == DLL_THREAD_ATTACH) __dyn_tls_on_demand_init();
  if (reason != DLL_THREAD_DETACH && reason != DLL_PROCESS_DETACH) return;
  while (Destructor* const first = destructors) {
    destructors = first->next;
    first->run();
    free(first);
  }
}
__declspec(allocate(".CRT$XLC")) PIMAGE_TLS_CALLBACK __xl_c = __dyn_tls_init;

// --- /GS ----------------------------------------------------------------------------------------------------------
static constexpr uintptr_t default_cookie = 0x00002B992DDFA232u; // what loaders replace, by the PE format
uintptr_t __security_cookie = default_cookie;
uintptr_t __security_cookie_complement = ~default_cookie;

void __cdecl __security_init_cookie(void) {
  if (__security_cookie != default_cookie) return; // the loader has done it
  FILETIME now;
  GetSystemTimeAsFileTime(&now);
  LARGE_INTEGER ticks;
  QueryPerformanceCounter(&ticks);
  uintptr_t const mixed = (uintptr_t{now.dwHighDateTime} << 32 | now.dwLowDateTime) ^ ticks.QuadPart ^
                          GetCurrentProcessId() ^ (uintptr_t{GetCurrentThreadId()} << 16);
  __security_cookie = mixed & 0x0000FFFFFFFFFFFFu; // the upper bytes stop string functions
  __security_cookie_complement = ~__security_cookie;
}
void __cdecl __security_check_cookie(uintptr_t cookie) {
  if (cookie != __security_cookie) __fastfail(2); // FAST_FAIL_STACK_COOKIE_CHECK_FAILURE
}
EXCEPTION_DISPOSITION __GSHandlerCheck(void*, void*, void*, void*) { return ExceptionContinueSearch; }
void* __guard_check_icall_fptr = nullptr;
void* __guard_dispatch_icall_fptr = nullptr;
extern IMAGE_LOAD_CONFIG_DIRECTORY64 const _load_config_used;
IMAGE_LOAD_CONFIG_DIRECTORY64 const _load_config_used = {sizeof(IMAGE_LOAD_CONFIG_DIRECTORY64)};

// --- RTTI: vcruntime140.dll keeps the undecorated names in this list ------------------------------------------------
struct alignas(16) __type_info_node {
  unsigned char list[16];
};
__type_info_node __type_info_root_node = {};
}

bool mlcbuild_initialise() {
  __security_init_cookie();
  _initialize_onexit_table(&table);
  if (_initterm_e(__xi_a, __xi_z) != 0) return false;
  _initterm(__xc_a, __xc_z);
  __dyn_tls_on_demand_init();
  return true;
}

void mlcbuild_finish() { _execute_onexit_table(&table); }
