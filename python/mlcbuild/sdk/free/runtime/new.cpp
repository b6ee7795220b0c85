// operator new and delete, and type_info's destructor, whose table the compiler's RTTI points to.
#include <vcruntime_new.h>
#include <vcruntime_typeinfo.h>

extern "C" {
__declspec(dllimport) void* __cdecl malloc(size_t);
__declspec(dllimport) void __cdecl free(void*);
__declspec(dllimport) void* __cdecl _aligned_malloc(size_t, size_t);
__declspec(dllimport) void __cdecl _aligned_free(void*);
__declspec(dllimport) int __cdecl _callnewh(size_t);
}
using std::align_val_t;
using std::nothrow_t;

// A program's own take the place of these.
#define MLCBUILD_DEFAULT __attribute__((weak))

const nothrow_t std::nothrow;
type_info::~type_info() noexcept {}

template <class Allocate>
static void* until_refused(size_t size, Allocate allocate) {
  for (;;) {
    if (void* const p = allocate(size ? size : 1)) return p;
    if (!_callnewh(size)) throw std::bad_alloc();
  }
}
MLCBUILD_DEFAULT void* operator new(size_t size) {
  return until_refused(size, [](size_t n) { return malloc(n); });
}
MLCBUILD_DEFAULT void* operator new(size_t size, align_val_t to) {
  return until_refused(size, [to](size_t n) { return _aligned_malloc(n, static_cast<size_t>(to)); });
}
MLCBUILD_DEFAULT void* operator new(size_t size, nothrow_t const&) noexcept {
  try {
    return operator new(size);
  } catch (...) {
    return nullptr;
  }
}
MLCBUILD_DEFAULT void* operator new(size_t size, align_val_t to, nothrow_t const&) noexcept {
  try {
    return operator new(size, to);
  } catch (...) {
    return nullptr;
  }
}
MLCBUILD_DEFAULT void* operator new[](size_t size) { return operator new(size); }
MLCBUILD_DEFAULT void* operator new[](size_t size, align_val_t to) { return operator new(size, to); }
MLCBUILD_DEFAULT void* operator new[](size_t size, nothrow_t const& t) noexcept { return operator new(size, t); }
MLCBUILD_DEFAULT void* operator new[](size_t size, align_val_t to, nothrow_t const& t) noexcept {
  return operator new(size, to, t);
}
MLCBUILD_DEFAULT void operator delete(void* p) noexcept { free(p); }
MLCBUILD_DEFAULT void operator delete(void* p, size_t) noexcept { operator delete(p); }
MLCBUILD_DEFAULT void operator delete(void* p, nothrow_t const&) noexcept { operator delete(p); }
MLCBUILD_DEFAULT void operator delete[](void* p) noexcept { operator delete(p); }
MLCBUILD_DEFAULT void operator delete[](void* p, size_t) noexcept { operator delete[](p); }
MLCBUILD_DEFAULT void operator delete[](void* p, nothrow_t const&) noexcept { operator delete[](p); }
MLCBUILD_DEFAULT void operator delete(void* p, align_val_t) noexcept { _aligned_free(p); }
MLCBUILD_DEFAULT void operator delete(void* p, size_t, align_val_t to) noexcept { operator delete(p, to); }
MLCBUILD_DEFAULT void operator delete(void* p, align_val_t to, nothrow_t const&) noexcept { operator delete(p, to); }
MLCBUILD_DEFAULT void operator delete[](void* p, align_val_t to) noexcept { operator delete(p, to); }
MLCBUILD_DEFAULT void operator delete[](void* p, size_t, align_val_t to) noexcept { operator delete[](p, to); }
MLCBUILD_DEFAULT void operator delete[](void* p, align_val_t to, nothrow_t const&) noexcept {
  operator delete[](p, to);
}
