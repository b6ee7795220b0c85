# ruff: noqa: INP001 - Sphinx's settings, no module of a package
"""Sphinx settings of the documentation site. ``python scripts/docs.py`` builds it.

It runs over the folder that ``scripts/docs_pages.py`` lays out: these documents and the pages made
from the code.
"""

from __future__ import annotations

from mlcbuild import __version__

project = "mlcbuild"
author = "mlcbuild maintainers"
copyright = "mlcbuild maintainers"  # noqa: A001 - the name that Sphinx reads
release = __version__

extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
#: Depth to which a heading can be linked to: page.md#heading.
myst_heading_anchors = 4
#: Code of consoles and of small formats is not worth a guess.
highlight_language = "none"
nitpicky = True
#: Quotation marks stay as they were typed: people paste from here, and search for what they read.
smartquotes = False

#: Of a session at a prompt the commands are copied, without prompt and output.
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"
templates_path = ["_templates"]
html_theme = "furo"
html_title = "mlcbuild"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
#: A summary is fetched page by page, which browsers refuse on a disk; an error's title says enough.
html_show_search_summary = False
html_theme_options = {"navigation_with_keys": True}
