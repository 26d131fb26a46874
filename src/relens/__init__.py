"""Relens: the feedback loop for deployed vision models."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relens.sdk.client import Client

__version__ = "0.1.0"
__all__ = ["Client", "__version__"]


def __getattr__(name: str) -> object:
    # `import relens` stays light: the server and trainers import this package too and need no HTTP client.
    if name == "Client":
        from relens.sdk.client import Client

        return Client
    raise AttributeError(f"module 'relens' has no attribute '{name}'")
