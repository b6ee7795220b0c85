// Wine's, with the inline functions of the Universal CRT that it leaves out.
#pragma once
#include <corecrt.h>
#include_next <time.h>
#ifdef __cplusplus
extern "C" {
#endif
struct timespec {
  time_t tv_sec;
  long tv_nsec;
};
#define TIME_UTC 1
_ACRTIMP int __cdecl _timespec64_get(struct timespec*, int);
_ACRTIMP int __cdecl _localtime64_s(struct tm*, const __time64_t*);
_ACRTIMP int __cdecl _gmtime64_s(struct tm*, const __time64_t*);
static __inline int __cdecl localtime_s(struct tm* to, const time_t* from) { return _localtime64_s(to, from); }
static __inline int __cdecl gmtime_s(struct tm* to, const time_t* from) { return _gmtime64_s(to, from); }
static __inline int __cdecl timespec_get(struct timespec* to, int base) { return _timespec64_get(to, base); }
#ifdef __cplusplus
}
#endif
