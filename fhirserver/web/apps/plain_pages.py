"""What somebody sees instead of an app: pages that need nothing that was built."""

from __future__ import annotations

from typing import Final

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <meta name="color-scheme" content="light dark">
  <title>{title}</title>
  <link rel="stylesheet" href="/oauth/static/pages.css">
</head>
<body class="narrow">
  <main id="content">
    <section class="card">
      <h1>{title}</h1>
{text}
    </section>
  </main>
</body>
</html>
"""

ABSENT: Final = _PAGE.format(
    title="The apps aren't built",
    text="""      <p>This server runs from a checkout in which its apps haven't been built yet. Run
      <code>make apps</code> there, and load this page again.</p>
      <p>All else works: <a href="/account">your account</a>, and the FHIR API at
      <code>/fhir</code>.</p>""",
)
"""Where nothing was built."""

UNKNOWN: Final = _PAGE.format(
    title="There is no such app",
    text="""      <p>The address may be mistyped, or the app isn't part of this server any more.</p>
      <p><a href="/">To all apps</a></p>""",
)
"""Where an address names no app."""
