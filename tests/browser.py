"""A headless Chromium for the tests of pages, spoken to over its own protocol."""
import json
import shutil
import subprocess
import time
import urllib.request

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
KEYS = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowUp": 38, "ArrowDown": 40, "Escape": 27, "Delete": 46, "Tab": 9}


class Browser:
    """A headless Chromium, spoken to over its own protocol."""

    def __init__(self, folder):
        websocket = pytest.importorskip("websocket", reason="websocket-client, which comes with JupyterLab, is not here")
        self.downloads, profile = folder / "downloads", folder / "profile"
        self.downloads.mkdir()
        self.process = subprocess.Popen([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = self.until(lambda: (profile / "DevToolsActivePort").is_file() and (profile / "DevToolsActivePort").read_text(encoding="utf-8").split()[0])
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        target = self.until(lambda: next((t for t in json.load(opener.open(f"http://127.0.0.1:{port}/json")) if t["type"] == "page"), None))
        self.socket, self.number, self.asked = websocket.create_connection(target["webSocketDebuggerUrl"], suppress_origin=True, timeout=30, http_no_proxy=["127.0.0.1"]), 0, []
        for method in ("Page.enable", "Runtime.enable", "Network.enable", "Log.enable"):
            self.call(method)
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))

    @staticmethod
    def until(what, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if found := what():
                    return found
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("waited in vain")

    def call(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self.socket.recv())
            if told.get("method") in ("Network.requestWillBeSent", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
                self.asked.append(told["params"].get("request", {}).get("url") or str(told["params"]))
            if told.get("id") == self.number:
                assert "error" not in told, told
                return told["result"]

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, path, ready="place"):
        self.run("window.left = true")
        self.call("Page.navigate", url=path.as_uri())
        self.until(lambda: self.run(f"window.left !== true && document.readyState === 'complete' && !!document.getElementById('{ready}')"))

    def press(self, *keys):
        for key in keys:
            more = {"windowsVirtualKeyCode": KEYS[key]} if key in KEYS else {"text": key}
            for kind in ("keyDown", "keyUp"):
                self.call("Input.dispatchKeyEvent", type=kind, key=key, **(more if kind == "keyDown" else {}))

    def said(self, name):
        return self.run(f"document.getElementById('{name}').textContent")

    def close(self):
        try:
            self.call("Browser.close")
            self.socket.close()
        except Exception:
            self.process.kill()
        self.process.wait(20)
