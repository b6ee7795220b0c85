// Wine's, under the settings of mlcbuild_wine.h.
#pragma once
#include <mlcbuild_wine.h>
#include_next <windef.h>
#ifdef __cplusplus
#undef inline // Wine makes a macro of it, which the STL refuses
#endif
