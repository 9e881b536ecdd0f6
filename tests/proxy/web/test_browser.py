"""The page in a real browser, in front of the whole house; only the model is none."""

import hashlib
import io
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from starlette.types import ASGIApp

from proxy.app import build_app
from proxy.settings import Settings
from tests.support.chromium import CHROMIUM, Tab, chromium
from tests.support.eventually import eventually
from tests.support.fake_torchserve import FakeTorchServe
from tests.support.pictures import picture
from tests.support.scrape import Scrape
from tests.support.served import served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

MAX_BYTES = 200_000
KEY = "a-key-of-the-house"
DONE = "document.querySelectorAll('.thumb[data-state=done]').length"
VIEW = "document.getElementById('work').dataset.view"


def house(*keys: str) -> ASGIApp:
    settings = Settings(max_image_bytes=MAX_BYTES, api_keys=keys)
    return build_app(settings, transport=httpx.MockTransport(FakeTorchServe().answer))


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    with chromium() as tab:
        yield tab


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(house()) as address:
        yield address


@pytest.fixture
def tab(browser: Tab, url: str) -> Iterator[Tab]:
    """The page, just opened; no script of it may complain, and nothing in it may break the policy."""
    browser.complaints.clear()
    browser.see(1280, 800)
    browser.open(url)
    yield browser
    assert browser.complaints == []


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Three that nobody has sent before, named a.jpg, b.jpg, c.jpg."""
    files = [tmp_path / f"{letter}.jpg" for letter in "abc"]
    for number, file in enumerate(files):
        file.write_bytes(picture(60, 40) + str(tmp_path).encode() + bytes([number]))
    return files


def send(tab: Tab, *files: Path) -> None:
    done = tab.run(DONE)
    tab.choose("#choose", files)
    tab.until(f"{DONE} === {done + len(files)}")


def uploads(url: str) -> float:
    with httpx.Client(trust_env=False) as client:
        return Scrape(client.get(f"{url}/metrics").text).sum("rematte_predictions_total")


def finished(tab: Tab, background: str, format: str) -> Image.Image:
    """The example's cutout, as it would be downloaded."""
    encoded = tab.run(f"""(async () => {{
        const {{ finished }} = await import("./page/static/finish.js");
        const cutout = await (await fetch("page/static/example-cutout.webp")).blob();
        const choice = {{ background: "{background}", format: "{format}" }};
        const file = await finished({{ name: "cup.jpg", cutout }}, choice);
        const url = await new Promise((resolve) => {{
            const reader = new FileReader();
            reader.onload = () => resolve(reader.result);
            reader.readAsDataURL(file);
        }});
        return file.name + " " + url.split(",")[1];
    }})()""")
    name, _, content = encoded.partition(" ")
    image = Image.open(io.BytesIO(b64decode(content)))
    image.info["name"] = name
    return image


def test_a_picture_that_the_server_does_not_know_is_made_by_the_model(tab: Tab, url: str, pictures: list[Path]):
    before = uploads(url)
    send(tab, pictures[0])
    assert tab.run(VIEW) == "done"
    assert (tab.text("#name"), tab.text("#source")) == ("a.jpg", "by the model")
    tab.until("document.getElementById('measures').textContent === '60 × 40'")
    assert uploads(url) == before + 1


def test_a_picture_that_the_server_knows_is_not_uploaded_again(tab: Tab, url: str, pictures: list[Path]):
    send(tab, pictures[0])
    before = uploads(url)
    send(tab, pictures[0])
    assert tab.text("#source") == "from memory"
    assert uploads(url) == before


def test_where_the_browser_lends_no_hash_the_page_has_its_own(tab: Tab, url: str, pictures: list[Path]):
    """As on plain http at any address but this machine's own."""
    hide = "Object.defineProperty(crypto, 'subtle', { value: undefined })"
    script = tab.call("Page.addScriptToEvaluateOnNewDocument", source=hide)["identifier"]
    try:
        tab.open(url)
        assert tab.run("crypto.subtle === undefined")
        send(tab, pictures[0])
        before = uploads(url)
        send(tab, pictures[0])
        assert uploads(url) == before
    finally:
        tab.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 100_000])
def test_that_hash_is_sha_256(tab: Tab, size: int):
    digest = tab.run(f"""(async () => {{
        const {{ ours }} = await import("./page/static/digest.js");
        const bytes = Uint8Array.from({{ length: {size} }}, (_, at) => at * 7);
        return Array.from(ours(bytes.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
    }})()""")
    assert digest == hashlib.sha256(bytes(at * 7 % 256 for at in range(size))).hexdigest()


def test_one_bad_picture_is_told_in_its_place_and_hurts_no_other(tab: Tab, pictures: list[Path]):
    pictures[1].write_bytes(pictures[1].read_bytes()[:150])
    tab.choose("#choose", pictures)
    tab.until(f"{DONE} === 2 && document.querySelector('.thumb[data-state=failed]')")
    assert tab.text("#tally").startswith("2 of 3 done")
    assert tab.text("#tally").endswith("1 failed")
    tab.run("document.querySelector('.thumb[data-state=failed]').click()")
    assert tab.run(VIEW) == "failed"
    assert tab.text("#name") == "The bytes are no readable image"
    assert "The image is damaged" in tab.text("#detail")
    assert tab.run("document.getElementById('more').getAttribute('href')") == "problems/bad-image"


def test_a_picture_above_the_limit_is_refused_without_an_upload(tab: Tab, url: str, pictures: list[Path]):
    before = uploads(url)
    pictures[0].write_bytes(bytes(MAX_BYTES + 1))
    tab.choose("#choose", pictures[:1])
    tab.until(f"{VIEW} === 'failed'")
    assert tab.text("#detail") == "A picture may have 200.0 kB here. Send a smaller file."
    assert uploads(url) == before


def test_a_server_that_is_away_is_named_and_can_be_asked_again(tab: Tab, pictures: list[Path]):
    away = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.call("Network.emulateNetworkConditions", offline=True, **away)
    try:
        tab.choose("#choose", pictures[:1])
        tab.until(f"{VIEW} === 'failed'")
        assert tab.text("#name") == "The server cannot be reached"
    finally:
        tab.call("Network.emulateNetworkConditions", offline=False, **away)
    tab.run("document.getElementById('again').click()")
    tab.until(f"{VIEW} === 'done'")


def test_a_server_with_keys_is_unlocked_in_place(browser: Tab, pictures: list[Path]):
    with served(house(KEY)) as url:
        browser.open(url)
        browser.choose("#choose", pictures[:2])
        browser.until("document.querySelectorAll('.thumb[data-state=locked]').length === 2")
        assert browser.text("#name") == "This server wants a key"
        for key, heading in (("another-key-than-that", "That key is not the right one"), (KEY, "a.jpg")):
            browser.run(f"document.getElementById('key').value = '{key}'")
            browser.run("document.getElementById('lock').requestSubmit()")
            browser.until(f"document.getElementById('name').textContent === '{heading}'")
        browser.until(f"{DONE} === 2")
        browser.open(url)
        send(browser, pictures[2])


def test_a_picture_that_is_dropped_or_pasted_is_taken_too(tab: Tab):
    for event, carrier in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        tab.run(f"""(async () => {{
            const blob = await (await fetch("page/static/example.jpg")).blob();
            const files = new DataTransfer();
            files.items.add(new File([blob], "{event}.jpg", {{ type: blob.type }}));
            const event = new {"DragEvent" if event == "drop" else "ClipboardEvent"}("{event}", {{
                {carrier}: files, bubbles: true, cancelable: true,
            }});
            document.body.dispatchEvent(event);
        }})()""")
        tab.until(f"document.getElementById('name').textContent === '{event}.jpg' && {VIEW} === 'done'")


def test_the_example_can_be_tried(tab: Tab):
    tab.run("document.getElementById('try').click()")
    tab.until(f"{VIEW} === 'done'")
    assert tab.text("#name") == "example.jpg"


def test_the_ledger_counts_along(tab: Tab, pictures: list[Path]):
    before = tab.text("#ledger")
    send(tab, pictures[0])
    tab.until(f"document.getElementById('ledger').innerText !== {before!r}")


def test_the_last_picture_removed_leaves_the_page_as_it_was(tab: Tab, pictures: list[Path]):
    send(tab, *pictures[:2])
    for _ in range(2):
        tab.run("document.getElementById('remove').click()")
    tab.until(f"document.readyState === 'complete' && {VIEW} === 'empty'")
    assert tab.run("document.querySelectorAll('.thumb').length") == 0


def test_a_cutout_is_downloaded_on_the_colour_that_was_chosen(tab: Tab):
    image = finished(tab, "#ff8800", "png")
    assert (image.format, image.size, image.info["name"]) == ("PNG", (1200, 800), "cup-cutout.png")
    assert image.convert("RGBA").getpixel((0, 0)) == (255, 136, 0, 255)


def test_a_jpeg_has_no_transparency_and_is_white_instead(tab: Tab):
    image = finished(tab, "", "jpeg")
    assert (image.format, image.info["name"]) == ("JPEG", "cup-cutout.jpg")
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_a_webp_keeps_its_transparency(tab: Tab):
    image = finished(tab, "", "webp")
    assert (image.format, image.mode) == ("WEBP", "RGBA")
    assert [image.getpixel(at)[3] for at in ((0, 0), (600, 500))] == [0, 255]


@pytest.mark.parametrize(
    ("format", "name", "kept"), [("png", "a-cutout.png", "cutouts"), ("mask", "a-mask.png", "masks")]
)
def test_a_plain_png_and_a_mask_are_the_servers_own_to_the_byte(
    tab: Tab, url: str, pictures: list[Path], tmp_path: Path, format: str, name: str, kept: str
):
    tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    send(tab, pictures[0])
    tab.run(f"document.querySelector('[name=format][value={format}]').click()")
    tab.run("document.querySelector('#finish [type=submit]').click()")
    digest = hashlib.sha256(pictures[0].read_bytes()).hexdigest()
    with httpx.Client(trust_env=False) as client:
        own = client.get(f"{url}/v1/{kept}/{digest}").raise_for_status().content
    downloaded = tmp_path / name
    eventually(lambda: downloaded.exists() and downloaded.read_bytes() == own)


def test_of_a_picture_that_the_browser_cannot_show_the_cutout_is_shown(tab: Tab, tmp_path: Path):
    scan = tmp_path / "scan.tif"
    scan.write_bytes(picture(60, 40, "TIFF"))
    send(tab, scan)
    tab.until("document.getElementById('frame').matches('.unseen-before.seen-after')")
    shown = "getComputedStyle(document.getElementById('{}')).display !== 'none'"
    assert [tab.run(shown.format(part)) for part in ("before", "slider", "after")] == [False, False, True]


def test_all_are_downloaded_as_one_archive_in_which_equal_names_differ(tab: Tab):
    encoded = tab.run("""(async () => {
        const { zipped } = await import("./page/static/zip.js");
        const files = ["one", "two", "three"].map((word, at) => new File([word], at < 2 ? "a.png" : "ä.png"));
        return btoa(String.fromCharCode(...new Uint8Array(await (await zipped(files)).arrayBuffer())));
    })()""")
    with zipfile.ZipFile(io.BytesIO(b64decode(encoded))) as archive:
        assert archive.testzip() is None
        held = [(name, archive.read(name)) for name in archive.namelist()]
    assert held == [("a.png", b"one"), ("a (2).png", b"two"), ("ä.png", b"three")]


def test_the_slider_is_moved_by_keys(tab: Tab):
    tab.run("document.getElementById('slider').focus()")
    for _ in range(3):
        tab.press("ArrowRight")
    slider = "document.getElementById('slider')"
    assert tab.run(f"{slider}.getAttribute('aria-valuetext')") == "53 % as it came"
    assert tab.run("getComputedStyle(document.getElementById('frame')).getPropertyValue('--at')") == "53%"


def test_the_keyboard_comes_to_everything_and_shows_where_it_is(tab: Tab, pictures: list[Path]):
    send(tab, *pictures[:2])
    seen = []
    for _ in range(14):
        tab.press("Tab")
        seen.append(
            tab.run("document.activeElement.id || document.activeElement.innerText || document.activeElement.name")
        )
        if tab.run("document.activeElement !== document.body"):
            assert tab.run("document.activeElement.matches(':focus-visible')")
    assert {"Try the API", "Reference", "slider", "background", "format", "Download", "all", "remove"} <= set(seen)


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_wider_than_the_window(tab: Tab, width: int, pictures: list[Path]):
    tab.see(width, 800)
    assert tab.run("document.documentElement.scrollWidth") == width
    send(tab, *pictures)
    assert tab.run("document.documentElement.scrollWidth") == width


def test_whatever_can_be_focused_has_a_name(tab: Tab, pictures: list[Path]):
    send(tab, *pictures[:2])
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    nameless = [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] != "RootWebArea"
        and any(each["name"] == "focusable" and each["value"]["value"] for each in node.get("properties", ()))
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []
