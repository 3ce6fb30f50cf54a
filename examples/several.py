"""Several questions at once: `python examples/several.py "How long …?" "Why did …?"`"""

import asyncio
import sys

from askpod import Archive

if len(sys.argv) < 2:
    sys.exit('usage: python examples/several.py "Why …?" "How …?"')


async def main() -> None:
    with Archive.open() as archive:
        answers = await asyncio.gather(*(archive.aask(question) for question in sys.argv[1:]))
    for answer in answers:
        print(f"{answer.question}\n{answer.text}\n")


asyncio.run(main())
