"""How much a transcript file may hold. More is no transcript, but damage or an attack.

The longest recordings stay below: a day of speech has about 150,000 words, in 40,000 captions.
The numbers are such that reading takes at most two seconds and 500 MB, whatever a file holds.
"""

from __future__ import annotations

MEGABYTE = 1024 * 1024

MAX_BYTES = 64 * MEGABYTE  # of any file
MAX_TEXT_BYTES = 16 * MEGABYTE  # of captions, plain text, HTML and Markdown
MAX_JSON_BYTES = 48 * MEGABYTE
MAX_OPENED = 600_000  # `{` and `[` in one JSON file
MAX_COMMAS = 1_500_000  # in one JSON file
MAX_NAMES = 10_000  # in one object of a JSON file
MAX_MARKDOWN_LINES = 300_000  # in one Markdown file
MAX_TAGS = 300_000  # `<` in one HTML file, or one of captions
MAX_CUES = 150_000  # where they may be words
MAX_CAPTIONS = 50_000  # also lines, and clocks, of plain text
MAX_LINES = 600_000  # in one file of captions
MAX_SPEECH = 5_000_000  # characters in all cues before they are cleaned: four days of speech
MAX_TURN = 1_000_000  # characters in one paragraph
MAX_SECOND = 1_000_000.0  # over eleven days; more is not a place in a recording
