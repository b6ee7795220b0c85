// Wine's, with what the Universal CRT has beside it.
#pragma once
#include <corecrt.h>
// Linked statically (runtime/startup.cpp): each image has a table of its own.
#define atexit mlcbuild_wine_atexit
#define _onexit mlcbuild_wine_onexit
#include_next <stdlib.h>
#undef atexit
#undef _onexit
#ifdef __cplusplus
extern "C" {
#endif
int __cdecl atexit(void(__cdecl*)(void));
_onexit_t __cdecl _onexit(_onexit_t);
_ACRTIMP __int64 __cdecl _abs64(__int64);
#ifdef __cplusplus
_ACRTIMP __declspec(noreturn) void __cdecl quick_exit(int);
int __cdecl at_quick_exit(void(__cdecl*)(void));
}
#include <math.h>
extern "C++" {
inline long __cdecl abs(long x) noexcept { return x < 0 ? -x : x; }
inline long long __cdecl abs(long long x) noexcept { return x < 0 ? -x : x; }
}
#endif
