"""``mlcbuild completion``.

Print the shell's completion script for commands, options, rules and files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlcbuild.completion import SHELLS, script
from mlcbuild.errors import Exit

if TYPE_CHECKING:
    import argparse

_EPILOG: Final = """\
Put the line of your shell into the file that it reads when it starts.

examples:
  eval "$(mlcbuild completion bash)"          ~/.bashrc
  eval "$(mlcbuild completion zsh)"           ~/.zshrc, after compinit
  mlcbuild completion fish | source           config.fish
  mlcbuild completion powershell | Out-String | Invoke-Expression     $PROFILE
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = _EPILOG
    parser.add_argument("shell", choices=SHELLS, help="the shell to print it for")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    print(script(args.shell))
    return Exit.GOOD
