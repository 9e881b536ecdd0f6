// What is made of a cutout here in the browser: a background under it, and the format that was asked for.

import { Problem } from "./server.js";
import { renamed } from "./words.js";

const QUALITY = 0.92;
const ENDINGS = { png: "png", webp: "webp", jpeg: "jpg", mask: "png" };

/** Whether this browser writes the format: not all write WebP. */
export function writes(format) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  return canvas.toDataURL(`image/${format}`).startsWith(`data:image/${format}`);
}

/** The colour that will be under the cutout: JPEG has no transparency. */
export function ground({ background, format }) {
  return background || (format === "jpeg" ? "#ffffff" : "");
}

/** @returns {Promise<File>} @throws {Problem} */
export async function finished(picture, choice) {
  const what = choice.format === "mask" ? "mask" : "cutout";
  return new File([await content(picture, choice)], renamed(picture.name, what, ENDINGS[choice.format]));
}

async function content(picture, choice) {
  if (choice.format === "mask") return picture.mask();
  if (choice.format === "png" && !choice.background) return picture.cutout; // the server's own, with its colour profile
  return drawn(picture.cutout, ground(choice), `image/${choice.format}`);
}

async function drawn(cutout, colour, type) {
  const image = await createImageBitmap(cutout);
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const pen = canvas.getContext("2d");
  if (colour) {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  pen?.drawImage(image, 0, 0);
  image.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
  if (!blob) throw new Problem("This browser cannot draw so large a picture", "Take PNG with no background.");
  return blob;
}

export function save(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it only after a question
}
