// The page at `/`: puts the parts together.

import { finished, ground, save } from "./finish.js";
import { Gallery } from "./gallery.js";
import * as intake from "./intake.js";
import * as panel from "./panel.js";
import { remember } from "./server.js";
import * as stage from "./stage.js";
import * as strip from "./strip.js";
import { zipped } from "./zip.js";

const work = document.getElementById("work");
const all = document.getElementById("all");
const caption = document.getElementById("caption");
const example = document.getElementById("before").src;
const { maxBytes, maxSize } = document.body.dataset;
const gallery = new Gallery({ bytes: Number(maxBytes), size: maxSize });

gallery.addEventListener("added", ({ detail }) => {
  strip.add(detail, (picture) => gallery.show(picture));
  strip.sum(gallery);
  if (work.dataset.view === "empty") arrive();
});
gallery.addEventListener("removed", ({ detail }) => strip.remove(detail));
gallery.addEventListener("shown", ({ detail }) => look(detail));
gallery.addEventListener("changed", ({ detail }) => {
  strip.update(detail);
  strip.sum(gallery);
  all.hidden = gallery.in("done").length < 2;
  if (detail === gallery.shown) look(detail);
});
gallery.addEventListener("answered", () => document.body.dispatchEvent(new Event("answered"))); // HTMX waits for it

intake.listen((files) => gallery.add(files));
panel.listen(
  () => stage.backdrop(ground(panel.choice())),
  () => download(gallery.shown),
);
click("try", tryExample);
click("remove", () => gallery.remove(gallery.shown));
click("again", () => gallery.retry(gallery.shown));
click("all", downloadAll);
document.getElementById("lock").addEventListener("submit", (event) => {
  event.preventDefault();
  remember(document.getElementById("key").value);
  for (const picture of gallery.in("locked")) gallery.retry(picture);
});

/** The button that was pressed is gone with the first picture; a reader goes on at its name. */
function arrive() {
  work.dataset.view = "busy";
  document.getElementById("name").focus({ preventScroll: true });
}

function look(picture) {
  if (!picture) return location.reload(); // the last one is gone: as it was at first
  work.dataset.view = picture.state === "waiting" ? "busy" : picture.state;
  caption.hidden = true;
  stage.show(picture);
  stage.update(picture);
  panel.show(picture);
  strip.mark(picture);
}

async function tryExample() {
  const blob = await (await fetch(example)).blob();
  gallery.add([new File([blob], "example.jpg", { type: blob.type })]);
}

async function download(picture) {
  try {
    save(await finished(picture, panel.choice()));
  } catch (problem) {
    panel.complain(problem);
  }
}

async function downloadAll() {
  all.disabled = true;
  try {
    const files = [];
    for (const picture of gallery.in("done")) files.push(await finished(picture, panel.choice())); // one canvas at a time
    save(new File([await zipped(files)], "rematte.zip"));
  } catch (problem) {
    panel.complain(problem);
  } finally {
    all.disabled = false;
  }
}

function click(id, act) {
  document.getElementById(id).addEventListener("click", act);
}
