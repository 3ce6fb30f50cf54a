"""The answer while it is written: `python examples/stream.py "How long did the bee trial run?"`"""

import sys

from askpod import Answer, Archive

if len(sys.argv) < 2:
    sys.exit('usage: python examples/stream.py "Why …?"')
with Archive.open() as archive:
    for item in archive.ask_stream(sys.argv[1]):
        if isinstance(item, Answer):
            print(f"\n\n{len(item.citations)} citations, {item.usage.prompt_tokens} tokens read")
        else:
            print(item, end="", flush=True)
