"""One question, one answer: `python examples/ask.py "Why did the bakery drop the network?"`

Run `askpod index examples/episodes` first. With ASKPOD_MODEL set, a model writes the answer.
"""

import sys

from askpod import answer

if len(sys.argv) < 2:
    sys.exit('usage: python examples/ask.py "Why …?"')
reply = answer(sys.argv[1])
print(reply.text)
for citation in reply.citations:
    print(f"[{citation.number}] {citation.speaker}, {citation.title}: {citation.url}")
    print(f"    “{citation.quote}”")
