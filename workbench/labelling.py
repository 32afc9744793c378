"""What a project's labels can begin with, and small questions about them that no database is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from workbench.errors import UserError
from workbench.store import Label


def _standard(name: str, zh: str, en: str, key: str, definition: str, *examples: str) -> Label:
    return Label(name, zh, en, key=key, definition=definition, examples=examples)


STANDARD = (
    _standard("PER", "人名", "person", "1", "人的姓名、笔名、艺名；头衔和称谓不算。", "王芳", "鲁迅"),
    _standard("LOC", "地名", "location", "2", "山川、道路、建筑等自然和人造的地方。", "长江", "故宫"),
    _standard("ORG", "机构名", "organization", "3", "公司、学校、政府部门、球队等有组织的团体。", "北京大学"),
    _standard("GPE", "行政区", "geo-political entity", "4", "国家、省、市、县等有政府的地方。", "中国", "上海"),
    _standard("MISC", "其他", "miscellaneous", "5", "上面几类以外的专名：作品、事件、产品等。", "红楼梦"),
)
"""A set that most Chinese corpora share."""
_RGB = re.compile(r"rgba?\(\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)")


def colour_of(said: str, own: str = "") -> str:
    """Return a label's colour as ``#rrggbb``, empty where it is what the page chooses by itself.

    Args:
        said: what the browser's picker says, ``#rrggbb`` or ``rgba(…)``.
        own: what the page would choose.
    """
    found = _RGB.match(said)
    colour = "#" + "".join(f"{min(255, round(float(part))):02x}" for part in found.groups()) if found else said
    return "" if colour.lower() == own.lower() else colour


def former_names(labels: Iterable[Label]) -> dict[str, tuple[str, ...]]:
    """Return of each label the names that are read as it since they were renamed or merged."""
    becomes = {label.name: label.becomes for label in labels if label.becomes}
    former: dict[str, tuple[str, ...]] = {}
    for name in becomes:
        now, seen = name, {name}
        while now in becomes and becomes[now] not in seen:
            now = becomes[now]
            seen.add(now)
        former[now] = (*former.get(now, ()), name)
    return former


def moved(names: Sequence[str], name: str, *, down: bool) -> list[str]:
    """Return names in an order in which one has changed places with its neighbour.

    Raises:
        UserError: if it is not among them.
    """
    if name not in names:
        raise UserError("labels.unknown.error", name=name)
    order, at = list(names), list(names).index(name)
    order.insert(max(0, at + (1 if down else -1)), order.pop(at))
    return order
