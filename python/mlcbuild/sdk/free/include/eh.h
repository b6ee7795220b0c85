// Termination and exception translation: functions of vcruntime140.dll and the Universal CRT.
#pragma once
#include <vcruntime.h>
#ifdef __cplusplus
extern "C" {
struct _EXCEPTION_POINTERS;
typedef void(__cdecl* terminate_handler)();
typedef void(__cdecl* terminate_function)();
typedef void(__cdecl* unexpected_handler)();
typedef void(__cdecl* unexpected_function)();
typedef void(__cdecl* _se_translator_function)(unsigned int, struct _EXCEPTION_POINTERS*);

_ACRTIMP __declspec(noreturn) void __cdecl abort();
_ACRTIMP __declspec(noreturn) void __cdecl terminate() noexcept;
_ACRTIMP terminate_handler __cdecl set_terminate(terminate_handler) noexcept;
_ACRTIMP terminate_handler __cdecl _get_terminate();
_VCRTIMP unexpected_handler __cdecl set_unexpected(unexpected_handler) noexcept;
_VCRTIMP unexpected_handler __cdecl _get_unexpected();
_VCRTIMP __declspec(noreturn) void __cdecl unexpected() noexcept(false);
_VCRTIMP int __cdecl __uncaught_exceptions();
_VCRTIMP bool __cdecl __uncaught_exception();
_VCRTIMP _se_translator_function __cdecl _set_se_translator(_se_translator_function);
}
#endif
