// Wine's declares by types of windows.h.
#pragma once
#include <windows.h>
#include_next <synchapi.h>
