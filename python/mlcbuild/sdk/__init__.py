"""Windows SDKs for cross compilers: Microsoft's, downloaded by xwin, and a free one."""

from __future__ import annotations

from mlcbuild.sdk.windows_sdk import WindowsSdk, read_sdk

__all__ = ["WindowsSdk", "read_sdk"]
