"""Receives webhooks, and believes only those that the installation signed.

TRUNKLINE_WEBHOOK_SECRET=... python webhook_server.py 8000
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from trunkline.client import InvalidSignature, webhooks

SEEN: set[str] = set()


class Receiver(BaseHTTPRequestHandler):
    """Prints each message once."""

    def do_POST(self) -> None:
        """Takes one webhook."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            message = webhooks.verify(body, dict(self.headers), os.environ["TRUNKLINE_WEBHOOK_SECRET"])
        except InvalidSignature as error:
            self.send_error(401, str(error))
            return
        if self.headers["webhook-id"] not in SEEN:
            SEEN.add(self.headers["webhook-id"])
            print(message["type"], message["call"]["status"], flush=True)
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
