/** Colours of a value from low (blue) through the middle (nearly white) to high (orange), which colour-blind people can tell apart too. */
const stops: readonly (readonly [number, number, number])[] = [
  [52, 110, 186],
  [146, 187, 222],
  [244, 244, 240],
  [244, 178, 116],
  [214, 96, 20],
];

/** @param level 0 to 1 */
export function unitColor(level: number): [red: number, green: number, blue: number] {
  const place = level * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(place));
  const part = place - below;
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(stops[below][channel] * (1 - part) + stops[below + 1][channel] * part);
  return [mix(0), mix(1), mix(2)];
}
