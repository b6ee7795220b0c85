// Wine's, with the long double functions (the same as double in this ABI), the classification
// functions in place of C's macros, and what Wine leaves out.
#pragma once
#include <corecrt.h>
#include_next <math.h>
typedef float float_t;
typedef double double_t;
#ifdef __cplusplus
#define MLCBUILD_INLINE inline
extern "C" {
#else
#define MLCBUILD_INLINE static __inline
#endif
_ACRTIMP double __cdecl erfc(double);
_ACRTIMP float __cdecl erfcf(float);
_ACRTIMP double __cdecl fma(double, double, double);
_ACRTIMP float __cdecl fmaf(float, float, float);
_ACRTIMP double __cdecl nan(char const*);
_ACRTIMP float __cdecl nanf(char const*);
_ACRTIMP double __cdecl nexttoward(double, long double);
_ACRTIMP float __cdecl nexttowardf(float, long double);
_ACRTIMP int __cdecl _dsign(double);
_ACRTIMP int __cdecl _fdsign(float);
_ACRTIMP int __cdecl _dpcomp(double, double);
_ACRTIMP int __cdecl _fdpcomp(float, float);
_ACRTIMP short __cdecl _dtest(double*);
_ACRTIMP short __cdecl _fdtest(float*);
_ACRTIMP short __cdecl _ldtest(long double*);
#define MLCBUILD_ONE(name) \
  MLCBUILD_INLINE long double __cdecl name##l(long double x) { return name((double)x); }
#define MLCBUILD_TWO(name) \
  MLCBUILD_INLINE long double __cdecl name##l(long double x, long double y) { return name((double)x, (double)y); }
MLCBUILD_ONE(fabs) MLCBUILD_ONE(sin) MLCBUILD_ONE(cos) MLCBUILD_ONE(tan) MLCBUILD_ONE(sinh)
MLCBUILD_ONE(cosh) MLCBUILD_ONE(tanh) MLCBUILD_ONE(asin) MLCBUILD_ONE(acos) MLCBUILD_ONE(atan)
MLCBUILD_ONE(exp) MLCBUILD_ONE(log) MLCBUILD_ONE(log10) MLCBUILD_ONE(sqrt) MLCBUILD_ONE(ceil)
MLCBUILD_ONE(floor) MLCBUILD_ONE(acosh) MLCBUILD_ONE(asinh) MLCBUILD_ONE(atanh) MLCBUILD_ONE(cbrt)
MLCBUILD_ONE(erf) MLCBUILD_ONE(erfc) MLCBUILD_ONE(exp2) MLCBUILD_ONE(expm1) MLCBUILD_ONE(lgamma)
MLCBUILD_ONE(log1p) MLCBUILD_ONE(log2) MLCBUILD_ONE(logb) MLCBUILD_ONE(nearbyint) MLCBUILD_ONE(rint)
MLCBUILD_ONE(round) MLCBUILD_ONE(tgamma) MLCBUILD_ONE(trunc)
MLCBUILD_TWO(atan2) MLCBUILD_TWO(pow) MLCBUILD_TWO(fmod) MLCBUILD_TWO(copysign) MLCBUILD_TWO(fdim)
MLCBUILD_TWO(fmax) MLCBUILD_TWO(fmin) MLCBUILD_TWO(nextafter) MLCBUILD_TWO(remainder)
#undef MLCBUILD_ONE
#undef MLCBUILD_TWO
MLCBUILD_INLINE long double __cdecl hypotl(long double x, long double y) { return _hypot((double)x, (double)y); }
MLCBUILD_INLINE int __cdecl ilogbl(long double x) { return ilogb((double)x); }
MLCBUILD_INLINE long __cdecl lrintl(long double x) { return lrint((double)x); }
MLCBUILD_INLINE long long __cdecl llrintl(long double x) { return llrint((double)x); }
MLCBUILD_INLINE long __cdecl lroundl(long double x) { return lround((double)x); }
MLCBUILD_INLINE long long __cdecl llroundl(long double x) { return llround((double)x); }
MLCBUILD_INLINE long double __cdecl fmal(long double x, long double y, long double z) {
  return fma((double)x, (double)y, (double)z);
}
MLCBUILD_INLINE long double __cdecl nexttowardl(long double x, long double y) { return nexttoward((double)x, y); }
MLCBUILD_INLINE long double __cdecl remquol(long double x, long double y, int* quotient) {
  return remquo((double)x, (double)y, quotient);
}
MLCBUILD_INLINE long double __cdecl scalbnl(long double x, int exponent) { return scalbn((double)x, exponent); }
MLCBUILD_INLINE long double __cdecl scalblnl(long double x, long exponent) { return scalbln((double)x, exponent); }
MLCBUILD_INLINE long double __cdecl nanl(char const* text) { return nan(text); }
MLCBUILD_INLINE long double __cdecl frexpl(long double x, int* exponent) { return frexp((double)x, exponent); }
MLCBUILD_INLINE long double __cdecl ldexpl(long double x, int exponent) { return ldexp((double)x, exponent); }
MLCBUILD_INLINE long double __cdecl modfl(long double x, long double* whole) {
  double part;
  double const rest = modf((double)x, &part);
  *whole = part;
  return rest;
}
#undef MLCBUILD_INLINE
#ifdef __cplusplus
}
#undef fpclassify
#undef isinf
#undef isnan
#undef isnormal
#undef isfinite
#undef signbit
#undef isgreater
#undef isgreaterequal
#undef isless
#undef islessequal
#undef islessgreater
#undef isunordered
extern "C++" {
inline int __cdecl fpclassify(float x) { return _fdclass(x); }
inline int __cdecl fpclassify(double x) { return _dclass(x); }
inline int __cdecl fpclassify(long double x) { return _dclass((double)x); }
inline bool __cdecl signbit(float x) { return _fdsign(x) != 0; }
inline bool __cdecl signbit(double x) { return _dsign(x) != 0; }
inline bool __cdecl signbit(long double x) { return _dsign((double)x) != 0; }
template <class T>
inline bool isfinite(T x) noexcept { return fpclassify(x) <= 0; }
template <class T>
inline bool isinf(T x) noexcept { return fpclassify(x) == 1; }
template <class T>
inline bool isnan(T x) noexcept { return fpclassify(x) == 2; }
template <class T>
inline bool isnormal(T x) noexcept { return fpclassify(x) == -1; }
// The bits of _dpcomp: 1 less, 2 equal, 4 greater; none where a number is NaN.
#define MLCBUILD_COMPARE(name, bits) \
  template <class A, class B>        \
  inline bool name(A a, B b) noexcept { return (_dpcomp((double)a, (double)b) & (bits)) != 0; }
MLCBUILD_COMPARE(isgreater, 4) MLCBUILD_COMPARE(isgreaterequal, 6) MLCBUILD_COMPARE(isless, 1)
MLCBUILD_COMPARE(islessequal, 3) MLCBUILD_COMPARE(islessgreater, 5)
#undef MLCBUILD_COMPARE
template <class A, class B>
inline bool isunordered(A a, B b) noexcept { return _dpcomp((double)a, (double)b) == 0; }
}
#endif
