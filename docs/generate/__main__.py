"""`python -m docs.generate` writes all generated pages."""

from docs.generate import PAGES

for path, page in PAGES.items():
    path.write_text(page())
