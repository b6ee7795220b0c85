// Wine's, without the macros and the intrinsic that clash with the STL and with clang.
#pragma once
#include <mlcbuild_wine.h>
#define _InterlockedCompareExchange128 mlcbuild_wine_InterlockedCompareExchange128
#include_next <winnt.h>
#undef _InterlockedCompareExchange128
#ifdef __cplusplus
#undef inline
extern "C++" inline long long _InlineInterlockedAdd64(long long volatile* value, long long more) {
  return _InterlockedExchangeAdd64(value, more) + more;
}
#endif
