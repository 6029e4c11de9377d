// Markdown with formulas to HTML, by the renderer named on the command line: from standard input to standard output.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const require = createRequire(process.argv[2] + "/");
const load = async (name) => (await import(pathToFileURL(require.resolve(name)))).default;
const markdownIt = (plugin, options) => require("markdown-it")({ html: true }).use(plugin, options);

async function unified(...plugins) {
  const { unified: processor } = await import(pathToFileURL(require.resolve("unified")));
  let chain = processor();
  for (const name of ["remark-parse", "remark-math", "remark-rehype", ...plugins, "rehype-stringify"]) chain = chain.use(await load(name));
  return async (source) => String(await chain.process(source));
}

const renderers = {
  texmath: () => (source) =>
    markdownIt(require("markdown-it-texmath"), { engine: require("katex"), delimiters: "dollars" }).render(source),
  katex: () => (source) => markdownIt(require("markdown-it-katex")).render(source),
  marked: async () => {
    const { marked } = require("marked");
    marked.use((await load("marked-katex-extension"))({ throwOnError: false, nonStandard: true }));
    return (source) => marked.parse(source);
  },
  remark: () => unified(),
  "rehype-katex": () => unified("rehype-katex"),
  "rehype-mathjax": () => unified("rehype-mathjax"),
};

const render = await renderers[process.argv[3]]();
process.stdout.write(await render(readFileSync(0, "utf8")));
