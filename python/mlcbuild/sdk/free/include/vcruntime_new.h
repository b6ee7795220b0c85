// operator new and delete; they are linked statically (runtime/new.cpp).
#pragma once
#include <vcruntime.h>
#ifdef __cplusplus
extern "C++" {
#pragma pack(push, 8)
namespace std {
struct nothrow_t {
  explicit nothrow_t() = default;
};
extern nothrow_t const nothrow;
enum class align_val_t : size_t {};
}  // namespace std
void* __CRTDECL operator new(size_t size);
void* __CRTDECL operator new(size_t size, std::nothrow_t const&) noexcept;
void* __CRTDECL operator new[](size_t size);
void* __CRTDECL operator new[](size_t size, std::nothrow_t const&) noexcept;
void __CRTDECL operator delete(void* p) noexcept;
void __CRTDECL operator delete(void* p, std::nothrow_t const&) noexcept;
void __CRTDECL operator delete[](void* p) noexcept;
void __CRTDECL operator delete[](void* p, std::nothrow_t const&) noexcept;
void __CRTDECL operator delete(void* p, size_t) noexcept;
void __CRTDECL operator delete[](void* p, size_t) noexcept;
#ifdef __cpp_aligned_new
void* __CRTDECL operator new(size_t size, std::align_val_t);
void* __CRTDECL operator new(size_t size, std::align_val_t, std::nothrow_t const&) noexcept;
void* __CRTDECL operator new[](size_t size, std::align_val_t);
void* __CRTDECL operator new[](size_t size, std::align_val_t, std::nothrow_t const&) noexcept;
void __CRTDECL operator delete(void* p, std::align_val_t) noexcept;
void __CRTDECL operator delete(void* p, std::align_val_t, std::nothrow_t const&) noexcept;
void __CRTDECL operator delete[](void* p, std::align_val_t) noexcept;
void __CRTDECL operator delete[](void* p, std::align_val_t, std::nothrow_t const&) noexcept;
void __CRTDECL operator delete(void* p, size_t, std::align_val_t) noexcept;
void __CRTDECL operator delete[](void* p, size_t, std::align_val_t) noexcept;
#endif
#ifndef __PLACEMENT_NEW_INLINE
#define __PLACEMENT_NEW_INLINE
inline void* __CRTDECL operator new(size_t, void* place) noexcept { return place; }
inline void __CRTDECL operator delete(void*, void*) noexcept {}
#endif
#ifndef __PLACEMENT_VEC_NEW_INLINE
#define __PLACEMENT_VEC_NEW_INLINE
inline void* __CRTDECL operator new[](size_t, void* place) noexcept { return place; }
inline void __CRTDECL operator delete[](void*, void*) noexcept {}
#endif
#pragma pack(pop)
}
#endif
