"""What goes wrong with a provider's model, in the words of services/errors.py.

The packages' own errors may hold the request and with it the key, so only a status and what the
service said is taken out of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import httpx
import openai

from askpod.answering.llm_endpoint import ChatErrorMessages
from askpod.services.errors import ErrorMessages, RequestInfo, chain, is_a
from askpod.services.providers import PROVIDERS, split_name
from askpod.services.retry import RequestFailure
from askpod.settings import ModelSettings


class ProviderErrorMessages(ChatErrorMessages):
    """Puts the failures of a provider and of its package into words."""

    def __init__(self, settings: ModelSettings, key: str, *, begun: bool) -> None:
        super().__init__(settings, key, begun=begun)
        name, model = split_name(settings.name)
        provider = PROVIDERS[name]
        self.asked: RequestInfo = replace(
            self.asked,
            model=model,
            address=name,
            key_variable=" or ".join(provider.keys) or "its credentials",
            address_variable=provider.address or "its address",
        )

    def of(self, problem: Exception) -> RequestFailure:
        """What a problem means that the provider's package raised."""
        if known := ErrorMessages.of(self, problem):
            return known
        causes = list(chain(problem))
        told = next(filter(_status_of, causes), problem)
        status, complaint = _status_of(told), _complaint_of(told)
        if status >= 300:
            request = httpx.Request("POST", "http://provider.invalid")
            headers = getattr(getattr(told, "response", None), "headers", None) or {}
            response = httpx.Response(status, headers=_heeded(headers), request=request)
            return self.status(openai.APIStatusError(complaint, response=response, body=None))
        if any(is_a(each, "TimeoutException") or isinstance(each, TimeoutError) for each in causes):
            return self.timeout(problem)
        if any(is_a(each, "TransportError") or isinstance(each, OSError) for each in causes):
            return self.connection(problem)
        if status:
            failure = self._reported(complaint, "try again later")
            if "overloaded" in complaint:
                error = type(failure.error)(str(failure.error), retryable=True)
                return replace(failure, error=error)
            return failure
        return self.plain(f"sent what its package cannot read ({type(problem).__name__})")

    def address_hint(self) -> str:
        """What may be wrong with the address."""
        return f"check {self.asked.address_variable}"


def _status_of(problem: BaseException) -> int:
    """The HTTP status that an error holds; 200 or -1 for one inside a reply, 0 for none."""
    holders = (problem, getattr(problem, "response", None))
    values = [getattr(each, name, None) for each in holders for name in ("status_code", "code")]
    return next((value for value in values if isinstance(value, int) and value), 0)


def _complaint_of(problem: BaseException) -> str:
    """What the service said, as far as its package keeps it."""
    held = (getattr(problem, name, None) for name in ("body", "error", "message"))
    said = next(filter(None, held), None) or str(problem)
    return said if isinstance(said, str) else json.dumps(said, default=str)


def _heeded(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("retry-after", "location") if name in headers}
