// Bundles the islands and the style sheet into internal/web/assets/dist, one file per island.
import { build } from "esbuild";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";

const out = "internal/web/assets/dist";
const baseLimit = 25 * 1024; // every page waits for base.js: design section 4

for (const f of readdirSync(out)) if (f !== ".gitkeep") rmSync(`${out}/${f}`, { recursive: true });

const islands = readdirSync("islands").filter((f) => f.endsWith(".ts") && !f.endsWith(".d.ts"));
const shared = { bundle: true, minify: true, outdir: out, logLevel: "warning", legalComments: "none" };

await build({ ...shared, entryPoints: islands.map((f) => `islands/${f}`), format: "esm", target: "es2022" });
await build({ ...shared, entryPoints: ["internal/web/assets/css/app.css"], target: ["chrome125", "firefox128", "safari17.5"] });

let tooBig = false;
for (const f of readdirSync(out).filter((f) => f !== ".gitkeep")) {
  const gz = gzipSync(readFileSync(`${out}/${f}`), { level: 9 }).length;
  console.log(`${f.padEnd(14)} ${String(statSync(`${out}/${f}`).size).padStart(7)} B  ${String(gz).padStart(6)} B gzipped`);
  tooBig ||= f === "base.js" && gz > baseLimit;
}
if (tooBig) {
  console.error(`base.js is over ${baseLimit} B gzipped`);
  process.exit(1);
}
