import { join } from "node:path";
import type { Report } from "../../tasks/task.ts";

/**
 * Draws what a report has to show into a folder, as SVG and as PNG.
 *
 * @returns a line for each, to be told
 * @throws HiddenstateError `storage` where a file can't be written
 */
export async function savePictures({ pictures = {} }: Report, folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, draw] of Object.entries(pictures)) {
    const picture = await draw();
    const path = join(folder, name);
    await picture.save(`${path}.svg`);
    await picture.save(`${path}.png`);
    lines.push(`picture: ${path}.svg, and .png`);
  }
  return lines;
}
