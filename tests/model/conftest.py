from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from needs import require
from wheelvenv import wheel_environment

if TYPE_CHECKING:
    from wheelvenv import Wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    """Return an environment with the wheel that MLCBUILD_TEST_WHEEL names."""
    require("wheel", "index")
    return wheel_environment(tmp_path_factory.mktemp("wheel"))
