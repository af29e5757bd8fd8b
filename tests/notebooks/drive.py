"""Drives a kernel for a test: requests come in as lines of JSON, the kernel's messages go out as such.

    python3 drive.py FOLDER

{"do": "execute", "code": …} is answered by {"asked": id}, and all that the kernel says comes as {"of": id, "type": …,
"content": …}; {"do": "interrupt"}, {"do": "restart"} and {"do": "alive"} by {"alive": …}. It ends with its input.
"""

import json
import queue
import sys
import threading

from jupyter_client.manager import KernelManager


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def listen(client, ended):
    while not ended.is_set():
        try:
            message = client.get_iopub_msg(timeout=0.1)
        except queue.Empty:
            continue
        say({"of": message["parent_header"].get("msg_id"), "type": message["msg_type"], "content": message["content"]})


def main():
    manager = KernelManager(kernel_name="tunebook")
    manager.start_kernel(cwd=sys.argv[1])
    client = manager.client()
    ended = threading.Event()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        listener = threading.Thread(target=listen, args=(client, ended))
        listener.start()
        say({"alive": True})
        for line in sys.stdin:
            request = json.loads(line)
            if request["do"] == "execute":
                say({"asked": client.execute(request["code"], allow_stdin=False)})
                continue
            if request["do"] == "interrupt":
                manager.interrupt_kernel()
            elif request["do"] == "restart":
                manager.restart_kernel()
                client.wait_for_ready(timeout=60)
            say({"alive": manager.is_alive()})
    finally:
        ended.set()
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
