"""Assembles the page: a table of contents, once for each language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from workbench.language import LANGUAGES, Texts
from workbench.services import Services
from workbench.tabs import QUIET, Context, Session, Tab, account_of, analyse, annotate, errors, projects, retrain
from workbench.theme import css, head, static_paths, theme
from workbench.uploads import CLEARED
from workbench.views.escape import esc

_TABS = Path(__file__).parent / "tabs"
_VIEWS = Path(__file__).parent / "views"
_PANEL_NAMES = ("character_panel", "speech_panel", "picture_panel", "bench_panel", "map_panel")
_PANELS = tuple(Path(__file__).parent / name for name in _PANEL_NAMES)
_STYLES = (*sorted(_TABS.rglob("*.css")), *(panel / "panel.css" for panel in _PANELS))
_DRAWN = tuple(_VIEWS / name for name in ("panels.js", "speech.js", "pictures.js"))
# A page's script builds on that of the tabs.
_OF_PAGES = (*sorted((_TABS / "projects").glob("*.js")), *sorted((_TABS / "errors").glob("*.js")))
_SCRIPTS = (*_DRAWN, *(panel / "panel.js" for panel in _PANELS), _TABS / "tabs.js", *_OF_PAGES)
_FONTS = "fonts"


def build(services: Services) -> gr.Blocks:
    """Return the whole workbench: the page in the language of the settings at ``/``, the other one at ``/en`` or ``/zh``."""
    first = services.settings.language
    with gr.Blocks(title="多模 Duomo", analytics_enabled=False, delete_cache=CLEARED) as blocks:
        _page(blocks, services, Texts(first))
    for language in LANGUAGES:
        if language != first:
            with blocks.route(LANGUAGES[language], path=language, show_in_navbar=False):
                _page(blocks, services, Texts(language))
    # Sensible for two cores: one page's long text must not hold up another's click.
    return blocks.queue(default_concurrency_limit=4, api_open=False)


def launch_options(services: Services) -> dict[str, Any]:
    """Return what ``launch`` is given besides the address: the look, the doors and nothing from elsewhere."""
    return {
        "theme": theme(),
        "css": "\n".join([css(), *(path.read_text(encoding="utf-8") for path in _STYLES)]),
        "head": head(_FONTS) + "".join(f"<script>{path.read_text(encoding='utf-8')}</script>" for path in _SCRIPTS),
        "auth": services.signing.enter,
        "auth_message": _login(services.settings.language),
        "share": services.settings.share,
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "show_error": False,
        "quiet": True,
    }


def open_doors(server: FastAPI, services: Services) -> None:
    """Let in who may come in; until then a server lets in nobody.

    The fonts are served to anyone: the page that asks for a password is written in them too.

    Args:
        server: as ``launch`` returns it.
        services: that say who is signed in.
    """
    server.tokens = services.signing.sessions  # type: ignore[attr-defined]
    (folder,) = static_paths()
    server.mount(f"/{_FONTS}", StaticFiles(directory=folder), name=_FONTS)


def _login(first: str) -> str:
    languages = sorted(LANGUAGES, key=lambda language: language != first)
    lines = [f'<span lang="{language}">{esc(Texts(language)("page.login.line"))}</span>' for language in languages]
    return (
        f'<link rel="stylesheet" href="{_FONTS}/noto-sans-sc.css">'
        "<style>.form { background: none !important; border: 0 } .auth span { display: block; margin-top: 8px }</style>"
        f"<strong>多模 Duomo</strong>{''.join(lines)}"
    )


def _page(blocks: gr.Blocks, services: Services, texts: Texts) -> None:
    masthead = gr.HTML(_header(texts, services.settings.language), elem_classes="masthead")
    session = gr.State(Session())
    context = Context(services, texts, session)
    with gr.Tabs(elem_id="tabs") as tabs:
        built = {module.KEY: module.build(context) for module in (analyse, annotate, retrain, errors, projects)}
    _join(tabs, built)

    def greet(request: gr.Request) -> Any:
        """Name who is signed in."""
        shown = services.store.accounts.get(account_of(request)).shown if account_of(request) else ""
        return _header(texts, services.settings.language, shown) if shown else gr.skip()

    blocks.load(greet, None, masthead, **QUIET)
    for tab in built.values():
        door = tab.opening
        blocks.load(door.handler, door.inputs, door.outputs, js=door.script, **QUIET)


def _join(tabs: gr.Tabs, built: dict[str, Tab]) -> None:
    """Let one tab's signal open another's door."""

    def correct(session: Session, request: gr.Request) -> dict[Any, Any]:
        return {**carry.handler(session, request), tabs: gr.Tabs(selected=annotate.KEY)}

    def opened(session: Session, request: gr.Request) -> dict[Any, Any]:
        return {**enter.handler(session, request), tabs: gr.Tabs(selected=annotate.KEY)} if session.wanted else {tabs: gr.skip()}

    def look(session: Session, request: gr.Request) -> dict[Any, Any]:
        return {**answer.handler(session, request), tabs: gr.Tabs(selected=analyse.KEY)} if session.asked else {tabs: gr.skip()}

    carry, refresh = built["annotate"].doors["carry"], built["analyse"].doors["refresh"]
    enter = built["annotate"].doors["open"]
    count, answer = built["retrain"].doors["count"], built["analyse"].doors["answer"]
    built["analyse"].signals["correct"](correct, carry.inputs, [*carry.outputs, tabs], **QUIET)
    built["projects"].signals["opened"](opened, enter.inputs, [*enter.outputs, tabs], **QUIET)
    built["errors"].signals["opened"](opened, enter.inputs, [*enter.outputs, tabs], **QUIET)
    built["errors"].signals["evidence"](look, answer.inputs, [*answer.outputs, tabs], **QUIET)
    for changed in ("used", "overridden", "chosen"):
        built["retrain"].signals[changed](refresh.handler, refresh.inputs, refresh.outputs, **QUIET)
    built["annotate"].signals["saved"](count.handler, count.inputs, count.outputs, **QUIET)


def _header(texts: Texts, first: str, shown: str = "") -> str:
    links = []
    for language, name in LANGUAGES.items():
        here = ' aria-current="true"' if language == texts.language else ""
        target = "./" if language == first else f"./{language}"
        links.append(f'<a href="{target}" hreflang="{language}" lang="{language}"{here} data-language>{esc(name)}</a>')
    return (
        f'<header class="brand"><span class="brand-mark" lang="zh">多模</span><span class="brand-name">Duomo</span>'
        f'<span class="brand-line">{esc(texts("page.header.line"))}</span>'
        f"{_signed(texts, shown) if shown else ''}"
        f'<nav class="languages" aria-label="{esc(texts("page.language.label"))}">{"".join(links)}</nav></header>'
    )


def _signed(texts: Texts, shown: str) -> str:
    way = f"{texts('projects.tab.label')}|{texts('people.tab.label')}"
    return (
        f'<nav class="signed" aria-label="{esc(texts("page.signed.in"))}"><span class="signed-name">{esc(shown)}</span>'
        f'<button type="button" data-own-password="{esc(way)}">{esc(texts("page.signed.password"))}</button>'
        f'<a href="./logout">{esc(texts("page.signed.out"))}</a></nav>'
    )
