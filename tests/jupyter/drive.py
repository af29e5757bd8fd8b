"""Drives a kernel for a test: requests come in as lines of JSON, the kernel's messages go out as such.

    python3 drive.py FOLDER

{"do": "execute", "code": …} is answered by {"asked": id}, and all that the kernel says comes as {"of": id, "type": …,
"content": …}; {"do": "inspect", "code": …} and {"do": "complete", "code": …} ask about the end of the code, and are answered
by {"answer": …}; {"do": "interrupt"}, {"do": "restart"} (it kills with "now") and {"do": "alive"} by {"alive": …}. It ends with its
input.
"""

import json
import queue
import sys
import threading

from jupyter_client.manager import KernelManager


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Listener:
    """Says what the kernel says. While it is stopped, another thread may use the client's sockets."""

    def __init__(self, client):
        self.client = client
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while not self.ended.is_set():
            try:
                message = self.client.get_iopub_msg(timeout=0.1)
            except queue.Empty:
                continue
            of = message["parent_header"].get("msg_id")
            say({"of": of, "type": message["msg_type"], "content": message["content"]})

    def stop(self):
        self.ended.set()
        self.thread.join()


def main():
    manager = KernelManager(kernel_name="tunebook")
    manager.start_kernel(cwd=sys.argv[1])
    client = manager.client()
    listener = None
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        listener = Listener(client)
        say({"alive": True})
        for line in sys.stdin:
            request = json.loads(line)
            if request["do"] == "execute":
                say({"asked": client.execute(request["code"], allow_stdin=False)})
                continue
            if request["do"] in ("inspect", "complete"):
                ask = getattr(client, request["do"])
                reply = ask(request["code"], len(request["code"]), reply=True, timeout=60)
                say({"answer": reply["content"]})
                continue
            if request["do"] == "interrupt":
                manager.interrupt_kernel()
            elif request["do"] == "restart":
                manager.restart_kernel(now="now" in request)
                # It reads what the listener reads, and a socket is one thread's.
                listener.stop()
                client.wait_for_ready(timeout=60)
                listener = Listener(client)
            say({"alive": manager.is_alive()})
    finally:
        if listener:
            listener.stop()
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
