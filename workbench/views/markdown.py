"""Markdown that people write, as HTML: what they paste into it is shown as text, and nothing is fetched from elsewhere for it."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from workbench.views.escape import esc

# Of data there are only pictures: the parser takes no other. What begins with two slashes is another server.
_OWN = re.compile(r"data:|/(?!/)[\w./=+-]*\Z", re.ASCII)
_ELSEWHERE = 'target="_blank" rel="noopener noreferrer"'
# What Gradio's templates would evaluate; no tag of the renderer has any of it.
_EVALUATED = {ord(character): f"&#{ord(character)};" for character in "`${}\\"}


def markdown_html(text: str, texts: Mapping[str, str]) -> str:
    """Return Markdown as HTML, in which tags are text and a picture of another server is a link with its address.

    Args:
        text: CommonMark with tables and crossed out words; lines break where they end.
        texts: the words ``views.markdown.picture``.
    """
    return str(_parser().render(text, {"texts": texts})).translate(_EVALUATED)


@functools.cache
def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    made.add_render_rule("image", _image)
    made.add_render_rule("link_open", _link)
    return made


def _image(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    source, said = str(token.attrs.get("src", "")), token.content
    if _OWN.match(source):
        return f'<img src="{esc(source)}" alt="{esc(said)}">'
    words = env["texts"]["views.markdown.picture"].format(name=said)
    return f'<a href="{esc(source)}" {_ELSEWHERE}>{esc(words)} <small>{esc(source)}</small></a>'


def _link(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return f'<a href="{esc(tokens[at].attrs.get("href", ""))}" {_ELSEWHERE}>'
