// Writes the log of a web server, a request every 47 seconds, or, with --odd, one with three odd events in it.
//
//   node examples/make-access-log.js 6000 > access.log
//   node examples/make-access-log.js 400 --odd > today.log
//
// The odd ones: a path that climbs out of its folder, a reply that takes most of a minute, and a page that nobody asks for.
import { Random, randomKey } from "@hiddenstate/core";

const words = process.argv.slice(2);
const odd = words.includes("--odd");
const count = Number(words.find((word) => word !== "--odd") ?? 6000);
const random = new Random(randomKey(odd ? 1 : 0, "example", "access log"));

/** Paths, and how often they are asked for. @type {[string, number][]} */
const paths = [
  ["GET /", 9],
  ["GET /index.html", 6],
  ["GET /about", 2],
  ["GET /cart", 3],
  ["GET /api/items", 8],
  ["GET /api/items/12", 5],
  ["GET /img/logo.png", 9],
  ["POST /login", 3],
  ["POST /cart", 2],
];
const all = paths.reduce((sum, [, weight]) => sum + weight, 0);

function request() {
  let rest = random.uniform() * all;
  for (const [path, weight] of paths) if ((rest -= weight) < 0) return path;
  return paths[0][0];
}

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

for (let i = 0; i < count; i++) {
  const seconds = (47 * i + (odd ? 40_000 : 0)) % 86_400;
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  const status = random.uniform() < 0.96 ? 200 : random.uniform() < 0.5 ? 304 : 404;
  let event = `${request()} ${status} ${1 + random.integer(60)}ms`;
  if (odd && i === Math.floor(count / 4)) event = "GET /../../etc/passwd 404 3ms";
  if (odd && i === Math.floor(count / 2)) event = "GET /cart 200 48213ms";
  if (odd && i === Math.floor((3 * count) / 4)) event = "GET /admin 200 12ms";
  console.log(`${time} ${event}`);
}
