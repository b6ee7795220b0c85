// Wine's, with the C runtime's multibyte state, which Wine declares as an int.
#pragma once
#include <mlcbuild_wine.h>
#include_next <corecrt.h>
typedef struct _Mbstatet {
  unsigned long _Wchar;
  unsigned short _Byte, _State;
} _Mbstatet;
typedef _Mbstatet mbstate_t;
