// Wine's, with the long double type, which it leaves out.
#pragma once
#include <corecrt.h>
#include_next <complex.h>
typedef struct _C_ldouble_complex {
  long double _Val[2];
} _C_ldouble_complex;
typedef _C_ldouble_complex _Lcomplex;
