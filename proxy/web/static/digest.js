// SHA-256, the public name of a picture. The browser's own where it lends it, that is on https and on localhost; this
// one on plain http elsewhere, say at home on the local network (FIPS 180-4).

/** @param {ArrayBuffer} bytes @returns {Promise<string>} 64 lower-case hex digits. */
export async function sha256(bytes) {
  const digest = globalThis.crypto?.subtle ? new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)) : ours(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {ArrayBuffer} bytes @returns {Uint8Array} 32 bytes. */
export function ours(bytes) {
  const state = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));
  const schedule = new Int32Array(64);
  const whole = bytes.byteLength - (bytes.byteLength % 64);
  absorb(state, schedule, new DataView(bytes, 0, whole));
  absorb(state, schedule, ending(new Uint8Array(bytes, whole), bytes.byteLength));
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, at) => digest.setInt32(4 * at, word));
  return new Uint8Array(digest.buffer);
}

const ROUNDS = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));

function primes(howMany) {
  const found = [];
  for (let number = 2; found.length < howMany; number++) if (found.every((prime) => number % prime)) found.push(number);
  return found;
}

/** The first 32 bits behind the point. */
function fraction(root) {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

/** The last bytes, a one, zeros, and the length in bits. */
function ending(rest, length) {
  const block = new Uint8Array(rest.length < 56 ? 64 : 128);
  block.set(rest);
  block[rest.length] = 0x80;
  const view = new DataView(block.buffer);
  view.setUint32(block.length - 8, Math.floor(length / 2 ** 29));
  view.setUint32(block.length - 4, (length << 3) >>> 0);
  return view;
}

function absorb(state, w, view) {
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(block + 4 * t);
    for (let t = 16; t < 64; t++) w[t] = w[t - 16] + small(w[t - 15], 7, 18, 3) + w[t - 7] + small(w[t - 2], 17, 19, 10);
    mix(state, w);
  }
}

// A variable for each letter: a list that is turned around in each round takes three times as long.
function mix(state, w) {
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let t = 0; t < 64; t++) {
    const first = (h + large(e, 6, 11, 25) + ((e & f) ^ (~e & g)) + ROUNDS[t] + w[t]) | 0;
    const second = (large(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

const turned = (word, by) => (word >>> by) | (word << (32 - by));
const large = (word, i, j, k) => turned(word, i) ^ turned(word, j) ^ turned(word, k);
const small = (word, i, j, k) => turned(word, i) ^ turned(word, j) ^ (word >>> k);
