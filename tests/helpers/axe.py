"""Judge the page that is open by axe-core: WCAG 2.2 AA and its own best practices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from needs_probes import AXE

if TYPE_CHECKING:
    from browser import Page

__all__ = ["violations"]


def violations(page: Page, *, without: tuple[str, ...] = ()) -> list[str]:
    """Return what axe-core finds wrong, a line each; ``without`` are rules that are not asked."""
    page.script(f"{AXE.read_text(encoding='utf-8')}; 0")
    options = {"rules": {rule: {"enabled": False} for rule in without}}
    found = page.script(
        f"axe.run(document, {json.dumps(options)}).then((all) => all.violations.flatMap("
        "(each) => each.nodes.map((node) => `${each.id}: ${node.target} ${node.html} "
        "${node.any.map((one) => one.message)}`)))"
    )
    return [str(line) for line in found]
