"""What is written in the pictures: asked for by a button, picture by picture, and offered line by line to the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.modalities.picture_text import NEEDED, can_read_text, read_text
from workbench.picture_panel.drawing import thumbnail_url
from workbench.pictured import Placed
from workbench.tabs import Context, Session
from workbench.views.escape import esc


def unread(session: Session) -> list[Placed]:
    """Return the pictures that are on and whose text nobody has asked for yet."""
    return [picture for picture in session.pictures if picture.written is None and not picture.off]


def read_all(session: Session) -> Iterator[tuple[int, int]]:
    """Read the text in each picture that is unread; before each one, tell its number and how many there are.

    What the user does to the row meanwhile stands: of a picture that is gone by then nothing is kept.

    Raises:
        InputError: if a picture cannot be read; those before it have been.
        ConfigError: if what reads does not load.
    """
    asked = unread(session)
    for number, picture in enumerate(asked, start=1):
        yield number, len(asked)
        lines = read_text(picture.path)
        session.pictures = tuple(replace(one, written=lines) if one.key == picture.key else one for one in session.pictures)


def read_button(context: Context, session: Session, busy: bool) -> str:
    """Return the button that asks for the text; nothing where there is nothing to ask for, or nothing that could answer."""
    if not can_read_text() or not (busy or unread(session)):
        return ""
    waiting = ' aria-busy="true" disabled' if busy else ""
    return f'<button type="button" class="quiet" data-read{waiting}>{esc(context.texts("analyse.written.read"))}</button>'


def written_html(context: Context, session: Session) -> str:
    """Return the lines that were found, beside their pictures; without pictures nothing."""
    t = context.texts
    if session.pictures and not can_read_text():
        hint = esc(t("analyse.written.missing", command="%1")).replace("%1", f"<code>pip install {' '.join(NEEDED)}</code>")
        return f'<p class="duomo-note">{hint}</p>'
    found = "".join(
        _picture(context, picture, number)
        for number, picture in enumerate(session.pictures, start=1)
        if picture.written is not None
    )
    if not found:
        return ""
    title, lines = t("analyse.written.title"), any(picture.written for picture in session.pictures)
    hint = f'<p class="duomo-note">{esc(t("analyse.written.hint"))}</p>' if lines else ""
    return f'<section class="picture-written" aria-label="{esc(title)}"><ul>{found}</ul>{hint}</section>'


def _picture(context: Context, picture: Placed, number: int) -> str:
    t, lines = context.texts, picture.written or ()
    name = esc(t("analyse.pictures.toggle", number=number, name=picture.name))
    said = "".join(
        f'<button type="button" class="quiet" data-add title="{esc(t("analyse.written.add", line=line.text))}">'
        f'<span lang="zh">{esc(line.text)}</span><small>{line.confidence:.0%}</small></button>'
        for line in lines
    )
    if len(lines) > 1:
        said += f'<button type="button" class="quiet is-every" data-add>{esc(t("analyse.written.every"))}</button>'
    return (
        f'<li><img src="{esc(thumbnail_url(picture.path))}" alt=""><div><p class="picture-said">{name}</p>'
        f'<div class="picture-lines">{said or esc(t("analyse.written.none"))}</div></div></li>'
    )
