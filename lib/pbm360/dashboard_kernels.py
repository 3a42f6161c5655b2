"""Viewers' kernels: whose each is, what a page may say to its own, and which are kept warm or culled.

A kernel answers to the viewer whose page it serves and to nobody else: not even its id helps another. A page may speak
of widgets alone; everything else, code above all, is dropped on whatever channel it comes.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable

from jupyter_server._tz import utcnow
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.services.kernels.connection.base import deserialize_binary_message, deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError, RequestHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

WARM_KERNELS = 2  # for the front page; one for each other
REFILL_SECONDS = 6.0  # the next kernel starts once the page that took the last one is there, not while it loads
CULL_IDLE_SECONDS = 60
CULL_INTERVAL_SECONDS = 15
LARGEST_MESSAGE = 256 * 1024  # bytes of what a page may say at once; it has little to say
CHANNEL = "shell"
CONTROL_TARGET = "jupyter.widget.control"  # by which a page asks for the widgets' state
MESSAGES = frozenset({"comm_msg", "comm_close", "comm_info_request", "kernel_info_request"})
KERNEL_IN_PAGE = re.compile(r'"kernelId": "([0-9a-f-]{36})"')


class WarmKernelManager(AsyncMappingKernelManager):
    """Culls idle kernels, except those of the pool, which wait for a viewer and are idle by their nature.

    A kernel that ends is not started again: it would come back without its page's widgets.
    """

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Cull a kernel that has been idle for too long and is some viewer's.

        The time that it waited in the pool does not count: its viewer's page may be on its way to connect.
        """
        if kernel_id in self.waiting_kernel_ids():
            return
        kernel = self._kernels[kernel_id]
        if not hasattr(kernel, "left_pool_at"):
            kernel.left_pool_at = kernel.last_activity = utcnow()
        await super().cull_kernel_if_idle(kernel_id)

    def waiting_kernel_ids(self) -> set[str]:
        """Return the kernels that wait for a viewer."""
        return {kernel_id for _, task in self._waiting() if (kernel_id := _started(task))}

    def starting_count(self) -> int:
        """Return how many kernels are on their way into a pool; they may be listed already, or not yet."""
        return sum(not task.done() for pool in getattr(self, "_pools", {}).values() for task in pool)

    async def replace_dead_kernels(self) -> None:
        """Take what ended while it waited out of the pools, so that no viewer gets it, and start others."""
        for notebook, task in self._waiting():
            kernel_id = _started(task)
            if kernel_id in self and await self.is_alive(kernel_id):
                continue
            pool = self._pools[notebook]
            if task in pool:  # else somebody took it meanwhile
                pool.remove(task)
                self.log.warning("A kernel that waited for a viewer had ended; another is started")
                if kernel_id:
                    await self.shutdown_kernel(kernel_id, now=True)
                self.fill_if_needed(delay=0, notebook_name=notebook)

    def _waiting(self) -> list[tuple[str, asyncio.Task]]:
        pools = getattr(self, "_pools", {})  # Voilà's own subclass adds the pools: the starts by notebook
        return [(notebook, task) for notebook, pool in pools.items() for task in pool if task.done()]


def _started(task: asyncio.Task) -> str:
    """Return the id of the kernel that a finished start gave; empty where it failed."""
    return "" if task.cancelled() or task.exception() else task.result()["kernel_id"]


class KernelOwners(Authorizer):
    """Knows whose kernel is whose, and lets a viewer reach their own alone."""

    def __init__(self, **options):
        super().__init__(**options)
        self._owners: dict[str, str] = {}

    def give(self, kernel_id: str, viewer: str, living: Iterable[str]) -> None:
        """Note that a kernel is a viewer's; those that are no longer `living` are forgotten."""
        kept = set(living)
        self._owners = {kernel: owner for kernel, owner in self._owners.items() if kernel in kept}
        self._owners[kernel_id] = viewer

    def owned(self, living: set[str]) -> set[str]:
        """Return those of the `living` kernels that are some viewer's."""
        return living & self._owners.keys()

    def is_authorized(self, handler: RequestHandler, user, action: str, resource: str) -> bool:
        """Tell whether the kernel of the request's path is the viewer's; nothing but kernels asks."""
        named = [*handler.path_kwargs.values(), *handler.path_args]
        return resource == "kernels" and len(named) == 1 and self._owners.get(named[0]) == user.username


class ClosingPageHandler(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is being closed, where it is the viewer's own."""

    async def prepare(self) -> None:
        """Refuse the kernels of others."""
        await super().prepare()
        if not self.current_user or not self.authorizer.is_authorized(self, self.current_user, "write", "kernels"):
            raise HTTPError(403)


class PageConnection(ZMQChannelsWebsocketConnection):
    """A page's connection to its kernel, which carries nothing but what widgets say."""

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Hand a message on to the kernel, or drop it."""
        try:
            is_allowed = may_pass(*self._opened(incoming_msg))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            is_allowed = False
        if is_allowed:
            super().handle_incoming_message(incoming_msg)
        else:
            self.log.warning("A page's message that is none of a widget was dropped")

    def _opened(self, message: str | bytes) -> tuple[str, str, dict]:
        if self.subprotocol == "v1.kernel.websocket.jupyter.org":
            channel, (header, _, _, content, *_) = deserialize_msg_from_ws_v1(message)
            return channel, json.loads(header)["msg_type"], json.loads(content)
        opened = deserialize_binary_message(message) if isinstance(message, bytes) else json.loads(message)
        return opened["channel"], opened["header"]["msg_type"], opened["content"]


def may_pass(channel: str, message_type: str, content: dict) -> bool:
    """Tell whether a page may say this to its kernel: widgets' messages, on the one channel that they use."""
    if message_type == "comm_open":
        return channel == CHANNEL and content["target_name"] == CONTROL_TARGET
    return channel == CHANNEL and message_type in MESSAGES
