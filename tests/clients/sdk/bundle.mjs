// Bundles a script for a browser, as a page's own build would, but without Daily: node bundle.mjs FROM TO
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const [from, to] = process.argv.slice(2);
await build({
  entryPoints: [from],
  outfile: to,
  bundle: true,
  format: "esm",
  logLevel: "error",
  alias: { "@daily-co/daily-js": fileURLToPath(new URL("./daily_stub.mjs", import.meta.url)) },
  nodePaths: [fileURLToPath(new URL("../node_modules", import.meta.url))],
});
