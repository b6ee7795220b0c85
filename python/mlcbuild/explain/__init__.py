"""``mlcbuild explain``: from a number, a rule, a name or pasted lines to causes and a command.

Codes come from ``mlcbuild.codes``, rules from ``mlcbuild.rules``; symptoms, the lines that tools
print, are data files in this package, each with its source. Described in docs/explain.md.
"""

from mlcbuild.explain.answer import Answer, explain
from mlcbuild.explain.explanation import Explanation

__all__ = ["Answer", "Explanation", "explain"]
