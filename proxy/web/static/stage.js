// The picture itself: before and after, and the line between them.

const frame = document.getElementById("frame");
const before = document.getElementById("before");
const after = document.getElementById("after");
const slider = document.getElementById("slider");
const bar = document.getElementById("bar");
const blank = frame.querySelector(".blank");
let shown = null;
let revealed = null; // the picture whose cutout is on the stage

slider.addEventListener("input", () => place(Number(slider.value)));
before.addEventListener("error", () => {
  frame.classList.add("unseen-before");
  frame.style.removeProperty("--ratio");
  shape(after);
});
before.addEventListener("load", () => shape(before));
after.addEventListener("load", () => {
  frame.classList.add("seen-after");
  if (frame.classList.contains("unseen-before")) shape(after);
});

/** Puts a picture on the stage; null leaves it as it is. */
export function show(picture) {
  if (!picture || picture === shown) return;
  shown = picture;
  frame.classList.remove("unseen-before", "seen-after", "unveils");
  blank.textContent = `This browser cannot show ${picture.name} itself.`;
  before.src = picture.url;
  before.alt = `${picture.name}, as it came`;
  after.removeAttribute("src");
  revealed = null;
  update(picture, false);
}

/** Brings the stage to the state of its picture. `moving`: it has just changed, before the reader's eyes. */
export function update(picture, moving = true) {
  if (picture !== shown) return;
  bar.toggleAttribute("value", false);
  if (picture.stage === "uploading") bar.value = picture.done;
  if (picture.state === "done" && revealed !== picture) reveal(picture, moving);
}

export function backdrop(colour) {
  frame.style.setProperty("--backdrop", colour || "transparent");
}

function reveal(picture, moving) {
  revealed = picture;
  after.src = picture.cutoutUrl;
  after.alt = `${picture.name}, without its background`;
  place(50);
  frame.classList.toggle("unveils", moving);
}

function place(percent) {
  slider.value = percent;
  slider.setAttribute("aria-valuetext", `${percent} % as it came`);
  frame.classList.remove("unveils");
  frame.classList.toggle("little-before", percent < 14);
  frame.classList.toggle("little-after", percent > 86);
  frame.style.setProperty("--at", `${percent}%`);
}

function shape(image) {
  if (image.naturalWidth) frame.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
}
