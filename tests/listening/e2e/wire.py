"""A page without a browser, in the protocol of Streamlit's websocket: it can send what no honest page sends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

STREAM = "/_stcore/stream"


class Page:
    """What the last run of a page showed: ``text`` of all its elements, and the ids of its ``widgets`` by kind."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self.text = ""
        self.widgets: dict[str, str] = {}
        self.fragment = ""

    def run(self, query: str = "", name: str = "", widgets: Mapping[str, Any] | None = None, fragment: str = "") -> str:
        """Run the page ``name`` with the widgets in states of our choice, by id; what it shows."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_name, run.fragment_id = query, name, fragment
        for widget, value in (widgets or {}).items():
            state = run.widget_states.widgets.add()
            state.id = widget
            if isinstance(value, bool):
                state.trigger_value = value
            elif isinstance(value, str):
                state.string_value = value
            else:
                state.json_value = value.decode()
        self._socket.send(message.SerializeToString())
        return self.shown()

    def shown(self) -> str:
        """Everything until the script has finished, and does not start again by itself."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        self.text = ""
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(60))
            if message.WhichOneof("type") == "delta":
                element = message.delta.new_element
                kind = element.WhichOneof("type") or ""
                self.text += f"{kind} {getattr(element, kind, '')}\n"
                if kind in ("text_input", "button", "bidi_component"):
                    self.widgets[kind] = getattr(element, kind).id
                    self.fragment = message.delta.fragment_id or self.fragment
            if message.WhichOneof("type") == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return self.text
                self.text = ""


@contextmanager
def page(address: str, headers: Mapping[str, str] | None = None) -> Iterator[Page]:
    """A page of the app at ``address``."""
    from websockets.sync.client import connect

    stream = address.replace("http", "ws", 1) + STREAM
    with connect(stream, subprotocols=["streamlit"], max_size=None, additional_headers=headers, open_timeout=60) as one:
        yield Page(one)


def events(*sent: Any) -> bytes:
    """The state of a player that sends ``sent``."""
    return json.dumps({"log": {"events": list(sent)}}).encode()
