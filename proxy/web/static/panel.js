// What stands beside the picture: where its cutout came from, what to make of it, or what went wrong.

import { writes } from "./finish.js";
import { hasKey } from "./server.js";
import { duration, size } from "./words.js";

const at = (id) => document.getElementById(id);
const form = at("finish");
const DOING = {
  naming: () => "Taking its fingerprint",
  asking: () => "Asking whether the server knows it",
  uploading: (done) => `Uploading, ${Math.round(done * 100)} %`,
  queueing: () => "The server is busy; it is asked again in a moment",
  working: () => "The model is looking at it",
};

/** The form's choices. @returns {{background: string, format: string}} background: a colour, or "" for none. */
export function choice() {
  const { background, format } = Object.fromEntries(new FormData(form));
  return { background: background === "own" ? at("colour").value : background, format };
}

/** @param {() => void} changed @param {() => void} submitted */
export function listen(changed, submitted) {
  for (const input of form.elements.format) if (input.value === "webp") input.closest("label").hidden = !writes("webp");
  form.addEventListener("input", () => {
    form.style.setProperty("--own", at("colour").value);
    remark();
    changed();
  });
  at("own").addEventListener("click", (event) => event.detail && at("colour").showPicker?.()); // not for arrow keys
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted();
  });
  remark();
}

export function show(picture) {
  const { state, problem } = picture;
  at("name").textContent = state === "locked" ? locked() : (problem?.title ?? picture.name);
  at("doing").textContent = doing(picture);
  if (state === "done") facts(picture);
  if (problem) explain(problem);
}

export function complain(problem) {
  at("remark").textContent = problem.detail ?? String(problem);
}

function locked() {
  return hasKey() ? "That key is not the right one" : "This server wants a key";
}

function doing({ state, stage, done, name }) {
  if (state === "waiting") return "Waits for its turn";
  if (state === "busy") return DOING[stage](done);
  return state === "done" ? "" : name;
}

function facts(picture) {
  at("took").textContent = duration(picture.ms);
  at("source").textContent = picture.origin.words;
  at("source").classList.toggle("known", picture.origin.from !== "model");
  at("took").title = picture.timing ?? "";
  at("measures").textContent = picture.measures.join(" × ");
  at("weight").textContent = `pixels, ${size(picture.cutout.size)} as PNG`;
}

function explain({ detail, type, status }) {
  const final = status >= 400 && status < 500; // the same picture would fail again
  at("detail").textContent = detail;
  at("again").hidden = final;
  at("another").hidden = !final;
  at("more").hidden = type === "about:blank";
  at("more").href = type.replace(/^\//, "");
}

function remark() {
  const { background, format } = choice();
  const words = {
    jpeg: background ? "" : "JPEG knows no transparency, so the background will be white.",
    mask: "Grey: white is what stays, black is what goes.",
  };
  at("remark").textContent = words[format] ?? "";
}
