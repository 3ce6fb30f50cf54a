"""A service that sells embeddings, and fails when it is told to; two episodes to sell them for."""

from __future__ import annotations

from fake_openai import FakeOpenAI, Request, Scripted, failed

KEY = "sk-secret-of-the-tests"
MODEL = "text-embedding-3-small"
# Long enough for several requests of two texts each.
TALK = [f"Sentence {n} is about bees, and it takes {n} minutes to say. " * 8 for n in range(6)]
TALKS = {"first": TALK, "second": [text.replace("bees", "trains") for text in TALK]}


class Billing(FakeOpenAI):
    """Fails at the n-th request for embeddings, or when a text comes; counts what it sells."""

    def __init__(self) -> None:
        super().__init__()
        self.sold: list[str] = []
        self.requests_left = 1_000
        self.broken = failed(400, "the service is broken")

    def embedding_reply(self, request: Request) -> Scripted:
        if self.requests_left <= 0:
            self.embedding_requests.append(request)
            return self.broken
        self.requests_left -= 1
        self.sold += [text for text in request.inputs if "How long is a vector" not in text]
        return super().embedding_reply(request)

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which it is asked."""
        return {
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": self.base_url,
            "ASKPOD_EMBEDDER": f"openai:{MODEL}",
        }
