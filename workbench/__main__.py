"""``python -m workbench``: opens the store, starts the page, prints its address and stays until Ctrl+C.

``backup`` and ``restore`` are commands of :mod:`workbench.store.command`, ``account`` of :mod:`workbench.store.account_command`.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import webbrowser
from collections.abc import Sequence

from workbench.settings import COMMANDS, Settings, SettingsError, parse

_PROG = "python -m workbench"
# Set before Gradio is imported, which reads them once: nothing is reported to anyone, nor is a table of the last 10,000 events
# made anew after each, which nobody looks at and every click would wait for.
_SILENCE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the workbench; return the exit status, 2 for what the caller can mend and 1 for a failure of ours."""
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] in COMMANDS:
        from workbench.store import account_command, command

        return account_command.run(argv[1:]) if argv[0] == "account" else command.run(argv)
    settings = parse(argv)
    try:
        settings.check()
    except SettingsError as error:
        return _refuse(error)
    os.environ.update(_SILENCE)
    logging.basicConfig(
        filename=settings.workspace / "workbench.log", format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.INFO
    )
    # Watched polls would fill the log with requests.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return serve(settings)


def serve(settings: Settings) -> int:
    """Open what the page needs, serve it and wait."""
    from engine.errors import InputError
    from workbench.services import Services
    from workbench.signing import require_accounts
    from workbench.store import Store
    from workbench.store.errors import StoreError

    try:
        services = Services(settings, Store.open(settings.database))
        require_accounts(settings, services.store.accounts)
        if settings.checkpoint:
            services.checkpoints.in_use()
    except (StoreError, InputError, SettingsError) as error:
        return _refuse(error)
    # The page's own loop takes many small turns, and would wait five milliseconds for each while handlers compute.
    sys.setswitchinterval(0.0005)
    services.warm()
    services.learning.schedule.start()

    from workbench import app

    blocks = app.build(services)
    try:
        server, _, _ = blocks.launch(
            server_name=settings.host, server_port=settings.port, prevent_thread_lock=True, **app.launch_options(services)
        )
    except OSError as error:
        return _refuse(error)
    app.open_doors(server, services)
    print(f"多模 Duomo  {settings.address}", flush=True)
    if blocks.share_url:
        print(f"            {blocks.share_url}", flush=True)
    if settings.browser:
        webbrowser.open(settings.address)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        blocks.close(verbose=False)
    return 0


def _refuse(error: Exception) -> int:
    print(f"{_PROG}: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
