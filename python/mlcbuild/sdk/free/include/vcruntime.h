// The compiler's side of Microsoft's C++ runtime, as Microsoft's STL headers expect to find it.
//
// Part of mlcbuild's free Windows SDK: this file, the STL's headers and Wine's headers together
// stand in for Microsoft's. What is said here follows from how the STL's headers use the names.
#pragma once

// Wine's headers: plain wchar_t for WCHAR, Windows 10's interfaces, no POSIX ssize_t.
#include <mlcbuild_wine.h>
#include <vadefs.h>
#include <sal.h>
#include <crtdefs.h>

#define _VCRT_COMPILER_PREPROCESSOR 1
// These algorithms are in the half of the STL that is linked statically, and nowhere open.
#ifndef _USE_STD_VECTOR_ALGORITHMS
#define _USE_STD_VECTOR_ALGORITHMS 0
#endif

// --- Where functions live: in msvcp140.dll, vcruntime140.dll and the Universal CRT (/MD) ---------
#ifndef _CRTIMP
#define _CRTIMP __declspec(dllimport)
#endif
#ifndef _ACRTIMP
#define _ACRTIMP __declspec(dllimport)
#endif
#ifndef _MRTIMP
#define _MRTIMP __declspec(dllimport)
#endif
#define _ACRTIMP_ALT _ACRTIMP
#define _VCRTIMP __declspec(dllimport)
#define _CRTIMP2 __declspec(dllimport)
#define _CRT_SATELLITE_1 __declspec(dllimport)
#define _CRT_SATELLITE_2 __declspec(dllimport)
#define _CRT_SATELLITE_ATOMIC_WAIT __declspec(dllimport)
#define _CRT_SATELLITE_CODECVT_IDS __declspec(dllimport)
#define _CRT_SATELLITE_CODECVT_IDS_NOIMPORT
#define _MRTIMP2 __declspec(dllimport)
#define _MRTIMP2_PURE __declspec(dllimport)

// --- Calling conventions -------------------------------------------------------------------------
#ifndef __CRTDECL
#define __CRTDECL __cdecl
#endif
#define __CLRCALL_OR_CDECL __cdecl
#define __CLRCALL_PURE_OR_CDECL __cdecl
#define __CLRCALL_PURE_OR_STDCALL __stdcall
#define __CLR_OR_THIS_CALL
#define __PURE_APPDOMAIN_GLOBAL
#define _PGLOBAL

// --- Text of the preprocessor --------------------------------------------------------------------
#define _CRT_BEGIN_C_HEADER extern "C" {
#define _CRT_END_C_HEADER }
#define _CRT_STRINGIZE_(x) #x
#define _CRT_STRINGIZE(x) _CRT_STRINGIZE_(x)
#define _CRT_WIDE_(s) L##s
#define _CRT_WIDE(s) _CRT_WIDE_(s)
#define _CRT_CONCATENATE_(a, b) a##b
#define _CRT_CONCATENATE(a, b) _CRT_CONCATENATE_(a, b)
#define _CRT_UNPARENTHESIZE_(...) __VA_ARGS__
#define _CRT_UNPARENTHESIZE(...) _CRT_UNPARENTHESIZE_ __VA_ARGS__

// --- Attributes ----------------------------------------------------------------------------------
#define _VCRT_ALLOCATOR __declspec(allocator)
#define _VCRT_NOALIAS __declspec(noalias)
#define _VCRT_RESTRICT __declspec(restrict)
#define _MSVC_CONSTEXPR
#define _CRT_INSECURE_DEPRECATE(x)
#define _CRT_MANAGED_HEAP_DEPRECATE
#define _CRT_HYBRIDPATCHABLE
#define _CRT_SECURE_CPP_OVERLOAD_STANDARD_NAMES 0
#ifndef _CRT_GUARDOVERFLOW
#define _CRT_GUARDOVERFLOW
#endif
#ifndef _CRT_ALIGN
#define _CRT_ALIGN(x) __declspec(align(x))
#endif
#ifndef _UNALIGNED
#define _UNALIGNED __unaligned
#endif
#ifndef _HAS_EXCEPTIONS
#define _HAS_EXCEPTIONS 1
#endif
#ifndef _HAS_NODISCARD
#define _HAS_NODISCARD 1
#endif
#ifndef _NODISCARD
#define _NODISCARD [[nodiscard]]
#endif
#ifndef _CONST_RETURN
#define _CONST_RETURN const
#define _CRT_CONST_CORRECT_OVERLOADS
#endif
#ifndef _WCHAR_T_DEFINED
#define _WCHAR_T_DEFINED
#endif
#ifndef __STDC_WANT_SECURE_LIB__
#define __STDC_WANT_SECURE_LIB__ 1
#endif
#define __crt_countof(a) (sizeof(a) / sizeof(a[0]))

// --- Which C++ the compiler was asked for ----------------------------------------------------------
#if defined(__cplusplus) && _MSVC_LANG >= 201703L
#define _HAS_CXX17 1
#else
#define _HAS_CXX17 0
#endif
#if defined(__cplusplus) && _MSVC_LANG >= 202002L
#define _HAS_CXX20 1
#else
#define _HAS_CXX20 0
#endif
#if defined(__cplusplus) && _MSVC_LANG > 202002L
#define _HAS_CXX23 1
#else
#define _HAS_CXX23 0
#endif
#define _HAS_CXX26 0

#include <errno.h>

#ifdef __cplusplus
namespace std {
typedef decltype(__nullptr) nullptr_t;
}
using ::std::nullptr_t;
extern "C" {
#endif
void __cdecl __security_init_cookie(void);
_ACRTIMP void __cdecl _invalid_parameter_noinfo(void);
_ACRTIMP __declspec(noreturn) void __cdecl _invalid_parameter_noinfo_noreturn(void);
_ACRTIMP __declspec(noreturn) void __cdecl _invoke_watson(wchar_t const*, wchar_t const*, wchar_t const*,
                                                          unsigned int, uintptr_t);
#ifdef __cplusplus
}
#endif
#ifndef _CRT_SECURE_INVALID_PARAMETER
#define _CRT_SECURE_INVALID_PARAMETER(e) ::_invalid_parameter_noinfo_noreturn()
#endif
