import { FolderStorage } from "../files/folder-storage.ts";
import { escapeMarkup, htmlPage } from "../pictures/picture.ts";
import { inspectionPictures } from "./inspection-pictures.ts";
import type { ModelInspection } from "./inspect-model.ts";
import { inspectionPage } from "./page.ts";

/** Which section of the page a picture stands under. */
const places: Readonly<Record<string, readonly string[]>> = {
  "Gradient flow": ["gradient-flow"],
  "Use of the past": ["use-of-the-past"],
  "Recurrent matrices": ["eigenvalues"],
  Gates: ["gate-saturation", "time-constants", "gates-over-time", "unit"],
  States: ["gate-saturation", "gates-over-time", "unit"],
  Training: ["gradient-norm", "update-ratio"],
};

/**
 * Writes an inspection as a page with pictures, `index.html`, and each picture by itself as SVG and PNG.
 * @throws HiddenstateError `storage` where files can't be written
 */
export async function saveInspection(found: ModelInspection, folder: string): Promise<void> {
  const storage = new FolderStorage(folder);
  const pictures = await inspectionPictures(found);
  const { head, sections } = inspectionPage(found);
  const parts = sections.map(({ title, about, table, sentences }) => {
    const drawn = pictures.filter(({ name }) => places[title]?.includes(name));
    return [
      `<h2>${escapeMarkup(title)}</h2>`,
      about === "" ? "" : `<p><small>${escapeMarkup(about)}</small></p>`,
      table.length === 0 ? "" : `<pre>${escapeMarkup(table.join("\n"))}</pre>`,
      ...sentences.map((sentence) => `<p>${escapeMarkup(sentence)}</p>`),
      ...drawn.map(({ picture }) => `<figure>${picture.svg()}</figure>`),
    ].join("\n");
  });
  const [title, ...notes] = head;
  const page = htmlPage(
    `Inside ${found.folder}`,
    [
      `<h1>Inside ${escapeMarkup(found.folder)}</h1>`,
      ...[title, ...notes].map((line) => `<p>${escapeMarkup(line)}</p>`),
      ...parts,
    ].join("\n"),
  );
  const write = (name: string, content: string | Uint8Array): Promise<void> =>
    storage.write(name, typeof content === "string" ? new TextEncoder().encode(content) : content);
  for (const { name, picture } of pictures) {
    await write(`${name}.svg`, picture.svg());
    await write(`${name}.png`, await picture.png());
  }
  await write("index.html", page);
}
