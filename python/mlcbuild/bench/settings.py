"""Turn command-line options into a plan; every mistake is one line."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mlcbuild.bench.client import DEFAULT_PROMPT, Question
from mlcbuild.bench.records import Load
from mlcbuild.bench.session import Plan
from mlcbuild.bench.target import check_url
from mlcbuild.commandline import seconds
from mlcbuild.errors import InputError, UsageError
from mlcbuild.jsontext import parse
from mlcbuild.redaction import hide

_DURATION_S: Final = 10.0
_MOST: Final = 20_000


def share(text: str) -> float:
    """Return ``0.01`` or ``1%`` as a share of 1. Raises ``UsageError``."""
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise UsageError(f"--max-failures {text} is not a valid share", remedy="write 1% or 0.01")
    return value


def sweep(text: str, option: str, *, whole: bool) -> list[float]:
    """Return ``1,2,8`` as numbers; ``1..16`` doubles from the first up to the last.

    Raises ``UsageError`` for a number that is not positive, or not whole where required.
    """
    values = [value for part in text.split(",") for value in _doubling(part) or [math.nan]]
    if any(math.isnan(value) for value in values):
        values = []
    too_many = any(value > _MOST for value in values) and whole
    if not values or too_many or (whole and any(value % 1 for value in values)):
        raise UsageError(
            f"{option} {text} is not valid", remedy="write 8, or 1,2,4 or 1..64 for a sweep"
        )
    return values


def _doubling(part: str) -> list[float]:
    """Return ``8`` as itself and ``1..6`` as 1, 2, 4, 6; empty for anything else."""
    low, dots, high = part.partition("..")
    try:
        value, last = float(low), float(high if dots else low)
    except ValueError:
        return []
    values = []
    if not 0 < value <= last < math.inf:
        return []
    while value < last:
        values.append(value)
        value *= 2
    return [*values, last]


def plan_from(options: Mapping[str, Any]) -> Plan:
    """Return the plan for the parsed options. Raises ``UsageError`` and ``InputError``."""
    timeout = seconds(options["timeout"], "--timeout")
    method = options["method"]
    body = _body(options["body"])
    api = options["api"]
    if body is not None and api is None:
        api = "plain"
    if api == "plain" and method is None and body is not None:
        method = "POST"
    if body is not None and method is not None and method.upper() in {"GET", "HEAD"}:
        raise UsageError(f"--body cannot go with {method}", remedy="leave --method out")
    if options["max_tokens"] < 1:
        raise UsageError("--max-tokens must be 1 or more")
    return Plan(
        url=check_url(options["url"]),
        loads=_loads(options),
        question=Question(
            prompts=_prompts(options),
            max_tokens=options["max_tokens"],
            temperature=options["temperature"],
            body=body,
            headers=_headers(options),
            expect=options["expect"],
        ),
        api=api,
        model=options["model"],
        method=method.upper() if method else None,
        stream=options["stream"],
        timeout_s=timeout,
        max_failures=share(options["max_failures"]),
    )


def _loads(options: Mapping[str, Any]) -> list[Load]:
    if options["rate"] and options["concurrency"]:
        raise UsageError(
            "--rate and --concurrency exclude each other",
            remedy="a rate is an open loop; --max-in-flight bounds it",
        )
    if options["requests"] is not None and options["requests"] < 1:
        raise UsageError("--requests must be 1 or more")
    if options["max_in_flight"] < 1:
        raise UsageError("--max-in-flight must be 1 or more")
    duration = seconds(options["duration"], "--duration") if options["duration"] else None
    if duration is None and options["requests"] is None:
        duration = _DURATION_S
    common: dict[str, Any] = {"requests": options["requests"], "duration_s": duration}
    warmup = options["warmup"]
    if warmup is not None and warmup < 0:
        raise UsageError("--warmup must be 0 or more")
    if options["rate"]:
        return [
            Load(
                rate=rate,
                warmup_requests=1 if warmup is None else warmup,
                max_in_flight=options["max_in_flight"],
                poisson=options["arrivals"] == "poisson",
                seed=options["seed"],
                **common,
            )
            for rate in sweep(options["rate"], "--rate", whole=False)
        ]
    return [
        Load(
            concurrency=int(users),
            warmup_requests=int(users) if warmup is None else warmup,
            **common,
        )
        for users in sweep(options["concurrency"] or "8", "--concurrency", whole=True)
    ]


def _read(path: Path, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{option}: cannot read {path}: {error.strerror}") from error


def _prompts(options: Mapping[str, Any]) -> tuple[str, ...]:
    path = options["prompts"]
    if path is None:
        return (options["prompt"] or DEFAULT_PROMPT,)
    try:
        lines = _read(path, "--prompts").decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error.reason}") from error
    found = tuple(line.strip() for line in lines if line.strip())
    if not found:
        raise InputError(f"{path} has no prompts", remedy="write one per line")
    return found


def _body(path: Path | None) -> bytes | None:
    if path is None:
        return None
    content = _read(path, "--body")
    try:
        parse(content)
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    return content


def _headers(options: Mapping[str, Any]) -> dict[str, str]:
    headers = {}
    for text in options["header"]:
        name, colon, value = text.partition(":")
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name.strip()):
            raise UsageError("--header is not a header", remedy='write "Name: value"')
        if any(ord(character) < 32 for character in value):  # noqa: PLR2004 - control characters
            raise UsageError("--header is not a header", remedy="write it on one line")
        headers[name.strip()] = value.strip()
    if variable := options["api_key_env"]:
        if not os.environ.get(variable):
            raise UsageError(f"--api-key-env {variable}: the variable is not set")
        hide(os.environ[variable])
        headers["Authorization"] = f"Bearer {os.environ[variable]}"
    return headers
