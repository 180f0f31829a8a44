import type { TranslateOptions, Translation, TranslatorModel } from "@hiddenstate/core";
import type { AskedSource } from "./read-pairs.ts";

/**
 * What each source becomes, in their order; null for an empty line, of which nothing is written, so that what comes out has a line for each that
 * went in.
 *
 * @throws HiddenstateError as `translate`, naming the source by its file and line
 */
export async function answerSources(
  model: TranslatorModel,
  asked: readonly AskedSource[],
  options: Omit<TranslateOptions, "places">,
): Promise<(Translation | null)[]> {
  const texts = asked.filter(({ empty }) => !empty);
  const places = texts.map(({ place }) => place);
  const written = (
    await model.translate(
      texts.map(({ text }) => text),
      { ...options, places },
    )
  ).values();
  return asked.map(({ empty }) => (empty ? null : written.next().value!));
}
