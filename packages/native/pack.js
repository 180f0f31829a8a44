// Lays out the packages as they are published: @hiddenstate/native, which holds no binary and asks for all platforms' packages as
// optional dependencies, and one package for each platform, of which npm installs the one that fits.
//
//   node pack.js FOLDER       makes FOLDER/native, and FOLDER/native-<platform> for each binary in dist/
//
// Before a release every platform's binary is built on that platform (npm run build) and brought to one machine's dist/. Then
// `npm publish` in each folder, @hiddenstate/native last.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { packageOf, platforms } from "./platforms.js";

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node pack.js FOLDER");
  process.exit(2);
}

const at = (/** @type {string} */ path) => new URL(path, import.meta.url);
const { name, version, description, keywords, license, exports, engines, type } = JSON.parse(
  readFileSync(at("package.json"), "utf8"),
);

write("native", ["index.cjs", "README.md", "LICENSE"], {
  name,
  version,
  description,
  keywords,
  license,
  files: ["index.cjs"],
  type,
  exports,
  optionalDependencies: Object.fromEntries(platforms.map((one) => [packageOf(one), version])),
  engines,
});

for (const one of platforms) {
  const { platform, arch } = one;
  const binary = `dist/${platform}-${arch}.node`;
  if (!existsSync(at(binary))) {
    console.log(`left out: ${packageOf(one)} (no ${binary})`);
    continue;
  }
  const file = basename(binary);
  const readme = `# ${packageOf(one)}\n\nThe binary of [@hiddenstate/native](https://www.npmjs.com/package/@hiddenstate/native) for ${platform} ${arch}.\n`;
  const made = write(`native-${platform}-${arch}`, [binary, "LICENSE"], {
    name: packageOf(one),
    version,
    description: `The binary of @hiddenstate/native for ${platform} ${arch}`,
    license,
    os: [platform],
    cpu: [arch],
    files: [file],
    type: "commonjs",
    main: file,
    engines,
  });
  writeFileSync(join(made, "README.md"), readme);
}

/**
 * Makes one package.
 *
 * @param {string} folderName
 * @param {string[]} files of this package, that go into the new one
 * @param {object} manifest
 */
function write(folderName, files, manifest) {
  const made = resolve(folder, folderName);
  mkdirSync(made, { recursive: true });
  for (const file of files) copyFileSync(at(file), join(made, basename(file)));
  writeFileSync(join(made, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(made);
  return made;
}
