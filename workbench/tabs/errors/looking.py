"""How a study is looked at: which reading, which sentences, which page of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from engine.errors import EngineError
from workbench.tabs import Session
from workbench.tabs.errors.address import NOBODY, written
from workbench.tabs.errors.showing import ROWS, Showing
from workbench.views.compared import PARTS


@dataclass(frozen=True)
class Looking(Showing):
    """Turns a study to all sides; each method answers an event."""

    def switch(self, session: Session, a: int, b: int, request: gr.Request) -> dict[Any, Any]:
        """Look at another reading, or compare with another."""
        view = self.view(session)
        # Which two are compared decides what is selected; a selection of a comparison means nothing without one.
        b = b if b is not None and b != a else NOBODY
        session.study = replace(view, a=int(a), b=int(b), page=0, select=view.select if b != NOBODY else _of_one(view.select))
        return self.drawn(session, self.worked(session, request))

    def count(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Count each case once, or under every kind that it is of."""
        session.study = replace(self.view(session), together=event.way == "together")
        return {
            self.parts.figures: self.figures(self.worked(session, request), session.study),
            self.parts.address: written(session.study),
        }

    def pick(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """List the sentences behind a number."""
        return {**self.selected(session, request, str(event.select)), self.parts.condition: ""}

    def find(self, session: Session, condition: str, request: gr.Request) -> dict[Any, Any]:
        """List the sentences that a condition holds of."""
        return self.selected(session, request, f"text:{condition.strip()}" if condition.strip() else "all")

    def turn(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go to another page of the list."""
        session.study = replace(self.view(session), page=max(0, int(event.number)))
        return self.listed(session, self.worked(session, request))

    def open_row(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Show the sentence of a mark on the map."""
        return self.selected(session, request, f"{ROWS}:{int(event.row)}")

    def selected(self, session: Session, request: gr.Request, selection: str) -> dict[Any, Any]:
        """List what a selection finds.

        Raises:
            EngineError: if it cannot be read; what is listed stays.
        """
        worked, before = self.worked(session, request), self.view(session)
        session.study = replace(self.view(session), select=selection, page=0)
        try:
            return self.listed(session, worked)
        except EngineError:  # a condition that cannot be read selects nothing
            session.study = before
            raise


def _of_one(selection: str) -> str:
    return "" if selection in PARTS else selection
