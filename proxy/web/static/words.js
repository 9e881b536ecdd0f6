// How the page says things. Pure: values in, words out.

/** 4 ms, 0.8 s, 12 s. */
export function duration(ms) {
  if (ms < 999.5) return `${Math.max(1, Math.round(ms))} ms`;
  return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
}

export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  for (; Math.round(bytes * 10) / 10 >= 1000 && unit < units.length - 1; unit++) bytes /= 1000;
  return unit ? `${bytes.toFixed(1)} ${units[unit]}` : `${bytes} bytes`;
}

export function count(number, one, several) {
  return `${number} ${number === 1 ? one : several}`;
}

/**
 * Where an answer came from, as its Cache-Status (RFC 9211) and Server-Timing tell it.
 *
 * @returns {"memory" | "redis" | "model"} with the words for it.
 */
export function origin(cacheStatus, serverTiming) {
  const said = (cacheStatus ?? "").split(";").map((word) => word.trim());
  if (!said.includes("hit")) {
    return { from: "model", words: said.includes("collapsed") ? "by the model, with another caller" : "by the model" };
  }
  const from = /;desc="(memory|redis)"/.exec(serverTiming ?? "")?.[1] ?? (said.includes("detail=redis") ? "redis" : "memory");
  const tier = from === "redis" ? "from Redis" : "from memory";
  return { from, words: said.includes("detail=pixels") ? `${tier}, known from another file` : tier };
}

/** A picture's name with another ending: `cup.jpg` is `cup-cutout.png`. */
export function renamed(name, what, ending) {
  const stem = name.replace(/\.[^.]{1,5}$/, "") || "picture";
  return `${stem}-${what}.${ending}`;
}
