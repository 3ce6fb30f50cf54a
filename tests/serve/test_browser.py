"""The page in a real Chromium, at desktop and phone width. Skipped where there is none.

On Debian: apt-get install chromium chromium-driver. Elsewhere name the two programs in
ASKPOD_CHROMIUM and ASKPOD_CHROMEDRIVER. Screenshots are kept in build/browser. Where ASKPOD_AXE
names axe-core's axe.min.js (`npm pack axe-core`), it must find no accessibility fault.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from askpod import Archive
from askpod.settings import ModelSettings, Settings
from askpod.times import clock
from fake_openai import FakeOpenAI

from .conftest import served

CHROMIUM = os.environ.get("ASKPOD_CHROMIUM") or shutil.which("chromium")
DRIVER = os.environ.get("ASKPOD_CHROMEDRIVER") or shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium: apt-get install chromium chromium-driver"
)

AXE = os.environ.get("ASKPOD_AXE")
SHOTS = Path(__file__).parents[2] / "build" / "browser"
BREAD = "bread-forecasting-for-eleven-bakeries"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"

# When the first text of an answer came over the wire, and when it had been drawn.
WATCH = """
const ask = window.fetch;
window.fetch = async (...asked) => {
  const reply = await ask(...asked);
  if (asked[0] !== "/api/ask") return reply;
  const noted = new TransformStream({transform(piece, to) {
    window.came ??= performance.now(); to.enqueue(piece);
  }});
  return new Response(reply.body.pipeThrough(noted), reply);
};
new MutationObserver(() => {
  if (document.querySelector(".answer")?.textContent && !("drawn" in window)) {
    window.drawn = true;
    requestAnimationFrame(() => { window.shown = performance.now(); });
  }
}).observe(
  document.querySelector("#thread"), {subtree: true, childList: true, characterData: true}
);
"""


class Page:
    """A tab of the browser."""

    def __init__(self, driver, address: str, size: str) -> None:
        self.driver, self.address, self.size = driver, address, size
        driver.get(address)

    def all(self, selector: str):
        return self.driver.find_elements("css selector", selector)

    def wait(self, selector: str, seconds: float = 30):
        from selenium.webdriver.support.ui import WebDriverWait

        def visible(_):
            return next((each for each in self.all(selector) if each.is_displayed()), None)

        return WebDriverWait(self.driver, seconds, 0.05).until(visible, f"no {selector}")

    def ask(self, question: str) -> None:
        before = len(self.all(".exchange .tools"))
        self.wait("#question").send_keys(f"{question}\n")
        self.wait(f".exchange:nth-of-type({before + 1}) .tools")

    def run(self, script: str):
        return self.driver.execute_script(script)

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SHOTS / f"{name}-{self.size}.png"))

    def in_order(self) -> None:
        """Nothing is wider than the window, and every control has a name."""
        assert self.run("return document.documentElement.scrollWidth <= innerWidth")
        nameless = self.run(
            "return [...document.querySelectorAll('button,a,input,select,textarea,audio,iframe')]"
            ".filter(e => e.offsetParent && !(e.textContent.trim() || e.ariaLabel || e.title"
            " || e.labels?.length)).map(e => e.outerHTML)"
        )
        assert nameless == []
        if AXE:
            self.run(Path(AXE).read_text())
            found = self.driver.execute_async_script("axe.run().then(arguments[0])")
            faults = [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
            assert faults == []
        faults = [e for e in self.driver.get_log("browser") if "youtube" not in e["message"]]
        assert [e for e in faults if "example" not in e["message"]] == []


@pytest.fixture(scope="module")
def driver() -> Iterator[object]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture(params=SIZES)
def size(request, driver) -> str:
    width, height = SIZES[request.param]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", metrics | {"mobile": request.param == "phone"}
    )
    return request.param


def test_a_listener_asks_hears_follows_up_and_reads(driver, size, indexed, tmp_path):
    (tmp_path / f"{BREAD}.wav").write_bytes(_silence(1000))
    with served(indexed, recordings=tmp_path) as address:
        page = Page(driver, address, size)
        page.run(WATCH)
        page.ask("How do they find out what bread sells?")
        assert 0 <= page.run("return shown - came") <= 100  # ms until it is painted
        assert page.wait(".basis").text == "Answered from what was said"
        cite = page.wait("button.cite")
        page.run("document.querySelector('button.cite').focus()")
        assert "“" in page.wait("#tip").text
        cite.click()
        marked = page.wait("aside mark").text
        assert marked in page.wait(".answer").text
        start = int(page.wait("aside audio").get_attribute("data-start"))
        assert f"at {clock(start)}" in page.wait("aside .meta").text
        page.driver.implicitly_wait(0)
        for _ in range(100):
            if (
                abs(page.run("return document.querySelector('aside audio').currentTime") - start)
                < 1
            ):
                break
            page.run("return new Promise(done => setTimeout(done, 50))")
        else:
            pytest.fail("the player is not at the second")
        page.in_order()
        page.shot("source")
        page.wait("aside .close").click()
        page.ask("And why?")
        assert len(page.all(".exchange")) == 2
        page.wait("#filters summary").click()
        page.wait("[name=season]").send_keys("99")
        page.ask("What about flour?")
        assert page.all(".exchange")[2].get_attribute("data-basis") == "none"
        page.in_order()
        page.shot("answers")
        page.driver.get(f"{address}/#/episodes")
        page.wait("#find-episode").send_keys("bread")
        page.wait(".list a").click()
        page.wait("#find-words").send_keys("walnut")
        assert page.wait("#episode mark").text.lower() == "walnut"
        page.in_order()
        page.shot("episode")
        page.driver.get(f"{address}/#/?q=flour+bags")
        page.wait(".exchange .sources")


def test_hostile_text_does_nothing(driver, size, tmp_path, write_episode):
    turns = [(EVIL, f"{EVIL} the walrus sleeps \u202egnp.exe\u202c " + "w" * 5000)]
    path = write_episode("evil.md", turns, title=f"{EVIL} \u202e walrus", guests=[EVIL])
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([path])
    reply = f"{EVIL} [1] [x](javascript:alert(1))"
    with FakeOpenAI(reply) as model:
        settings = Settings(model=ModelSettings(name="gpt-4o", base_url=model.base_url))
        with served(tmp_path / "store", settings=settings) as address:
            page = Page(driver, address, size)
            page.ask(f"where does the walrus sleep {EVIL}")
            page.wait("button.cite")  # above the bar of the form, as a reader scrolls it
            page.run("document.querySelector('button.cite').scrollIntoView({block: 'center'})")
            page.wait("button.cite").click()
            page.wait("aside .turn")
            page.shot("hostile")
            page.in_order()
            page.driver.get(f"{address}/#/episode?id=evil")
            page.wait("#episode .turn")
            page.in_order()
            assert page.run("return document.title") == "askpod"
            assert page.run("return document.querySelectorAll('img, main script').length") == 0


def test_an_archive_that_is_missing_is_said_and_mended_by_reload(
    driver, size, tmp_path, write_episode
):
    with served(tmp_path / "store") as address:
        page = Page(driver, address, size)
        assert "askpod index" in page.wait("#notice").text
        with Archive.open(tmp_path / "store", create=True) as archive:
            archive.index([write_episode("bees.md", ["Bees dance in the dark hive."])])
        page.driver.refresh()
        page.ask("Where do bees dance?")
        assert not page.wait("#thread").text.startswith("No answer")
        assert not page.all("#notice")[0].is_displayed()


def _silence(seconds: int) -> bytes:
    import io
    import wave

    kept = io.BytesIO()
    with wave.open(kept, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * seconds)
    return kept.getvalue()
