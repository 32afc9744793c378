"""Where speech comes from: a file, the browser's microphone, or that of the machine that the workbench runs on.

Files and the browser's microphone are panel.js's work: it uploads through the page's own connection and says where to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.recording import devices
from workbench.tabs import QUIET, Context, Session, guard, notice
from workbench.uploads import uploaded
from workbench.views.escape import esc

Answer = Callable[[str, str, Session], dict[Any, Any]]
"""Reads a text with a checkpoint and with what the session knows, and shows it."""
_ENDINGS = "audio/*,.wav,.mp3,.flac,.ogg,.opus,.m4a,.aac"
_WATCH_SECONDS = 0.25
_OPTION = "--asr"


@dataclass(frozen=True)
class SpeechSource:
    """The place's components.

    Attributes:
        place: folded up until it is asked for.
        files: a file, or the browser's microphone; the recording that there is.
        desk: this machine's microphone.
        meter: how loud it is.
        watch: ticks while it records.
        problem: what could not be done.
        write: has the recording written down.
    """

    place: gr.Accordion
    files: gr.HTML
    desk: gr.HTML
    meter: gr.HTML
    watch: gr.Timer
    problem: gr.HTML
    write: gr.Button

    @classmethod
    def lay_out(cls, context: Context) -> SpeechSource:
        """Lay the place out, where the caller stands."""
        t, asr = context.texts, context.services.settings.asr
        with gr.Accordion(t("analyse.speech.label"), open=False, elem_id="speech-source") as place:
            files = gr.HTML(
                _files(context, Session()),
                js_on_load="duomoSpeech.files(element, trigger, upload, 'put', 'remove')",
                elem_id="speech-files",
            )
            desk = gr.HTML(js_on_load="duomoSpeech.desk(element, trigger, 'start', 'finish')", elem_id="speech-desk")
            meter = gr.HTML(elem_classes="speech-part", elem_id="speech-meter")
            problem = gr.HTML(elem_classes="notices", elem_id="speech-problem")
            write = gr.Button(t("analyse.write.label"), elem_id="speech-write", visible=bool(asr), scale=0, min_width=160)
            if not asr:
                hint = esc(t("analyse.write.hint")).replace(_OPTION, f"<code>{_OPTION}</code>")
                gr.HTML(f'<p class="duomo-note speech-hint">{hint}</p>')
        return cls(place, files, desk, meter, gr.Timer(_WATCH_SECONDS, active=False), problem, write)

    @property
    def results(self) -> list[Any]:
        """Return what an analysis fills."""
        return [self.files, self.place]

    def shown(self, context: Context, session: Session) -> dict[Any, Any]:
        """Return what the place says of the recording that there is."""
        t = context.texts
        name = t("analyse.speech.given", name=session.speech_name) if session.speech else t("analyse.speech.label")
        return {self.files: _files(context, session), self.place: gr.update(label=name)}


def wire(
    context: Context, source: SpeechSource, answer: Answer, asked: Sequence[Any], answered: Sequence[Any], event: dict[str, Any]
) -> list[Any]:
    """Have the text answered anew when a recording comes or goes; return those events.

    Args:
        context: of the page.
        source: laid out before.
        answer: shows the text's answer in ``answered``.
        asked: text, checkpoint and session.
        answered: what the answer fills, and the page's own problem.
        event: how a prediction is registered.
    """
    text, _, session = asked
    does, guarded = _Handlers(context, source, answer, text), guard(context, source.problem)
    outputs = [source.problem, *answered]
    desk = [source.problem, source.desk, source.meter, source.watch]
    source.place.expand(guarded(does.unfold), [], desk, **QUIET)
    source.desk.start(guarded(does.start), [], desk, **QUIET)
    source.watch.tick(guarded(does.look), [], desk, **QUIET)
    source.write.click(guarded(does.write), [session], [source.problem, text], **QUIET, concurrency_limit=1)
    return [
        source.files.put(guarded(does.put), asked, outputs, **event),
        source.files.remove(guarded(does.remove), asked, outputs, **event),
        source.desk.finish(guarded(does.finish), asked, [*outputs, *desk[1:]], **event),
    ]


@dataclass(frozen=True)
class _Handlers:
    context: Context
    source: SpeechSource
    answer: Answer
    text: gr.Textbox

    def put(self, event: gr.EventData, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Take in what the browser has uploaded."""
        return self._heard(uploaded(event.path), str(event.name), text, checkpoint, session)

    def remove(self, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Answer without the recording from now on; its file stays in the workspace."""
        session.forget_speech()
        empty = self.source.shown(self.context, session)
        return {**empty, **self.answer(text, checkpoint, session)} if text.strip() else empty

    def unfold(self) -> dict[Any, Any]:
        """Look for this machine's microphones, or say why there are none."""
        return {self.source.desk: _desk(self.context)}

    def start(self, event: gr.EventData) -> dict[Any, Any]:
        """Begin to record with this machine's microphone."""
        self._check_microphone()
        self.context.services.recorder.start(int(event.device))
        return {self.source.watch: gr.Timer(active=True), self.source.desk: _desk(self.context), **self.look()}

    def look(self) -> dict[Any, Any]:
        """Say how loud it is, until the minute is full or somebody has stopped."""
        recorder = self.context.services.recorder
        meter = {self.source.meter: _meter(self.context) if recorder.begun else ""}
        if recorder.running:
            return meter
        return {**meter, self.source.desk: _desk(self.context), self.source.watch: gr.Timer(active=False)}

    def finish(self, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Take in what this machine's microphone has recorded."""
        self._check_microphone()
        path = self.context.services.recorder.stop()
        idle = {self.source.watch: gr.Timer(active=False), self.source.meter: "", self.source.desk: _desk(self.context)}
        try:
            return {**idle, **self._heard(path, self.context.texts("analyse.desk.label"), text, checkpoint, session)}
        except UserError as error:  # the microphone is free again, whatever became of the text
            return {**idle, self.source.problem: notice(self.context.texts(error.key, **error.values))}

    def write(self, session: Session) -> dict[Any, Any]:
        """Put what the recording says into the box."""
        if not session.speech:
            raise UserError("analyse.write.error")
        return {self.text: self.context.services.recognise(session.speech)}

    def _heard(self, path: Path, name: str, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        if text.strip():
            session.speech, session.speech_name, session.speech_text = str(path), name, ""
            return self.answer(text, checkpoint, session)
        # Nothing to answer yet: the recording waits for its words.
        kept = self.context.services.keep_speech(path)
        session.speech, session.speech_name, session.speech_text = str(kept.path), name, ""
        told = notice(self.context.texts("analyse.speech.wordless"), "warning")
        return {**self.source.shown(self.context, session), self.source.problem: told}

    def _check_microphone(self) -> None:
        if not self.context.services.settings.microphone:
            raise UserError("recording.away.error")


def file_words(context: Context, record: str) -> str:
    """Return what the browser says of a file or of its microphone, as the value of an attribute.

    Args:
        context: of the page.
        record: what the button of the microphone is called.
    """
    t = context.texts
    words = {
        "stop": t("analyse.record.stop"),
        "start": record,
        "asking": t("analyse.record.asking"),
        "sending": t("analyse.upload.sending"),
        "failed": t("analyse.upload.failed"),
        "denied": t("analyse.record.denied"),
        "insecure": t("analyse.record.insecure"),
        "broken": t("analyse.record.broken"),
    }
    return esc(json.dumps(words))


def file_buttons(upload: str, record: str) -> str:
    """Return the ways of a file and of the browser's microphone.

    Args:
        upload: what the first is called.
        record: what the second is called.
    """
    return (
        f'<label class="quiet" tabindex="0">{esc(upload)}<input type="file" accept="{_ENDINGS}" tabindex="-1"></label>'
        f'<button type="button" class="quiet" data-record aria-pressed="false">{esc(record)}</button>'
    )


def _files(context: Context, session: Session) -> str:
    t, record = context.texts, context.texts("analyse.record.label")
    given = f'<button type="button" class="quiet" data-remove>{esc(t("analyse.remove.label"))}</button>' if session.speech else ""
    return (
        f'<div class="speech-ways" data-words="{file_words(context, record)}">'
        f"{file_buttons(t('analyse.upload.label'), record)}{given}"
        '<span class="speech-said" role="status"></span></div>'
    )


def _desk(context: Context) -> str:
    t, services = context.texts, context.services
    if not services.settings.microphone:
        return _reason(t("recording.away.error"))
    if services.recorder.begun:
        stop = f'<button type="button" class="quiet" data-finish>{esc(t("analyse.desk.stop"))}</button>'
        return f'<div class="speech-ways"><span>{esc(t("analyse.desk.label"))}</span>{stop}</div>'
    try:
        found = devices()
    except UserError as error:
        return _reason(t(error.key, **error.values))
    options = "".join(f'<option value="{device.number}">{esc(device.name)}</option>' for device in found)
    return (
        f'<div class="speech-ways"><label>{esc(t("analyse.desk.label"))} <select data-device>{options}</select></label>'
        f'<button type="button" class="quiet" data-begin>{esc(t("analyse.desk.start"))}</button></div>'
    )


def _meter(context: Context) -> str:
    recorder = context.services.recorder
    label = context.texts("analyse.desk.level", seconds=f"{recorder.seconds:.0f}")
    return (
        f'<div class="speech-level" role="status"><meter min="0" max="1" value="{recorder.level():.2f}"></meter>'
        f"<span>{esc(label)}</span></div>"
    )


def _reason(words: str) -> str:
    return f'<p class="duomo-note">{esc(words)}</p>'
