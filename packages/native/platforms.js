/**
 * Where a binary can be built and shipped: Node's names, one binary each. On Linux it serves glibc and musl, because it links
 * neither.
 *
 * @type {readonly { platform: NodeJS.Platform, arch: NodeJS.Architecture }[]}
 */
export const platforms = [
  { platform: "linux", arch: "x64" },
  { platform: "linux", arch: "arm64" },
  { platform: "darwin", arch: "x64" },
  { platform: "darwin", arch: "arm64" },
];

/** The npm package that brings a platform's binary. */
export const packageOf = (/** @type {{ platform: string, arch: string }} */ { platform, arch }) =>
  `@hiddenstate/native-${platform}-${arch}`;
