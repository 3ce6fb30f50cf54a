"""The archive in a LangChain chain: `ASKPOD_MODEL=gpt-4o-mini python examples/chain.py "Why …?"`"""

import os
import sys

from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_openai import ChatOpenAI

from askpod import Archive

PROMPT = ChatPromptTemplate.from_template("Answer from these notes:\n{notes}\n\n{question}")


def notes(found: list[Document]) -> str:
    return "\n".join(f"{d.page_content} ({d.metadata['url']})" for d in found)


if len(sys.argv) != 2 or "ASKPOD_MODEL" not in os.environ:
    sys.exit('usage: ASKPOD_MODEL=NAME python examples/chain.py "Why …?"')

with Archive.open() as archive:
    retriever = archive.as_retriever(top=5) | RunnableLambda(notes)
    prompt = {"notes": retriever, "question": RunnablePassthrough()} | PROMPT
    chain = prompt | ChatOpenAI(model=os.environ["ASKPOD_MODEL"])
    print(chain.invoke(sys.argv[1]).content)
