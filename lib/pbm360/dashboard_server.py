"""The dashboards' web server: standalone Voilà with our own template, and nothing else of Voilà's reachable.

It serves 127.0.0.1; with `PBM360_DASHBOARDS_ADDRESS` more, to whom `dashboard_access` lets in. A viewer beyond the
kernel budget is asked to come back later, so that those who look keep their memory.

Beside it runs one snapshot process; it is started again where it ends. Viewers' kernels (`dashboard_kernels`) read its
files. A kernel whose page is gone is culled; the kernel that waits, already warm, for the next viewer is not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import plotly
from jinja2 import ChoiceLoader
from jupyter_server.utils import url_path_join
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import HTTPError
from traitlets.config import Config
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import AllowListFileHandler, TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from pbm360.dashboard_access import LOOPBACK, access
from pbm360.dashboard_kernels import (
    CULL_IDLE_SECONDS,
    CULL_INTERVAL_SECONDS,
    KERNEL_IN_PAGE,
    LARGEST_MESSAGE,
    REFILL_SECONDS,
    WARM_KERNELS,
    ClosingPageHandler,
    KernelOwners,
    PageConnection,
    WarmKernelManager,
)
from pbm360.settings import Settings

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
TEMPLATE = "pbm360"
FRONT_PAGE = "command_center.ipynb"
OTHER_PAGES = {"patient-satisfaction": "patient_satisfaction.ipynb"}  # address: notebook
SNAPSHOT_CHECK_SECONDS = 1
POOL_CHECK_SECONDS = 5
LAB_EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'self'"
)


class SnapshotProcess:
    """The one process that reads the warehouse for all viewers."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None

    def keep_running(self) -> None:
        """Start the process where it does not run."""
        if self._process is None or self._process.poll() is not None:
            arguments = ["--only-with-parent", str(os.getpid())]
            self._process = subprocess.Popen([sys.executable, "-m", "pbm360.operations.service", *arguments])

    def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:  # it hangs
                self._process.kill()
                self._process.wait()


class PageHandler(TornadoVoilaHandler):
    """Serves the page with the token by which its last message, "I am closed", is believed.

    Without the cookie Voilà's own shutdown request is refused, and every closed tab leaves its kernel to the culler.
    """

    kernel_budget = Settings.kernel_budget
    arriving: ClassVar[set[PageHandler]] = set()  # those whose viewers have a place, and no kernel yet

    async def get(self, path: str | None = None) -> None:
        """Answer with the page, piece by piece, or with 503 where the kernel budget is spent."""
        if path:
            raise HTTPError(404)
        await self.kernel_manager.replace_dead_kernels()
        self._take_place()
        try:
            _ = self.xsrf_token  # asking for it sets the cookie
            await super().get(path)
        finally:
            self.arriving.discard(self)

    def _take_place(self) -> None:
        """Take a place, or refuse (503) where none is left. Nothing is awaited here: of many who come at once each is
        counted, although their kernels start later."""
        manager = self.kernel_manager
        living = set(manager.list_kernel_ids())
        owned = self.authorizer.owned(living)
        # Of those that are nobody's, some are on their way into a pool, and some to those who arrive.
        strays = len(living - owned - manager.waiting_kernel_ids()) - manager.starting_count()
        if len(owned) + max(strays, len(self.arriving)) >= self.kernel_budget:
            raise HTTPError(503, f"all {self.kernel_budget} places are taken", reason="All places are taken; try again")
        self.arriving.add(self)

    def write(self, chunk: str | bytes | dict) -> None:
        """Write a piece of the page; the kernel that it names becomes the viewer's before the viewer can know it."""
        named = KERNEL_IN_PAGE.search(chunk) if isinstance(chunk, str) else None
        if named:
            living = self.kernel_manager.list_kernel_ids()
            self.authorizer.give(named.group(1), self.current_user.username, living)
            self.arriving.discard(self)
        super().write(chunk)

    def write_error(self, status_code: int, **options) -> None:
        """Write the error's page; who found no place is told when to come again."""
        if status_code == 503:
            self.set_header("Retry-After", CULL_IDLE_SECONDS)
        super().write_error(status_code, **options)


OUR_HANDLERS = {VoilaShutdownKernelHandler: ClosingPageHandler}
UNUSED_HANDLERS = (AllowListFileHandler, TemplateStaticFileHandler, RequestInfoSocketHandler)


class DashboardServer(Voila):
    """Voilà with plotly.js among its static files, which tells where it is once a viewer would not wait."""

    ready_file: Path
    snapshot_process: SnapshotProcess

    def setup_template_dirs(self) -> None:
        """Find the template, and serve plotly's own JavaScript beside its static files."""
        super().setup_template_dirs()
        self.static_paths.append(str(Path(plotly.__file__).parent / "package_data"))

    def init_settings(self) -> dict:
        """Return the server's settings; every error is told on our own page."""
        settings = super().init_settings()
        ours, theirs = settings["voila_jinja2_env"], settings["jinja2_env"]
        theirs.loader = ChoiceLoader([ours.loader, theirs.loader])
        return settings

    def init_handlers(self) -> list:
        """Return Voilà's handlers, with our own for the pages, and without those that no page of ours needs.

        The front page's takes what no other one does.
        """
        *others, (front_pattern, _, front_options) = super().init_handlers()
        kept = [
            (pattern, OUR_HANDLERS.get(handler, handler), *options)
            for pattern, handler, *options in others
            if handler not in UNUSED_HANDLERS
        ]
        pages = [
            (url_path_join(self.server_url, f"/{address}"), PageHandler, front_options | {"notebook_path": notebook})
            for address, notebook in OTHER_PAGES.items()
        ]
        return [*kept, *pages, (front_pattern, PageHandler, front_options)]

    def listen(self) -> None:
        """Serve until stopped."""
        keeper = PeriodicCallback(self.snapshot_process.keep_running, SNAPSHOT_CHECK_SECONDS * 1000)
        keeper.start()
        PeriodicCallback(self.kernel_manager.replace_dead_kernels, POOL_CHECK_SECONDS * 1000).start()
        for notebook in OTHER_PAGES.values():
            self.kernel_manager.fill_if_needed(delay=0, notebook_name=notebook)
        IOLoop.current().add_callback(self._announce)
        super().listen()

    async def _announce(self) -> None:
        """Write the address once a kernel is warm."""
        for pool in list(self.kernel_manager._pools.values()):
            for task in list(pool):
                await (await task)["task"]
        part = self.ready_file.with_suffix(".part")
        part.write_text(json.dumps({"url": self.connection_url, "pid": os.getpid()}))
        part.replace(self.ready_file)
        print(f"The Operational Command Center is at {self.connection_url}", flush=True)
        for address in OTHER_PAGES:
            print(f"  and {address.replace('-', ' ')} at {url_path_join(self.connection_url, address)}", flush=True)


def configuration(settings: Settings, port: int) -> Config:
    """Return Voilà's configuration: nothing but the page is served, and a page can't choose its template.

    Raises `SettingsError` where the dashboards would stand open to anybody.
    """
    config, address = access(settings), settings.dashboards_address
    config.Voila.update(ip=address, port=port, port_retries=0, open_browser=False, config_file_paths=[])
    config.Voila.update(authorizer_class=KernelOwners, kernel_websocket_connection_class=PageConnection)
    config.Voila.tornado_settings = {
        "websocket_max_message_size": LARGEST_MESSAGE,
        "headers": {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Content-Type-Options": "nosniff"},
        # on a laptop a foreign host name in the request is refused: no DNS rebinding
        "allow_remote_access": address != LOOPBACK,
        "local_hostnames": ["localhost"],
    }
    config.VoilaConfiguration.update(
        template=TEMPLATE,
        allow_template_override="NO",
        allow_theme_override="NO",
        file_allowlist=[r"(?!)"],  # matches nothing: no file of the folder is served
        extension_allowlist=LAB_EXTENSIONS,
        multi_kernel_manager_class=WarmKernelManager,
        preheat_kernel=True,
        default_pool_size=WARM_KERNELS,
        resources={"plotly_version": plotly.__version__},
    )
    config.KernelManager.autorestart = False
    config.VoilaKernelManager.fill_delay = REFILL_SECONDS
    config.VoilaKernelManager.kernel_pools_config = {
        "default": {"pool_size": WARM_KERNELS},
        **{notebook: {"pool_size": 1} for notebook in OTHER_PAGES.values()},
    }
    config.MappingKernelManager.update(
        cull_idle_timeout=CULL_IDLE_SECONDS, cull_interval=CULL_INTERVAL_SECONDS, cull_connected=False
    )
    return config


def serve(settings: Settings, port: int, ready_file: Path) -> None:
    """Serve the dashboards on `port` until SIGTERM or Ctrl-C; `ready_file` names the address meanwhile."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    templates = [str(DASHBOARDS / "template"), os.environ.get("JUPYTER_PATH", "")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(path for path in templates if path)
    os.environ["PBM360_STATE_DIR"] = str(settings.state_dir.resolve())  # kernels run in another folder
    PageHandler.kernel_budget = settings.kernel_budget
    server = DashboardServer(config=configuration(settings, port))
    ready_file.unlink(missing_ok=True)  # of a server that was killed
    server.ready_file, server.snapshot_process = ready_file.resolve(), SnapshotProcess()
    server.snapshot_process.keep_running()
    try:
        server.initialize([str(DASHBOARDS / FRONT_PAGE)])
        server.start()
    finally:
        _forget_address(server.ready_file)
        server.snapshot_process.stop()


def _forget_address(ready_file: Path) -> None:
    """Remove the file that names the address, unless a server that was started since has written its own."""
    if ready_file.exists() and json.loads(ready_file.read_text())["pid"] == os.getpid():
        ready_file.unlink()
