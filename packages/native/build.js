// Builds the addon from the C sources in ../kernels/src, once for each instruction set of this architecture, with whatever C
// compiler there is. Where there is none, it says so and all goes on without.
//
//   node build.js        writes dist/<platform>-<architecture>.node; CC names another compiler
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { argumentStructs, readSignatures, unit } from "../kernels/generate.js";
import { instructionSets } from "./instruction-sets.js";

const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const platform = `${process.platform}-${process.arch}`;

const flags = [
  "-std=gnu17",
  "-O3",
  "-fno-math-errno",
  "-ffp-contract=off",
  "-fPIC",
  "-fvisibility=hidden",
  "-Wall",
  "-Wextra",
  "-Wno-unused-parameter",
  "-Wno-cast-function-type",
  "-Wno-maybe-uninitialized",
  // The addon links no library, so that one binary serves glibc and musl alike: memcpy and memset come from the program's own.
  "-fno-stack-protector",
  "-U_FORTIFY_SOURCE",
];
/** @type {Record<string, string[]>} */
const linkFlags = {
  linux: ["-shared", "-nostdlib"],
  darwin: ["-bundle", "-undefined", "dynamic_lookup"],
};

await build();

async function build() {
  const linking = linkFlags[process.platform];
  const sets = instructionSets[process.arch];
  if (!linking || !sets) return say(`none for ${platform}; the WebAssembly kernels serve`);
  const compiler = findCompiler();
  if (!compiler) return say("no C compiler here (cc, gcc or clang); the WebAssembly kernels serve");

  const files = await generatedFiles();
  const sources = ["../kernels/src/", "src/"].flatMap((folder) =>
    readdirSync(at(folder)).map((name) => [name, readFileSync(at(folder + name), "utf8")]),
  );
  const hash = createHash("sha256")
    .update(JSON.stringify([compiler, flags, linking, sets, files, sources]))
    .digest("hex");
  const binary = at(`dist/${platform}.node`);
  const stamp = at("build/stamp");
  if (existsSync(binary) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;

  const started = performance.now();
  for (const folder of ["build", "dist"]) mkdirSync(at(folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(at(`build/${name}`), text);
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir;
  const include = [at("build"), at("src"), at("../kernels/src"), headers].map((folder) => `-I${folder}`);
  const compile = (/** @type {string} */ source, /** @type {string} */ object, /** @type {string[]} */ extra) =>
    run(compiler.command, [...flags, ...extra, ...include, "-c", at(`src/${source}`), "-o", at(`build/${object}`)]);
  // A binary of other sources must not stay behind where these do not compile.
  rmSync(binary, { force: true });
  const names = Object.keys(sets);
  try {
    await Promise.all([
      compile("addon.c", "addon.o", []),
      ...names.map((name) => compile("variant.c", `${name}.o`, [...sets[name], `-DTABLE=table${name}`])),
    ]);
    const objects = ["addon", ...names].map((name) => at(`build/${name}.o`));
    await run(compiler.command, [...linking, ...objects, "-o", binary]);
  } catch (error) {
    if (!(error instanceof CompilerError)) throw error;
    process.stderr.write(error.message);
    return say(`${compiler.command} does not compile the kernels; the WebAssembly kernels serve`);
  }
  writeFileSync(stamp, hash);
  const size = (readFileSync(binary).length / 1024).toFixed(0);
  say(`${platform} (${names.join(", ")}), ${size} KiB in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function say(/** @type {string} */ text) {
  console.log(`native kernels: ${text}`);
}

/** The first compiler that answers, and what it calls itself. */
function findCompiler() {
  for (const command of process.env["CC"] ? [process.env["CC"]] : ["cc", "gcc", "clang"]) {
    const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
    if (status === 0) return { command, version: stdout };
  }
  return null;
}

/** Arguments, sources and identity of the kernels, by file name. */
async function generatedFiles() {
  const signatures = await readSignatures();
  const { version } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  const sources = readdirSync(at("../kernels/src")).toSorted();
  return {
    "arguments.h": argumentStructs(signatures),
    "all.c": unit(sources.filter((name) => name.endsWith(".c"))),
    "identity.h": [
      `#define VERSION ${JSON.stringify(version)}`,
      `#define LAYOUT ${JSON.stringify(JSON.stringify(signatures))}`,
      "",
    ].join("\n"),
  };
}

/** A compiler that ended with an error; the message is what it said. */
class CompilerError extends Error {}

/** @returns {Promise<void>} */
function run(/** @type {string} */ command, /** @type {string[]} */ words) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ["ignore", "inherit", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code) return reject(new CompilerError(said));
      process.stderr.write(said);
      resolve();
    });
  });
}
