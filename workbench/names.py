"""What people are called on the page."""

from __future__ import annotations

from workbench.language import Texts
from workbench.store import Store


def called(account: str, store: Store, texts: Texts) -> str:
    """Return what others read of whoever has this account; the empty one is nobody's."""
    return store.accounts.shown(account) if account else texts("account.nobody.name")
