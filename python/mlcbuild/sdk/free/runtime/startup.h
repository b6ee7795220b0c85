// What a program's start and end need: shared by dll.cpp and exe.cpp.
#pragma once
#include <windows.h>

typedef void(__cdecl* Initialiser)(void);
typedef int(__cdecl* CheckedInitialiser)(void);

extern "C" {
// The compiler puts pointers to initialisers between these, and the linker sorts the sections.
extern CheckedInitialiser __xi_a[], __xi_z[];
extern Initialiser __xc_a[], __xc_z[];

// The Universal CRT's.
__declspec(dllimport) void __cdecl _initterm(Initialiser*, Initialiser*);
__declspec(dllimport) int __cdecl _initterm_e(CheckedInitialiser*, CheckedInitialiser*);
}

// Make the security cookie, then run C's and C++'s initialisers. False where one refuses.
bool mlcbuild_initialise();
// Run what this image has registered with atexit, its static destructors among it.
void mlcbuild_finish();
