// One picture on its way from a file to a cutout.

import { sha256 } from "./digest.js";
import { answer, Problem } from "./server.js";
import { origin } from "./words.js";

export class Picture extends EventTarget {
  /** @type {"waiting" | "busy" | "done" | "failed" | "locked"} */
  state = "waiting";
  stage = "";
  done = 0;
  #gone = new AbortController();

  constructor(file, limit) {
    super();
    this.file = file;
    this.name = file.name || "pasted.png";
    this.url = URL.createObjectURL(file);
    this.limit = limit;
  }

  /** Never throws: what goes wrong is the picture's `problem`. */
  async run() {
    this.#become("busy", { stage: "naming", problem: null });
    try {
      const { blob, headers, ms } = await this.#answered();
      const timing = headers.get("Server-Timing");
      this.digest = headers.get("X-Image-Digest");
      this.cutout = blob;
      this.cutoutUrl = URL.createObjectURL(blob);
      this.measures = await measures(blob);
      this.#become("done", { ms, timing, origin: origin(headers.get("Cache-Status"), timing) });
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem("The picture could not be read", String(error.message));
      this.#become(problem.status === 401 ? "locked" : "failed", { problem });
    }
  }

  /** The mask as the server has it. @returns {Promise<Blob>} @throws {Problem} */
  async mask() {
    return (await answer("mask", this.digest, this.file, () => {}, this.#gone.signal)).blob;
  }

  forget() {
    this.#gone.abort();
    URL.revokeObjectURL(this.url);
    if (this.cutoutUrl) URL.revokeObjectURL(this.cutoutUrl);
  }

  async #answered() {
    if (this.file.size > this.limit.bytes) {
      throw new Problem("The picture is too large", `A picture may have ${this.limit.size} here. Send a smaller file.`);
    }
    const digest = await sha256(await this.file.arrayBuffer());
    const begun = performance.now();
    const tell = (stage, done = 0) => this.#become("busy", { stage, done });
    const { blob, headers } = await answer("cutout", digest, this.file, tell, this.#gone.signal);
    return { blob, headers, ms: performance.now() - begun };
  }

  #become(state, more) {
    if (this.#gone.signal.aborted) return;
    Object.assign(this, { state }, more);
    this.dispatchEvent(new Event("change"));
  }
}

/** Width and height, from a PNG's header (RFC 2083, 4.1.1): to decode it for them would take a while. */
async function measures(png) {
  const header = new DataView(await png.slice(16, 24).arrayBuffer());
  return [header.getUint32(0), header.getUint32(4)];
}
