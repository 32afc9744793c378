"""An annotator without a browser: opens and saves documents through the workbench's own HTTP interface, as its page does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from uuid import uuid4

import httpx

Marked = tuple[int, int, str]
"""A span as it is sent: start, end, label."""


class RefusedError(Exception):
    """The workbench answered, and did not do what was asked."""


@dataclass(frozen=True)
class Page:
    """The events of the Annotate tab that an annotator needs, by their numbers.

    Attributes:
        editor: id of the editor.
        opening: the event that opens a document, and where among what it gives back the editor's value is.
        saving: likewise the event that saves.
        trigger: id of the list of documents.
        inputs: how many values each of the two is given.
    """

    editor: int
    trigger: int
    opening: tuple[int, int]
    saving: tuple[int, int]
    inputs: tuple[Sequence[int], Sequence[int]]

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Page:
        """Find the events in what the server says of its page in the default language."""
        ids: dict[str, int] = {}
        for component in config["components"]:
            ids.setdefault(component["props"].get("elem_id") or "", component["id"])
        editor, trigger = ids["annotate-editor"], ids["annotate-recent"]
        opening, saving = (_event(config, *target) for target in ((trigger, "open"), (editor, "save")))
        numbers = tuple((event["id"], event["outputs"].index(editor)) for event in (opening, saving))
        return cls(editor, trigger, *numbers, (opening["inputs"], saving["inputs"]))


def _event(config: Mapping[str, Any], component: int, name: str) -> dict[str, Any]:
    return next(found for found in config["dependencies"] if [component, name] in [list(target) for target in found["targets"]])


@dataclass
class Annotator:
    """Somebody who annotates; use it as ``async with``.

    Attributes:
        address: of the workbench, with a slash at its end.
        account: name and password, where one has to sign in.
        value: what the editor shows.
    """

    address: str
    account: tuple[str, str] | None = None
    value: dict[str, Any] = field(default_factory=dict)

    async def __aenter__(self) -> Annotator:
        """Open the page, signed in."""
        self._client = httpx.AsyncClient(base_url=self.address, timeout=60.0)
        self._session = uuid4().hex[:11]
        if self.account:
            name, password = self.account
            answer = await self._client.post("login", data={"username": name, "password": password})
            answer.raise_for_status()
        config = await self._client.get("config")
        config.raise_for_status()
        self._page = Page.read(config.json())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the page."""
        await self._client.aclose()

    async def open(self, document_id: int) -> dict[str, Any]:
        """Open a stored document, and return what the editor shows then."""
        number, place = self._page.opening
        (inputs, _) = self._page.inputs
        data = [self.value if given == self._page.editor else None for given in inputs]
        answer = await self._ask(number, self._page.trigger, data, {"id": str(document_id)})
        self.value = _value(answer[place])
        return self.value

    async def save(self, spans: Sequence[Marked], client_key: str) -> float:
        """Save spans of the document that is open; return after how many seconds the answer was there.

        Raises:
            RefusedError: if the workbench does not acknowledge it.
        """
        number, place = self._page.saving
        (_, inputs) = self._page.inputs
        event = {
            "key": self.value["key"],
            "client_key": client_key,
            "text": self.value["text"],
            "spans": [{"start": start, "end": end, "label": label, "predicted": False} for start, end, label in spans],
            "proposals": [],
            "notes": {},
            "evidence": {},
            "base_revision": self.value.get("revision"),
            "seconds": 1.0,
        }
        began = time.perf_counter()
        data = [self.value if given == self._page.editor else None for given in inputs]
        answer = await self._ask(number, self._page.editor, data, event)
        value = _value(answer[place])
        if value.get("acknowledged") != client_key:
            raise RefusedError(f"a save was not acknowledged: {answer}")
        self.value = value
        return time.perf_counter() - began

    async def _ask(self, number: int, trigger: int, data: Sequence[Any], event: Mapping[str, Any]) -> list[Any]:
        said = {"data": data, "fn_index": number, "trigger_id": trigger, "session_hash": self._session, "event_data": event}
        joined = await self._client.post("gradio_api/queue/join", json=said)
        joined.raise_for_status()
        waited_for = joined.json()["event_id"]
        async with self._client.stream("GET", "gradio_api/queue/data", params={"session_hash": self._session}) as stream:
            async for line in stream.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message.get("event_id") != waited_for or message["msg"] != "process_completed":
                    continue
                if not message["success"]:
                    raise RefusedError(str(message["output"]))
                data = message["output"]["data"]
                return list(data)
        raise RefusedError("the workbench closed the line before it had answered")


def _value(update: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a component is to show; nothing where it is left as it is."""
    return dict(update.get("value") or {}) if update.get("__type__") == "update" else dict(update)


async def until_it_answers(address: str, seconds: float = 120.0) -> None:
    """Wait for a workbench to be there.

    Raises:
        TimeoutError: if it is not in time.
    """
    deadline = time.monotonic() + seconds
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline:
            try:
                if (await client.get(address, timeout=10.0)).status_code < 500:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.25)
    raise TimeoutError(f"no workbench answers at {address}")
