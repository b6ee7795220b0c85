// The toolset whose STL headers these are (microsoft/STL vs-2022-17.14).
#pragma once
#define _VC_CRT_MAJOR_VERSION 14
#define _VC_CRT_MINOR_VERSION 44
#define _VC_CRT_BUILD_VERSION 0
