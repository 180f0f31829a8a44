import { basename, dirname, extname } from "node:path";
import { HiddenstateError } from "@hiddenstate/core";
import { FolderStorage } from "../files/folder-storage.ts";
import { pictureAsPng } from "./render-png.ts";

/** The endings of files that a picture can be saved as. */
const pictureEndings: readonly string[] = [".svg", ".png", ".html"];

/**
 * A drawing that stands for itself: title, legend and axes are in it. Made by `drawPicture` or one of the charts, never by hand.
 *
 * @example
 * const picture = await lineChart({ title: "Held-out loss", x: "step", y: "nats", lines: [{ name: "LSTM", points }] });
 * await picture.save("loss.svg");
 */
export class Picture {
  /** What it shows, in a line. */
  readonly title: string;
  /** The drawing without its outer element: what goes into a larger picture. */
  readonly content: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;

  constructor(title: string, content: string, width: number, height: number) {
    this.title = title;
    this.content = content;
    this.width = width;
    this.height = height;
  }

  /** The text of an SVG file, on a white ground. */
  svg(): string {
    const { width, height } = this;
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="${fonts}" role="img" aria-label="${escapeMarkup(this.title)}">` +
      `<rect width="100%" height="100%" fill="white"/>${this.content.replaceAll(plotFont, "")}</svg>\n`
    );
  }

  /** The bytes of a PNG file, `zoom` of its pixels for one of the drawing's. */
  async png(zoom = 2): Promise<Uint8Array> {
    return pictureAsPng(this.svg(), zoom);
  }

  /** A page with the picture in it. */
  html(): string {
    return htmlPage(this.title, `<figure>${this.svg()}</figure>`);
  }

  /**
   * Writes it as what the file's ending says: `.svg`, `.png` or `.html`. A file that is there is replaced as a whole.
   * @throws HiddenstateError `unsupported` for another ending, `storage` where the file can't be written
   */
  async save(path: string): Promise<void> {
    checkPictureFile(path);
    const ending = extname(path).toLowerCase();
    const bytes =
      ending === ".png" ? await this.png() : new TextEncoder().encode(ending === ".svg" ? this.svg() : this.html());
    await new FolderStorage(dirname(path)).write(basename(path), bytes);
  }
}

/**
 * Refuses a file that no picture can be saved as, before the work that would be lost.
 * @throws HiddenstateError `unsupported`
 */
export function checkPictureFile(path: string): void {
  if (pictureEndings.includes(extname(path).toLowerCase())) return;
  throw new HiddenstateError(
    "unsupported",
    `unsupported picture ${JSON.stringify(path)}: expected a file name that ends in ${pictureEndings.join(", ")}`,
  );
}

/** A page that needs no other file. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeMarkup(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #1b1e23; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
  figure { margin: 1.5rem 0; }
  svg { max-width: 100%; height: auto; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #d9dce1; }
  th:first-child, td:first-child { text-align: left; }
</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** A text as it must stand in SVG and HTML. */
export function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Drawings have the font of the picture they are in. */
const plotFont = 'font-family="system-ui, sans-serif"';
/** The first is the one that PNG pictures are made with, and so the one that widths are estimated for. */
const fonts = "DejaVu Sans, Verdana, system-ui, sans-serif";
