"""The pictures that stand beside a text that is annotated: thumbnails to look at, each unfolds to a larger one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.views.escape import esc
from workbench.views.picture import Picture


def beside_html(pictures: Sequence[Picture | None], texts: Mapping[str, str]) -> str:
    """Draw the pictures in a row; nothing where there are none.

    Args:
        pictures: in their order; none stands for one whose file is gone.
        texts: the words ``views.beside.*``.
    """
    if not pictures:
        return ""
    title = esc(texts["views.beside.title"])
    items = "".join(_item(picture, number, texts) for number, picture in enumerate(pictures, start=1))
    return f'<section class="duomo-beside" aria-label="{title}"><p class="duomo-caption">{title}</p><ol>{items}</ol></section>'


def _item(picture: Picture | None, number: int, texts: Mapping[str, str]) -> str:
    name = esc(texts["views.beside.name"].format(number=number))
    if picture is None:
        return f'<li class="is-gone" role="img" aria-label="{name}">{name}<span>{esc(texts["views.beside.gone"])}</span></li>'
    width, height = picture.size
    return (
        f'<li><details><summary title="{name}" aria-label="{name}"><img src="{esc(picture.thumbnail_url)}" alt=""></summary>'
        f'<img src="{esc(picture.url)}" alt="{name}" style="aspect-ratio:{width}/{height}"></details></li>'
    )
