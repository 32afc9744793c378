"""The project's protected test set: chosen by uploading it, shown with what it holds, taken away again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.exchange.uploads import read_uploads
from workbench.tabs import QUIET, Context, Section, Session, guard, notice, project_of, require_lead
from workbench.uploads import uploaded
from workbench.views.escape import esc
from workbench.views.protected import protected_html


@dataclass(frozen=True)
class _Parts:
    frame: gr.Accordion
    shown: gr.HTML
    files: gr.File
    trim: gr.Button
    remove: gr.Button
    told: gr.HTML


def build(context: Context) -> Section:
    """Lay the section out and wire it."""
    t = context.texts
    with gr.Accordion(t("protected.title"), open=False, elem_id="retrain-protected") as frame:
        told = gr.HTML(elem_classes="notices")
        shown = gr.HTML(elem_id="protected-shown")
        with gr.Row(elem_classes="actions"):
            trim = gr.Button(t("protected.trim.label"), visible=False, elem_id="protected-trim", scale=0, min_width=200)
            remove = gr.Button(t("protected.remove.label"), visible=False, elem_id="protected-remove", scale=0, min_width=120)
        files = gr.File(label=t("protected.files.label"), file_count="multiple", elem_id="protected-files", height=150)
        gr.HTML(f'<p class="duomo-hint">{esc(t("protected.files.hint"))}</p>')
    parts = _Parts(frame, shown, files, trim, remove, told)
    does, guarded = _Handlers(context, parts), guard(context, told)
    drawn, once = [told, frame, shown, trim, remove, files], {**QUIET, "trigger_mode": "once"}
    frame.expand(guarded(does.look), context.session, drawn, **QUIET)
    files.upload(guarded(does.choose), [context.session, files], drawn, **once)
    trim.click(guarded(does.trim), context.session, drawn, **once)
    remove.click(guarded(does.remove), context.session, drawn, **once)
    return Section(does.draw, [frame, shown, trim, remove], told, [])


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request, *, looked: bool = False) -> dict[Any, Any]:
        """Show the set; only when somebody looks at it, is it seen what of it has been annotated since."""
        sets, project = self.context.services.protected, project_of(self.context, session, request)
        lead, found, t = self._leads(request), sets.of(project), self.context.texts
        overlap = sets.overlap(project) if found and looked else None
        label = t("protected.title.some", name=found.name, count=f"{found.documents:,}") if found else t("protected.title")
        return {
            self.parts.frame: gr.update(label=label),
            self.parts.shown: protected_html(found, overlap, t),
            self.parts.trim: gr.update(visible=bool(lead and overlap and overlap.documents)),
            self.parts.remove: gr.update(visible=lead and found is not None),
        }

    def look(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Show the set to whoever has opened the section."""
        return {**self.draw(session, request, looked=True), self.parts.files: gr.update(visible=self._leads(request))}

    def choose(self, session: Session, files: list[str] | None, request: gr.Request) -> dict[Any, Any]:
        """Judge the project's retrainings by what was uploaded."""
        account, project = require_lead(self.context, request), project_of(self.context, session, request)
        services, t = self.context.services, self.context.texts
        paths = [uploaded(file) for file in files or ()]
        documents, missing = read_uploads(services, paths)
        name = paths[0].name if len(paths) == 1 else t("protected.several", name=paths[0].name, count=len(paths))
        services.protected.choose(project, documents, name, by=account)
        said = t("protected.done") + (t("protected.missing", count=missing) if missing else "")
        return {**self.look(session, request), self.parts.files: None, self.parts.told: notice(said, "success")}

    def trim(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take what has been annotated since out of the set."""
        require_lead(self.context, request)
        self.context.services.protected.trim(project_of(self.context, session, request))
        return self.look(session, request)

    def remove(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Judge the project's retrainings by no set any more."""
        require_lead(self.context, request)
        self.context.services.protected.remove(project_of(self.context, session, request))
        return {
            **self.look(session, request),
            self.parts.told: notice(self.context.texts("protected.removed"), "success"),
        }

    def _leads(self, request: gr.Request) -> bool:
        return self.context.services.store.projects.curates(request.username or "")
