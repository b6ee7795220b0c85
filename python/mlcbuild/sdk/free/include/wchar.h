// Wine's, with the C runtime's own multibyte state and the inline functions that Wine leaves out.
#pragma once
#include <corecrt.h>
#define mbstate_t mlcbuild_wine_mbstate_t
#include_next <wchar.h>
#undef mbstate_t
#ifdef __cplusplus
extern "C" {
inline int __cdecl fwide(FILE*, int mode) { return mode; }
inline int __cdecl mbsinit(mbstate_t const* state) { return state == 0 || state->_Wchar == 0; }
_ACRTIMP long double __cdecl wcstold(wchar_t const*, wchar_t**);
inline int __cdecl vfwscanf(FILE* file, wchar_t const* format, va_list args) {
  return __stdio_common_vfwscanf(0, file, format, 0, args);
}
inline int __cdecl vwscanf(wchar_t const* format, va_list args) {
  return __stdio_common_vfwscanf(0, stdin, format, 0, args);
}
inline int __cdecl vswscanf(wchar_t const* text, wchar_t const* format, va_list args) {
  return __stdio_common_vswscanf(0, text, (size_t)-1, format, 0, args);
}
}
#endif
