// Wine's, with the inline functions of the Universal CRT that it leaves out.
#pragma once
#include <corecrt.h>
#include_next <stdio.h>
#ifdef __cplusplus
extern "C" {
_ACRTIMP int __cdecl _get_stream_buffer_pointers(FILE*, char***, char***, int**);
inline int __cdecl vfscanf(FILE* file, char const* format, va_list args) {
  return __stdio_common_vfscanf(0, file, format, 0, args);
}
inline int __cdecl vscanf(char const* format, va_list args) {
  return __stdio_common_vfscanf(0, stdin, format, 0, args);
}
inline int __cdecl vsscanf(char const* text, char const* format, va_list args) {
  return __stdio_common_vsscanf(0, text, (size_t)-1, format, 0, args);
}
}
extern "C++" {
template <size_t N>
inline int _snprintf_s(char (&buffer)[N], size_t count, char const* format, ...) {
  va_list args;
  va_start(args, format);
  int const written = _vsnprintf_s(buffer, N, count, format, args);
  va_end(args);
  return written;
}
template <size_t N>
inline int sprintf_s(char (&buffer)[N], char const* format, ...) {
  va_list args;
  va_start(args, format);
  int const written = _vsnprintf_s(buffer, N, N - 1, format, args);
  va_end(args);
  return written;
}
}
#endif
