"""A function behind HTTP, for the tests of triggers: what the runtime interface emulator is to Lambda."""
import http.server
import json
import threading
import time


class Function:
    """A function behind HTTP. `behave(event, number)` gives (status, body) or (status, body, headers);
    what it takes successfully is in `taken`, whole events of all invocations in `events`."""

    def __init__(self, behave=None):
        self.behave = behave or (lambda event, number: (200, "null"))
        self.events, self.paths, self.taken, self.times = [], [], [], []
        self.lock = threading.Lock()
        function = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with function.lock:
                    function.events.append(event)
                    function.paths.append(self.path)
                    function.times.append(time.monotonic())
                    number = len(function.events)
                status, body, *headers = function.behave(event, number)
                body = (body if isinstance(body, str) else json.dumps(body)).encode()
                if status == 200 and not headers and b"batchItemFailures" not in body and b"errorType" not in body:
                    with function.lock:
                        function.taken += event["Records"]
                self.send_response(status)
                for name, value in (headers[0] if headers else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *words: None  # a server that is killed hangs up
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self):
        with self.lock:
            return [record["dynamodb"]["Keys"]["sk"]["S"] for record in self.taken]

    def sizes(self):
        with self.lock:
            return [len(event["Records"]) for event in self.events]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
