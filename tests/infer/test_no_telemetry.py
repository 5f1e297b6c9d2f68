"""No engine calls home: nothing is sent when a net is opened, run and left."""

import subprocess
import sys

SCRIPT = """
import socket, sys
def refuse(*a, **k):
    print("asked for the network", a)
    raise OSError
socket.getaddrinfo = socket.socket.connect = refuse
import multiprocessing
multiprocessing.Process.start = refuse
from limner.infer import load_pack
from limner.infer.engines import open_engine
open_engine("openvino", load_pack("skin-lesion").main)
print("telemetry" if any(one.startswith("openvino_telemetry.") for one in sys.modules) else "quiet")
"""


def test_opening_a_net_sends_nothing():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout.split() == ["quiet"]
