// Many files in one: a ZIP archive that stores them as they are (PKWARE's APPNOTE 6.3.3). Pictures do not get smaller.

const UTF8 = 0x0800;
const VERSION = 20;
const MIDNIGHT_1980 = 0x21; // the earliest date that the format knows: the archive tells nothing of when
const encoder = new TextEncoder();

/** @param {File[]} files of less than 4 GB together @returns {Promise<Blob>} */
export async function zipped(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [index, file] of files.entries()) {
    const name = encoder.encode(unique(file.name, files.slice(0, index)));
    const about = [UTF8, 0, 0, MIDNIGHT_1980, crc32(new Uint8Array(await file.arrayBuffer())), file.size, file.size, name.length, 0];
    const head = record("42222244422", 0x04034b50, VERSION, ...about);
    parts.push(head, name, file);
    directory.push(record("42222224442222244", 0x02014b50, VERSION, VERSION, ...about, 0, 0, 0, 0, at), name);
    at += head.length + name.length + file.size;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record("42222442", 0x06054b50, 0, 0, files.length, files.length, length, at, 0);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** Little-endian numbers of the widths that `shape` spells. */
function record(shape, ...numbers) {
  const widths = [...shape].map(Number);
  const view = new DataView(new ArrayBuffer(widths.reduce((sum, width) => sum + width)));
  let at = 0;
  for (const [index, width] of widths.entries()) {
    if (width === 4) view.setUint32(at, numbers[index], true);
    else view.setUint16(at, numbers[index], true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

function unique(name, earlier) {
  const times = earlier.filter((file) => file.name === name).length;
  return times ? name.replace(/(\.[^.]*)?$/, ` (${times + 1})$1`) : name;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}
