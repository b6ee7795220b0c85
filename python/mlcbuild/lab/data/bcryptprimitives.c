// A stand-in for bcryptprimitives.dll, which every Windows since 7 has and Wine 8 has not.
// Rust's standard library takes its random numbers from ProcessPrng; nothing else is asked for.
#include <windows.h>

BOOLEAN WINAPI SystemFunction036(void *buffer, ULONG length);  // RtlGenRandom, in advapi32

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *data, SIZE_T length) {
  const SIZE_T most = 1 << 20;
  while (length) {
    SIZE_T part = length < most ? length : most;
    if (!SystemFunction036(data, (ULONG)part)) return FALSE;
    data += part;
    length -= part;
  }
  return TRUE;
}
