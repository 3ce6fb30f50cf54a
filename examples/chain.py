"""The archive in a LangChain chain: `ASKPOD_MODEL=gpt-4o-mini python examples/chain.py "Why …?"`"""

import os
import sys

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_openai import ChatOpenAI

from askpod import Archive

PROMPT = ChatPromptTemplate.from_template("Answer from these notes:\n{notes}\n\n{question}")
NOTES = RunnableLambda(
    lambda found: "\n".join(f"{d.page_content} ({d.metadata['url']})" for d in found)
)

with Archive.open() as archive:
    parts = {"notes": archive.as_retriever(top=5) | NOTES, "question": RunnablePassthrough()}
    chain = parts | PROMPT | ChatOpenAI(model=os.environ["ASKPOD_MODEL"])
    print(chain.invoke(sys.argv[1]).content)
