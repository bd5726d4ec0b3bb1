"""The composition root: the only place that knows every concrete class and joins the stages to the store."""

from warnengine.app.channels import channel_of
from warnengine.app.engine import ROLES, Engine
from warnengine.app.guards import refuse_unsafe
from warnengine.app.serve import Server, opened, serve
from warnengine.app.settled import book_files, link_key
from warnengine.app.web import web
from warnengine.store.embedded import owned

__all__ = [
    "ROLES",
    "Engine",
    "Server",
    "book_files",
    "channel_of",
    "link_key",
    "opened",
    "owned",
    "refuse_unsafe",
    "serve",
    "web",
]
