"""Two writers of import libraries, one algorithm: mlc_llm runs without mlcbuild."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlc_llm._linker.import_library import RUNTIME, write_library
from mlcbuild.pe.import_library import import_library
from mlcbuild.platforms import CROSS, Platform

NAMES = st.lists(st.from_regex(r"[A-Za-z_?@$][\w?@$]{0,30}", fullmatch=True), max_size=8)
DLLS = st.dictionaries(st.from_regex(r"[a-z0-9_-]{1,24}\.dll", fullmatch=True), NAMES, max_size=4)


@pytest.mark.parametrize("platform", CROSS, ids=lambda each: each.tag)
def test_what_models_are_linked_with_is_the_same(platform: Platform) -> None:
    ours = import_library(RUNTIME, platform.machine)
    assert write_library(RUNTIME, platform.coff, constants=()) == ours
    assert len(write_library(RUNTIME, platform.coff)) > len(ours)


@given(exports=DLLS)
def test_any_exports_make_the_same_bytes(exports: dict[str, list[str]]) -> None:
    theirs = write_library(exports, CROSS[0].coff, constants=())
    assert theirs == import_library(exports, CROSS[0].machine)
