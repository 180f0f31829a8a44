import type { AttentionMatrix } from "@hiddenstate/core";
import { heatMap } from "../../pictures/heat-map.ts";
import type { Picture } from "../../pictures/picture.ts";

/** What each token of a text looked at in its source. */
export function attentionPicture(title: string, { source, target, weights }: AttentionMatrix): Promise<Picture> {
  return heatMap({
    title,
    subtitle:
      "How much each token of the source (column) counted while each token (row) was written. Each row adds up to 1.",
    rowsLabel: "written",
    columnsLabel: "read",
    rows: target.map((token) => (token === "" ? "end" : visible(token))),
    columns: source.map(visible),
    values: weights,
    valueLabel: "weight",
    domain: [0, 1],
  });
}

/** White space as signs that can be seen. */
function visible(token: string): string {
  return token.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
}
