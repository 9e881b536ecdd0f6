// The row of all pictures: a small view of each, and how far it is.

import { count } from "./words.js";

const SIDE = 144; // twice what is shown, for dense screens
const SAID = { waiting: "waits", busy: "on its way", done: "done", failed: "failed", locked: "wants a key" };
const thumbs = document.getElementById("thumbs");
const tally = document.getElementById("tally");
const buttons = new Map();
let drawing = Promise.resolve(); // one after the other: a decoded photo takes fifty megabytes

export function add(picture, show) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "thumb";
  button.title = picture.name;
  button.addEventListener("click", () => show(picture));
  buttons.set(picture, button);
  thumbs.append(document.createElement("li"));
  thumbs.lastChild.append(button);
  draw(button, picture.file);
  update(picture);
}

export function update(picture) {
  const button = buttons.get(picture);
  button.dataset.state = picture.state;
  button.setAttribute("aria-label", `${picture.name}, ${SAID[picture.state]}`);
  button.style.setProperty("--done", { uploading: picture.done / 2, working: 0.5 }[picture.stage] ?? 0.05);
  if (picture.state === "done") draw(button, picture.cutout);
}

export function remove(picture) {
  buttons.get(picture).parentNode.remove();
  buttons.delete(picture);
}

export function mark(shown) {
  for (const [picture, button] of buttons) button.setAttribute("aria-current", picture === shown);
  const button = buttons.get(shown);
  if (button) thumbs.scrollLeft = button.offsetLeft - (thumbs.clientWidth - button.offsetWidth) / 2; // the page stays
}

/** One line about all of them; a screen reader says it when it changes. */
export function sum(gallery) {
  const all = gallery.pictures.length;
  const done = gallery.in("done");
  const failed = gallery.in("failed").length;
  const known = done.filter((picture) => picture.origin.from !== "model").length;
  const words = [all > 1 && done.length < all ? `${done.length} of ${all} done` : count(all, "picture", "pictures")];
  if (known) words.push(`${known} from the cache`);
  if (failed) words.push(`${failed} failed`);
  tally.textContent = words.join(" · ");
}

function draw(button, blob) {
  drawing = drawing.then(() => drawn(button, blob));
}

/** A picture that this browser cannot read stays an empty square until there is a cutout. */
async function drawn(button, blob) {
  const image = await createImageBitmap(blob).catch(() => null);
  if (!image) return;
  const canvas = document.createElement("canvas");
  const scale = Math.min(1, SIDE / Math.min(image.width, image.height));
  canvas.width = Math.max(1, image.width * scale);
  canvas.height = Math.max(1, image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  button.replaceChildren(canvas);
}
