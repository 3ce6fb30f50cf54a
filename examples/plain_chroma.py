"""An archive without askpod's search: `python examples/plain_chroma.py "Why did …?" [STORE]`

Its chunks are a plain Chroma collection of contextual vectors, as the collection's metadata says: a
question is embedded as it is, and the nearest records by inner product are what askpod's search
starts from. LangChain opens it as

    Chroma("askpod", LangChainEmbeddings(MiniLM()), persist_directory=f"{store}/chroma")
"""

import os
import sys
from pathlib import Path

import chromadb
from chromadb.config import Settings

from askpod.embedding.minilm import MiniLM

if len(sys.argv) < 2:
    sys.exit('usage: python examples/plain_chroma.py "Why …?" [STORE]')
question = sys.argv[1]
store = Path(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("ASKPOD_STORE", "vectorstore"))

client = chromadb.PersistentClient(
    str(store / "chroma"), settings=Settings(anonymized_telemetry=False)
)
chunks = client.get_collection("askpod", embedding_function=None)
print(chunks.metadata["vectors"])

found = chunks.query(query_embeddings=MiniLM().embed([question]), n_results=5)
for text, known in zip(found["documents"][0], found["metadatas"][0], strict=True):
    print(f"{known['episode_id']} {known['start']:.0f} s: {text.splitlines()[0][:80]}")
