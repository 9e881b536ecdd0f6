// The only file that speaks to the server. It asks by digest first and uploads only what is not kept there.

const ATTEMPTS = 10; // as `rematte cutout` does it, where the server says Retry-After: it starts, or has much to do
const KEY = "rematte.key";

/** What went wrong, in the server's own words (RFC 9457) where it had any. */
export class Problem extends Error {
  constructor(title, detail, { status = 0, type = "about:blank" } = {}) {
    super(detail);
    Object.assign(this, { title, detail, status, type });
  }
}

export function remember(key) {
  sessionStorage.setItem(KEY, key);
}

export function hasKey() {
  return sessionStorage.getItem(KEY) !== null;
}

/**
 * The answer of a door (`mask` or `cutout`) for a picture.
 *
 * @param {(stage: "asking" | "uploading" | "working" | "queueing", done?: number) => void} tell
 * @returns {Promise<{blob: Blob, headers: Headers}>}
 * @throws {Problem}
 */
export async function answer(door, digest, file, tell, signal) {
  tell("asking");
  const kept = await recall(door, digest, signal);
  return kept ?? (await send(door, file, tell, signal));
}

async function recall(door, digest, signal) {
  const response = await fetch(address(`v1/${door}s/${digest}`), { headers: credentials(), signal }).catch(unreachable);
  if (response.ok) return { blob: await response.blob().catch(unreachable), headers: response.headers };
  if (response.status === 404) return null;
  if (response.status === 503) return null; // no model yet: an upload waits for it
  throw await problemOf(response);
}

async function send(door, file, tell, signal) {
  for (let attempt = 1; ; attempt++) {
    const response = await post(address(`v1/${door}`), file, tell, signal);
    if (response.ok) return { blob: await response.blob(), headers: response.headers };
    const wait = Number(response.headers.get("Retry-After"));
    if (response.status !== 503 || !wait || attempt === ATTEMPTS) throw await problemOf(response);
    tell("queueing");
    await pause(wait * 1000, signal);
  }
}

/** XMLHttpRequest, since fetch does not tell how much of an upload has gone. */
function post(url, file, tell, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.responseType = "blob";
    request.setRequestHeader("Content-Type", "application/octet-stream"); // the bytes decide, not a name for them
    for (const [name, value] of Object.entries(credentials())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => tell("uploading", loaded / total);
    request.upload.onload = () => tell("working");
    request.onload = () => resolve(new Response(request.response, { status: request.status, headers: fields(request) }));
    request.onerror = () => reject(away());
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort());
    tell("uploading", 0);
    request.send(file);
  });
}

function fields(request) {
  const lines = request.getAllResponseHeaders().trim().split(/[\r\n]+/);
  return lines.filter(Boolean).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
}

async function problemOf(response) {
  const said = await response.json().catch(() => null);
  if (said?.detail) return new Problem(said.title, said.detail, said);
  return new Problem("The answer was not understood", `The server said ${response.status}.`, { status: response.status });
}

function unreachable(error) {
  throw error.name === "AbortError" ? error : away();
}

function away() {
  return new Problem("The server cannot be reached", "It does not answer. Is it still running? Then try again.");
}

function credentials() {
  return hasKey() ? { "X-API-Key": sessionStorage.getItem(KEY) } : {};
}

/** Relative to the page, for whoever serves it under a prefix. */
function address(path) {
  return new URL(path, document.baseURI).href;
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
