"""What JupyterLab's server says of the course: a page of its own asks for it every two seconds.

A plugin in classroom/jupyterlab/extensions shows it as a tab of JupyterLab.
"""

import asyncio
import json

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from classroom import start_page


class Progress(APIHandler):
    """GET course/progress: {"summary": a sentence, "map": HTML}"""

    @web.authenticated
    async def get(self):
        said = await asyncio.to_thread(start_page.progress, self.base_url)
        self.finish(json.dumps(said))


def _jupyter_server_extension_points():
    return [{"module": "classroom.server"}]


def _load_jupyter_server_extension(server):
    app = server.web_app
    address = url_path_join(app.settings["base_url"], "course", "progress")
    app.add_handlers(".*$", [(address, Progress)])
