// What Microsoft's STL headers call in the half of the STL that is linked statically: thin covers of
// functions of Windows. Declared by the STL's own headers, so that a changed interface does not compile.
#include <__msvc_system_error_abi.hpp>
#include <xcall_once.h>
#include <xfacet>
#include <xthreads.h>

#include <windows.h>

// --- Locks and sleep ---------------------------------------------------------------------------------
static PSRWLOCK lock_of(_Smtx_t* mutex) { return reinterpret_cast<PSRWLOCK>(mutex); }

extern "C" {
void __cdecl _Smtx_lock_exclusive(_Smtx_t* mutex) noexcept { AcquireSRWLockExclusive(lock_of(mutex)); }
void __cdecl _Smtx_lock_shared(_Smtx_t* mutex) noexcept { AcquireSRWLockShared(lock_of(mutex)); }
int __cdecl _Smtx_try_lock_exclusive(_Smtx_t* mutex) noexcept { return TryAcquireSRWLockExclusive(lock_of(mutex)); }
int __cdecl _Smtx_try_lock_shared(_Smtx_t* mutex) noexcept { return TryAcquireSRWLockShared(lock_of(mutex)); }
void __cdecl _Smtx_unlock_exclusive(_Smtx_t* mutex) noexcept { ReleaseSRWLockExclusive(lock_of(mutex)); }
void __cdecl _Smtx_unlock_shared(_Smtx_t* mutex) noexcept { ReleaseSRWLockShared(lock_of(mutex)); }
void __stdcall _Thrd_sleep_for(unsigned long milliseconds) noexcept { Sleep(milliseconds); }

// --- std::call_once ------------------------------------------------------------------------------------
int __stdcall __std_init_once_begin_initialize_clr(void** once, unsigned long flags, int* pending,
                                                   void** context) noexcept {
  return InitOnceBeginInitialize(reinterpret_cast<LPINIT_ONCE>(once), flags, pending, context);
}
int __stdcall __std_init_once_complete_clr(void** once, unsigned long flags, void* context) noexcept {
  return InitOnceComplete(reinterpret_cast<LPINIT_ONCE>(once), flags, context);
}
[[noreturn]] void __stdcall __std_init_once_link_alternate_names_and_abort() noexcept { abort(); }

// --- std::system_error's messages, in UTF-8 or the system's code page as FormatMessage gives them ----------
size_t __stdcall __std_system_error_allocate_message(unsigned long code, char** text) noexcept {
  constexpr DWORD how = FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
  size_t length = FormatMessageA(how, nullptr, code, 0, reinterpret_cast<LPSTR>(text), 0, nullptr);
  while (length > 0 && ((*text)[length - 1] == '\n' || (*text)[length - 1] == '\r' || (*text)[length - 1] == ' '))
    --length;
  return length;
}
void __stdcall __std_system_error_deallocate_message(char* text) noexcept { LocalFree(text); }
}

// Facets live as long as the process: their destructors are not run at its end.
void __cdecl std::_Facet_Register(std::_Facet_base*) {}
