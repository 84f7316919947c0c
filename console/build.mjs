// Build the console: one script and one style, with the licences of what is in them.
//   node build.mjs FOLDER
// `make console` packs what comes out into chalicelib/http/console/.
import { build } from "esbuild";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { used } from "./pico.mjs";
import { keysModule, languageModule, tight } from "./shorter.mjs";
import { en } from "./src/texts/en.js";
import { es } from "./src/texts/es.js";

const here = import.meta.dirname;
const folder = process.argv[2] ?? join(here, "..", "build", "console");

const pico = {
  name: "pico",
  setup: ({ onLoad }) =>
    onLoad({ filter: /pico\.classless\.min\.css$/ }, ({ path }) => ({ contents: used(readFileSync(path, "utf8"), readFileSync(join(here, "src", "style.css"), "utf8")), loader: "css" })),
};

const shorter = {
  name: "shorter",
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^keys-of-texts$/ }, ({ path }) => ({ path, namespace: "shorter" }));
    onLoad({ filter: /./, namespace: "shorter" }, () => ({ contents: keysModule(es), loader: "js" }));
    onLoad({ filter: /[/\\]texts[/\\]en\.js$/ }, () => ({ contents: languageModule("en", en), loader: "js" }));
    onLoad({ filter: /[/\\]texts[/\\]es\.js$/ }, () => ({ contents: languageModule("es", es), loader: "js" }));
    onLoad({ filter: /[/\\]src[/\\](frame|parts|pages)[/\\].*\.js$/ }, ({ path }) => ({ contents: tight(readFileSync(path, "utf8")), loader: "js" }));
  },
};

const done = await build({
  absWorkingDir: here,
  entryPoints: { console: "src/main.js" },
  outdir: folder,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  legalComments: "none", // LICENSES.txt has them
  charset: "utf8",
  metafile: true,
  plugins: [pico, shorter],
  logLevel: "warning",
  write: true,
});

/** Return the packages that the bundle has code of, by its list of inputs. */
function packages(inputs) {
  const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//;
  return [...new Set(Object.keys(inputs).map((path) => name.exec(path)?.[1]).filter(Boolean))].sort();
}

/** Return a package's name, version and licence text. */
function licence(name) {
  const place = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
  const file = readdirSync(place).find((one) => /^licen[cs]e/i.test(one));
  if (!file) throw new Error(`${name} has no licence file.`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(place, file), "utf8").trim()}\n`;
}

mkdirSync(folder, { recursive: true });
const texts = packages(done.metafile.inputs).map(licence);
writeFileSync(join(folder, "LICENSES.txt"), texts.join(`\n${"-".repeat(72)}\n\n`));
