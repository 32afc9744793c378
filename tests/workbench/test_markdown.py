"""What people write in Markdown: shown as meant, harmless whatever it holds, and never a reason to ask another server."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.language import Texts
from workbench.views.markdown import markdown_html

WORDS = Texts("zh").words
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PLAIN = {
    "p",
    "br",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "em",
    "strong",
    "s",
    "a",
}
KNOWN = {*PLAIN, "img", "small", "table", "thead", "tbody", "tr", "th", "td"}


class Seen(HTMLParser):
    """Notes every tag, and everything that a browser fetches without being asked."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.fetched, self.links, self.said = [], set(), [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.fetched += [value for name, value in attrs if name in ("src", "srcset", "poster", "background", "style", "data")]
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.said += data


def seen(text):
    return Seen(markdown_html(text, WORDS))


def test_what_is_written_is_shown():
    found = seen("# 怎么标\n\n机构名**整体**标注\n第二行\n\n- ~~旧~~\n\n| 词 | 标 |\n|---|---|\n| 北京 | LOC |")
    assert {"h1", "strong", "br", "li", "s", "table", "td"} <= set(found.tags)
    assert "机构名整体标注" in found.said and "北京" in found.said


@pytest.mark.parametrize(
    "written",
    [
        "![图](https://tracker.example/p.png)",
        "![图](//tracker.example/p.png)",
        "![图](http://tracker.example/p.png 'title')",
        "![图][a]\n\n[a]: https://tracker.example/p.png",
        "[![图](https://tracker.example/p.png)](https://else.example)",
        "![图](\\/\\/tracker.example/p.png)",
        "![图](/\\\\tracker.example/p.png)",
        "![图](/&#9;/tracker.example/p.png)",
        "![图](&#104;ttps://tracker.example/p.png)",
    ],
)
def test_a_picture_of_another_server_is_a_link_with_its_address(written):
    found = seen(written)
    assert found.fetched == [] and "img" not in found.tags
    assert any("tracker.example" in link for link in found.links) and "tracker.example" in found.said
    assert "图" in found.said and "rel" in found.attributes


def test_pictures_that_are_here_are_shown():
    assert seen(f"![点]({PIXEL})").fetched == [PIXEL]
    assert seen("![点](/gradio_api/file=guide.png)").fetched == ["/gradio_api/file=guide.png"]


@pytest.mark.parametrize(
    "written",
    [
        "<img src=https://tracker.example/p.png>",
        "<script>ran = 1</script>",
        "<div style='background: url(https://tracker.example)' onclick='ran = 1'>块</div>",
        "<svg><image href='https://tracker.example/p.png'></image></svg>",
        "<video poster=https://tracker.example/p.png></video>",
        "<link rel=stylesheet href=https://tracker.example/x.css>",
        "<iframe srcdoc='<script>parent.ran = 1</script>'></iframe>",
        "[点](javascript:ran=1) [点](data:text/html,<script>ran=1</script>) ![点](data:image/svg+xml,<svg onload=ran=1>)",
    ],
)
def test_tags_and_scripts_are_text(written):
    found = seen(written)
    assert set(found.tags) <= KNOWN and found.fetched == []
    assert found.attributes <= {"href", "target", "rel"} and not [link for link in found.links if not link.startswith("http")]


def test_what_gradio_would_evaluate_is_shown_as_it_is():
    html = markdown_html("价格 ${1+1} {{value}} `code` \\\\", WORDS)
    assert not set("`${}\\") & set(html)
    assert Seen(html).said.strip() == "价格 ${1+1} {{value}} code \\"


@given(st.text(alphabet=st.sampled_from("![]()<>\"'`\\/&#;:=. \n一axhtpsdimgrcon"), max_size=60))
def test_nothing_that_can_be_typed_fetches_or_runs(text):
    found = seen(text)
    assert set(found.tags) <= KNOWN and found.attributes <= {"href", "target", "rel", "src", "alt", "start", "class", "style"}
    assert not [value for value in found.fetched if not re.match(r"data:image/|/(?![/\\])|text-align:", value)]
    assert not [link for link in found.links if re.match(r"\s*(javascript|vbscript|file|data):", link, re.IGNORECASE)]
