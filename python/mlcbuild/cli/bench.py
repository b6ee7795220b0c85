"""``mlcbuild bench``: a load test that counts only what succeeded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlcbuild.errors import Exit, InputError

if TYPE_CHECKING:
    import argparse

_EPILOG: Final = """\
URL: a server of OpenAI's protocol, an endpoint of it, or any URL. 2xx counts.
examples:
  mlcbuild bench http://127.0.0.1:8000 --concurrency 1..16 -o bench.json
  mlcbuild bench http://127.0.0.1:5000/health --rate 2,5,10 --duration 30s
exit codes: 0 good, 1 more failures than --max-failures, 2 wrong use,
3 server not reached, 130 Ctrl-C (what was measured is reported)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("url", metavar="URL")
    add("--concurrency", metavar="N[,N..]", help="closed loop: concurrent users (default: 8)")
    add("--rate", metavar="R[,R..]", help="open loop: requests a second")
    add("--arrivals", choices=["even", "poisson"], default="even", metavar="KIND",
        help="of --rate: even (default) or poisson")  # fmt: skip
    add("--max-in-flight", type=int, default=1000, metavar="N", help="of --rate (default: 1000)")
    add("--seed", type=int, default=0, metavar="N", help="of poisson arrivals (default: 0)")
    add("--duration", metavar="TIME", help="of each run, as 10s or 2m (default: 10s)")
    add("--requests", type=int, metavar="N", help="end each run after N requests")
    add("--warmup", type=int, metavar="N", help="requests before each run, not counted")
    add("--api", choices=["chat", "completions", "plain"], metavar="KIND",
        help="chat, completions, plain (default: by the URL)")  # fmt: skip
    add("--model", metavar="NAME", help="default: the first that the server lists")
    add("--no-stream", dest="stream", action="store_false", help="request whole answers")
    prompts = parser.add_mutually_exclusive_group()
    prompts.add_argument("--prompt", metavar="TEXT", help="the prompt to send")
    prompts.add_argument(
        "--prompts", type=Path, metavar="FILE", help="one prompt per line, used in turn"
    )
    add("--max-tokens", type=int, default=64, metavar="N", help="of each answer (default: 64)")
    add("--temperature", type=float, default=0.0, metavar="T", help="default: 0")
    add("--body", type=Path, metavar="FILE", help="send this JSON instead")
    add("--method", metavar="NAME", help="default: GET, with --body POST")
    add("--header", action="append", default=[], metavar="NAME:VALUE", help="repeatable")
    add("--api-key-env", metavar="NAME", help="the variable with the server's API key")
    add("--expect", metavar="TEXT", help="count a plain body without TEXT as a failure")
    add("--timeout", default="60s", metavar="TIME", help="of a request (default: 60s)")
    add("--max-failures", default="0", metavar="SHARE", help="tolerate, as 1%% (default: 0)")
    add("--json", action="store_true", help="print the result as JSON")
    add("-o", "--output", type=Path, metavar="FILE", help="also write the JSON to FILE")


def run(args: argparse.Namespace) -> int:
    """Run the load test, print it, and return 0, 1 or 130."""
    from mlcbuild.bench.settings import plan_from  # noqa: PLC0415 - --help needs none of it

    plan = plan_from(vars(args))
    if args.output is not None and not args.output.parent.is_dir():
        # Reported now rather than after ten minutes of load.
        raise InputError(f"cannot write {args.output}: no such folder")
    from mlcbuild.bench import as_json, as_text  # noqa: PLC0415
    from mlcbuild.bench.session import bench, shown  # noqa: PLC0415

    with shown() as on_start:
        result = bench(plan, on_start)
    if args.output is not None:
        from mlcbuild.report.write import write_output  # noqa: PLC0415

        write_output(args.output, as_json.render(result))
    sys.stdout.write(as_json.render(result) if args.json else as_text.render(result))
    if result.interrupted:
        return Exit.INTERRUPTED
    return Exit.GOOD if result.ok else Exit.FINDINGS
