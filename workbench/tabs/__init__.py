"""The tabs: one file each, ``build(context) -> Tab``. A tab knows the context, never another tab; ``app.py`` joins them."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from engine.document import Document
from engine.errors import EngineError
from workbench.errors import UserError
from workbench.language import Texts
from workbench.pictured import Placed
from workbench.services import Services
from workbench.store import Role
from workbench.store.errors import StoreError
from workbench.views.escape import esc

_log = logging.getLogger(__name__)

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""How every event of ours is registered: not an API, and no overlay that makes the page jump."""


@dataclass(frozen=True)
class Disputed:
    """Documents on which annotators differ in one way: of which project, what the disagreement is called, and which."""

    project: int
    about: str
    documents: tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """A document that one tab wants another, or a panel, to look at, its files as paths, and the folder of who is to read it."""

    document: Document
    checkpoint: str


@dataclass
class Session:
    """What one open page is about: ids alone, so that it is small and survives pickling.

    Handlers change it in place and never return it: of two that run at once, the later to return would undo the other.

    Attributes:
        analysis: the analysis that the Analyse tab shows.
        speech: the recording beside the text, by its path in the workspace.
        speech_name: what the user calls it.
        speech_text: what it says, where an example says so: with another text it is left out.
        comparison: what the answer is compared with, of :data:`workbench.speech_panel.WAYS`; empty for nothing.
        shift: by how many seconds the recording is moved where it is compared with itself, later or (negative) earlier.
        other: another recording of the same words, by its path.
        other_name: what the user calls it.
        pictures: those beside the text, in their order.
        carried: the analysis that the editor's spans came from.
        document: the editor's key of the text in it.
        opened: id of the stored document in the editor, 0 for a text that is not stored.
        project: the project that is worked in; 0 until it is asked for, see :func:`project_of`.
        page: the page of the Projects tab that is shown.
        sought: what the Documents page of the Projects tab looks for.
        wanted: id of the stored document that another tab asks Annotate, or another page Adjudicate, to open.
        disputed: the disagreement that Adjudicate is narrowed to; ``None`` for all there is.
        judging: id of the document that Adjudicate shows.
        judging_blindly: whether it hides who said what.
        judging_whole: whether it shows what all agree on too.
        judging_judged: whether it lists what has gold already too.
        job: the job that the Retrain tab shows.
        seen: the state of that job when it was last drawn.
        study: what Errors shows; ``None`` before anything is.
        pending: what Errors is to show next, while it is made or something has to be settled first.
        studying: token of the study that is being made; empty for none, and for one that is to stop.
        listing: the list that sentences are added to.
        asked: the text that Errors asks another tab, or a panel, to look at.
    """

    analysis: str = ""
    speech: str = ""
    speech_name: str = ""
    speech_text: str = ""
    comparison: str = ""
    shift: float = 0.2
    other: str = ""
    other_name: str = ""
    pictures: tuple[Placed, ...] = ()
    carried: str = ""
    document: str = ""
    opened: int = 0
    project: int = 0
    page: str = ""
    sought: Any = None
    wanted: int = 0
    disputed: Disputed | None = None
    judging: int = 0
    judging_blindly: bool = False
    judging_whole: bool = False
    judging_judged: bool = False
    job: str = ""
    seen: str = ""
    study: Any = None
    pending: Any = None
    studying: str = ""
    listing: str = ""
    asked: Asked | None = None

    @property
    def shown_pictures(self) -> list[str]:
        """Return the pictures that the text is answered with, by their paths in the workspace."""
        return [picture.path for picture in self.pictures if not picture.off]

    def forget_comparison(self) -> None:
        """Compare with nothing, and forget the other recording: it is of other words."""
        self.comparison = self.other = self.other_name = ""

    def forget_speech(self) -> None:
        """Forget the recording, and with it what it was compared with."""
        self.speech = self.speech_name = self.speech_text = ""
        self.forget_comparison()


@dataclass(frozen=True)
class Context:
    """What a tab is built from.

    Attributes:
        services: the process-wide object.
        texts: the words of the page's language.
        session: the ``gr.State`` that holds the page's :class:`Session`.
    """

    services: Services
    texts: Texts
    session: gr.State


@dataclass(frozen=True)
class Door:
    """A way into a tab from outside: a handler with what it reads and writes, and what the browser does to the inputs before."""

    handler: Callable[..., Any]
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    script: str | None = None


@dataclass(frozen=True)
class Tab:
    """A built tab.

    Attributes:
        item: its ``gr.Tab``.
        opening: what runs when the page is opened.
        signals: event listeners that others may join, by what has happened.
        doors: what others may have it do.
    """

    item: gr.Tab
    opening: Door
    signals: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    doors: Mapping[str, Door] = field(default_factory=dict)


def opening(
    context: Context,
    item: gr.Tab,
    problem: gr.HTML,
    show: Callable[[Session, gr.Request], dict[Any, Any]],
    drawn: Sequence[Any],
) -> Door:
    """Draw a page of Projects anew whenever its tab is chosen, and return the door that does so.

    Args:
        context: of the page.
        item: its tab.
        problem: where it says what went wrong.
        show: draws it.
        drawn: what is drawn.
    """

    @functools.wraps(show)
    def shown(session: Session, request: gr.Request) -> dict[Any, Any]:
        session.page = str(item.id)
        return show(session, request)

    door = Door(guard(context, problem)(shown), [context.session], drawn)
    item.select(door.handler, door.inputs, door.outputs, **QUIET)
    return door


def hand_over(event: Any, file: Any) -> None:
    """After an event has filled in a file, ``{"name", "type", "base64"}``, let the browser save it.

    It goes through the page's own connection to this page alone: no address that others could open, no file that stays.
    """
    event.then(None, js="(file) => duomoPanels.save(file)", inputs=[file], outputs=[file], **QUIET)


@dataclass(frozen=True)
class Section:
    """A part of a page that is drawn with it.

    Attributes:
        draw: what it shows, from the session and the request.
        drawn: the components that it draws.
        told: where it says what came of an action.
        changes: event listeners after which the whole page is to be drawn anew.
    """

    draw: Callable[[Session, gr.Request], dict[Any, Any]]
    drawn: Sequence[Any]
    told: gr.HTML
    changes: Sequence[Any]


def account_of(request: gr.Request) -> str:
    """Return who is signed in; empty where nobody has to."""
    return request.username or ""


def project_of(context: Context, session: Session, request: gr.Request) -> int:
    """Return the project that a page works in: the one chosen there, else the one last chosen by whoever is signed in.

    Raises:
        UserError: if they have no part in any project.
    """
    store, account = context.services.store, account_of(request)
    if not store.projects.admits(session.project, account):
        open_to = [project.id for project in store.projects.list(account=account)]
        if not open_to:
            raise UserError("projects.none.error", account=account)
        remembered = store.settings.get(remembered_project(account))
        session.project = remembered if remembered in open_to else open_to[0]
    return session.project


def remembered_project(account: str) -> str:
    """Return the name of the setting that says in which project somebody last worked."""
    return f"project.{account}"


def require(context: Context, session: Session, request: gr.Request, *roles: Role) -> str:
    """Return who is signed in, if their role in the page's project is one of these.

    Raises:
        UserError: if it is not.
    """
    account = account_of(request)
    if context.services.store.projects.role(project_of(context, session, request), account) not in roles:
        raise UserError("projects.role.error", roles=", ".join(context.texts(f"role.{role}.label") for role in roles))
    return account


def require_lead(context: Context, request: gr.Request) -> str:
    """Return who is signed in, if they may decide what concerns everyone: projects, and the model in use.

    Raises:
        UserError: if they may not, see :meth:`workbench.store.projects.Projects.curates`.
    """
    account = account_of(request)
    if not context.services.store.projects.curates(account):
        raise UserError("page.lead.error")
    return account


def notice(text: str, kind: str = "error") -> str:
    """Return the HTML of a message panel; the empty text gives none."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="notice notice-{kind}" role="{role}">{esc(text)}</div>' if text else ""


def guard(context: Context, panel: gr.HTML) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for handlers: what they raise is said in a panel, everything else on the page stays.

    A handler returns a dict from component to value, or yields several; components left out are left alone.
    """

    def decorate(handler: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(handler):

            @functools.wraps(handler)
            def guarded_steps(*args: Any, **kwargs: Any) -> Iterator[dict[Any, Any]]:
                try:
                    for step in handler(*args, **kwargs):
                        yield {panel: "", **step}
                except Exception as error:  # the border, as below
                    yield {panel: notice(explain(error, context))}

            return guarded_steps

        @functools.wraps(handler)
        def guarded(*args: Any, **kwargs: Any) -> dict[Any, Any]:
            try:
                return {panel: "", **handler(*args, **kwargs)}
            except Exception as error:  # the border: from here on a traceback would reach the user
                return {panel: notice(explain(error, context))}

        return guarded

    return decorate


def explain(error: Exception, context: Context) -> str:
    """Return what to tell the user about an error; one that nobody foresaw goes to the log."""
    texts = context.texts
    match error:
        case UserError():
            return texts(error.key, **error.values)
        case StoreError():
            return texts("page.store.error", message=error)
        case EngineError():
            return texts("page.engine.error", message=error)
        case OSError():
            _log.exception("the system refused")
            return texts("page.system.error", message=texts.said(error.strerror or error))
        case _:
            _log.exception("a handler failed")
            return texts("page.ours.error", log=context.services.settings.workspace / "workbench.log")
