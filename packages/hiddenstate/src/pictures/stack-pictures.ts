import { Picture } from "./picture.ts";

/** Pictures one below the other, as one. */
export function stackPictures(title: string, pictures: readonly Picture[]): Picture {
  let y = 0;
  const parts = pictures.map((picture) => {
    const markup = `<g transform="translate(0,${y})">${picture.content}</g>`;
    y += picture.height;
    return markup;
  });
  return new Picture(title, parts.join(""), Math.max(...pictures.map(({ width }) => width)), y);
}
