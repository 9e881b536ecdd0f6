// All pictures, the one that is looked at, and how many are on their way at once.

import { Picture } from "./picture.js";

const AT_ONCE = 3; // more would only wait in the server's queue, with their bytes

export class Gallery extends EventTarget {
  pictures = [];
  #shown = null;
  #running = 0;

  constructor(limit) {
    super();
    this.limit = limit;
  }

  get shown() {
    return this.#shown;
  }

  add(files) {
    const added = Array.from(files, (file) => new Picture(file, this.limit));
    for (const picture of added) {
      picture.addEventListener("change", () => this.#changed(picture));
      this.pictures.push(picture);
      this.dispatchEvent(new CustomEvent("added", { detail: picture }));
    }
    if (added.length) this.show(added[0]);
    this.#next();
  }

  show(picture) {
    this.#shown = picture;
    this.dispatchEvent(new CustomEvent("shown", { detail: picture }));
  }

  remove(picture) {
    const at = this.pictures.indexOf(picture);
    this.pictures.splice(at, 1);
    picture.forget();
    this.dispatchEvent(new CustomEvent("removed", { detail: picture }));
    this.show(this.pictures[Math.min(at, this.pictures.length - 1)] ?? null);
  }

  retry(picture) {
    picture.state = "waiting";
    this.#changed(picture);
    this.#next();
  }

  in(...states) {
    return this.pictures.filter((picture) => states.includes(picture.state));
  }

  #next() {
    for (const picture of this.in("waiting").slice(0, AT_ONCE - this.#running)) this.#run(picture);
  }

  async #run(picture) {
    this.#running++;
    await picture.run();
    this.#running--;
    if (picture.state === "done") this.dispatchEvent(new Event("answered"));
    this.#next();
  }

  #changed(picture) {
    this.dispatchEvent(new CustomEvent("changed", { detail: picture }));
  }
}
