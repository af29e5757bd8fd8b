"""Executes the notebook SOURCE with the kernel "tunebook" and writes it, outputs and all, to TARGET.

    python3 execute.py SOURCE TARGET SECONDS_PER_CELL FOLDER

Deno's kernel says that it is idle before the last outputs of a cell have left it, and nbconvert loses those.
Here a cell is over when, after idle, nothing has come for QUIET seconds. The first error ends the run: what
was executed up to there is written, the error goes to stderr, and the exit code is 1.
"""

import queue
import re
import sys
import time

import nbformat
from jupyter_client.manager import KernelManager

QUIET = 0.15
STARTUP_SECONDS = 60


class CellError(Exception):
    pass


def execute(notebook, seconds, folder):
    manager = KernelManager(kernel_name="tunebook")
    manager.start_kernel(cwd=folder)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=STARTUP_SECONDS)
        displays = {}
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell in code:
            cell.outputs, cell.execution_count = [], None
        for number, cell in enumerate(code, 1):
            if not cell.source.strip():
                continue
            try:
                run_cell(manager, client, cell, seconds, displays)
            except CellError as error:
                raise CellError(f"code cell {number} of {len(code)} {error}\n\n{indented(cell.source)}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run_cell(manager, client, cell, seconds, displays):
    asked = client.execute(cell.source, allow_stdin=False, stop_on_error=True)
    deadline = time.monotonic() + seconds
    idle = False
    while True:
        try:
            message = client.get_iopub_msg(timeout=QUIET if idle else 1)
        except queue.Empty:
            if idle:
                break
            if not manager.is_alive():
                raise CellError("ended the kernel") from None
            if time.monotonic() > deadline:
                raise CellError(f"took longer than {seconds:g} s") from None
            continue
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["msg_type"] == "status":
            idle = message["content"]["execution_state"] == "idle"
        else:
            take(message, cell, displays)
    try:
        reply = client.get_shell_msg(timeout=5)["content"]
    except queue.Empty:
        raise CellError("was never answered") from None
    # An error whose output was lost is still in the reply.
    if reply["status"] == "error" and not any(o.output_type == "error" for o in cell.outputs):
        error = {key: reply[key] for key in ("ename", "evalue", "traceback")}
        cell.outputs.append(nbformat.v4.new_output("error", **error))
    for output in cell.outputs:
        if output.output_type == "error":
            trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
            raise CellError(f"failed: {trace or output.evalue}")


def take(message, cell, displays):
    """Does to the outputs what a notebook's window does."""
    kind, content = message["msg_type"], message["content"]
    if kind == "execute_input":
        cell.execution_count = content["execution_count"]
    elif kind == "clear_output":
        cell.outputs.clear()
    elif kind == "update_display_data":
        for output in displays.get(content["transient"]["display_id"], []):
            output.data = nbformat.from_dict(content["data"])
            output.metadata = nbformat.from_dict(content["metadata"])
    elif kind == "stream" and cell.outputs and cell.outputs[-1].get("name") == content["name"]:
        cell.outputs[-1].text += content["text"]
    elif kind in ("stream", "display_data", "execute_result", "error"):
        output = nbformat.v4.output_from_msg(message)
        cell.outputs.append(output)
        name = content.get("transient", {}).get("display_id")
        if name:
            displays.setdefault(name, []).append(output)


def indented(source):
    return "\n".join(f"    {line}" for line in source.splitlines())


def main():
    source, target, seconds, folder = sys.argv[1:]
    notebook = nbformat.read(source, as_version=4)
    error = None
    try:
        execute(notebook, float(seconds), folder)
    except CellError as e:
        error = e
    nbformat.write(notebook, target)
    if error:
        sys.exit(str(error))


main()
