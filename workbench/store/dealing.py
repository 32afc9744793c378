"""Who gets which document: as evenly as can be, the same for the same seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence

from workbench.store.errors import StoreError


def deal(
    documents: Sequence[int],
    accounts: Sequence[str],
    overlap: int,
    seed: int = 0,
    holders: Mapping[int, Collection[str]] | None = None,
) -> list[tuple[int, str]]:
    """Deal documents to accounts until each has ``overlap`` holders.

    Each goes to those who have the fewest by then, so that nobody who began with as many has two more than another.

    Args:
        documents: in the order in which they are to be worked on.
        accounts: who gets them.
        overlap: how many accounts each document is to have.
        seed: settles who of several with as few gets a document.
        holders: who has a document already; they count, and keep it.

    Raises:
        StoreError: if there are too few accounts.
    """
    accounts = sorted(set(accounts))
    if len(accounts) < overlap:
        raise StoreError(f"{overlap} annotators are asked for each document, {len(accounts)} are given; add some")
    holders = holders or {}
    held = {account: sum(account in holding for holding in holders.values()) for account in accounts}
    rng = random.Random(seed)
    dealt = []
    for document in documents:
        having = set(holders.get(document, ()))
        free = [account for account in accounts if account not in having]
        rng.shuffle(free)
        free.sort(key=held.__getitem__)
        for account in free[: max(0, overlap - len(having))]:
            held[account] += 1
            dealt.append((document, account))
    return dealt
