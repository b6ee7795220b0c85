// What must be said before any of Wine's headers is read.
#pragma once
#define WINE_UNICODE_NATIVE // WCHAR is wchar_t, as in Microsoft's SDK
#define _SSIZE_T_DEFINED    // the Universal CRT has none
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00 // the SDK's own default: Windows 10
#endif
#ifndef WINVER
#define WINVER _WIN32_WINNT
#endif
