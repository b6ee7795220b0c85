# Messages in the letters of their languages.
# ruff: noqa: RUF001

from __future__ import annotations

import pytest
from mlcbuild.explain import explain
from mlcbuild.explain.loglines import lines_of, normalised
from mlcbuild.explain.wordings import decoded, in_english, read_wordings

#: The languages that the twenty commonest messages are known in, beside English.
LANGUAGES = ("de", "fr", "es", "pt", "zh", "ja")
#: No public text of the Store's alias in these languages was found.
UNKNOWN = {
    ("Python was not found; run without arguments to install from the Microsoft Store", "zh"),
    ("Python was not found; run without arguments to install from the Microsoft Store", "ja"),
}


def test_twenty_messages_are_known_in_six_languages_but_for_two_that_are_named() -> None:
    wordings = read_wordings()
    assert len(wordings) >= 20
    missing = {(w.english, each) for w in wordings for each in LANGUAGES if each not in w.foreign}
    assert missing <= UNKNOWN
    assert all(wording.source for wording in wordings)


@pytest.mark.parametrize("wording", read_wordings(), ids=lambda wording: wording.english[:40])
def test_a_message_of_another_language_is_read_as_its_english(wording: object) -> None:
    for texts in wording.foreign.values():  # type: ignore[attr-defined]
        for text in texts:
            written = (
                text.replace("<tool>", "cl").replace("<dll>", "tvm.dll").replace(" ... ", " x ")
            )
            (line,) = in_english(lines_of(f"error: {written} (x)"))
            english = wording.english.replace("<tool>", "cl")  # type: ignore[attr-defined]
            assert normalised(english.replace("<dll>", "tvm.dll")) in line.normal, text


def test_english_stays_as_it_is() -> None:
    text = "error LNK2019: unresolved external symbol f\n-- Configuring done\n"
    lines = lines_of(text)
    assert in_english(lines) == lines


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("DLL load failed while importing x: Не найден указанный модуль.", "cp1251"),
        ("DLL load failed while importing x: 指定されたモジュールが見つかりません。", "cp932"),
        ("DLL load failed while importing x: 找不到指定的模块。", "gb18030"),
        ("DLL load failed while importing x: 지정된 모듈을 찾을 수 없습니다.", "cp949"),
        ("DLL load failed while importing x: Não foi possível encontrar o módulo especificado.",
         "cp1252"),
    ],
)  # fmt: skip
def test_a_log_of_any_code_page_is_read(text: str, page: str) -> None:
    lines = [b"-- Configuring done", text.encode(page), "é".encode(page, errors="replace")]
    log = "\n".join(decoded(lines))
    assert log.splitlines()[1] == text
    assert explain(log).explanations[0].id == "WinError 126"


def test_bytes_that_a_tool_printed_as_escapes_are_read() -> None:
    raw = "".join(f"\\x{byte:02x}" for byte in "无法解析的外部符号".encode("gb18030"))
    log = f"x.lib(a.obj) : error LNK2019: {raw} __std_find_trivial_1"
    assert explain(log).explanations[0].id == "newer-stl-symbol"
