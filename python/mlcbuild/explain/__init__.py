"""``mlcbuild explain``: from a number, a rule, a name or pasted lines to causes and a command.

Codes are known by ``mlcbuild.codes``, rules by ``mlcbuild.rules``; symptoms, the lines that tools
print, are data beside this module, each with its source. Described in docs/explain.md.
"""

from mlcbuild.explain.answer import Answer, explain
from mlcbuild.explain.explanation import Explanation

__all__ = ["Answer", "Explanation", "explain"]
