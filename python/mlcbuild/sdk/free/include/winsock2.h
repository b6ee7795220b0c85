// The SDK's WSAPOLLFD is struct pollfd; Wine's has no tag.
#pragma once
#include <mlcbuild_wine.h>
#include_next <winsock2.h>
#ifdef __cplusplus
struct pollfd {
  SOCKET fd;
  SHORT events;
  SHORT revents;
};
extern "C++" inline int WSAPoll(struct pollfd* polled, ULONG count, int timeout_ms) {
  return WSAPoll(reinterpret_cast<WSAPOLLFD*>(polled), count, timeout_ms);
}
#endif
