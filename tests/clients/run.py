"""Starts a server on a free port and runs sdk_test.mjs against it."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from harness import Server  # noqa: E402 (its folder is known only now)

with Server("dynamodb", "--in-memory") as server:
    sys.exit(subprocess.run(["node", "sdk_test.mjs", server.url], cwd=HERE).returncode)
