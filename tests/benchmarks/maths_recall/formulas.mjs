// Draws formulas with the engines of npm: [engine, kind, tex] lists on standard input as JSON, one a line; HTML on standard output likewise.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.argv[2] + "/");
const katex = require("katex");
const temml = require("temml");

const drawKatex = (output) => (tex, display) => katex.renderToString(tex, { displayMode: display, output, strict: "ignore" });
const drawTemml = (options) => (tex, display) => temml.renderToString(tex, { displayMode: display, xml: true, ...options });
const inner = (html) => html.replace(/^<math[^>]*>/, "").replace(/<\/math>$/, "");
const prefixed = (prefix, html) =>
  html.replace(/<(\/?)(?=[a-z])/g, `<$1${prefix}:`).replace("xmlns=", `xmlns:${prefix}=`);

// CSDN's editor takes the tags of the MathML away and keeps their text.
const flat = (html) =>
  html.replace(/<span class="katex-mathml">.*?<\/math><\/span>/s, (mathml) => {
    const [tokens, tex] = mathml.split(/<annotation[^>]*>/);
    const text = (part) => part.replace(/<[^>]*>/g, "\n      ");
    return `<span class="katex-mathml">\n      ${text(tokens)}\n     \n     ${text(tex).trim()}\n    \n   \n  </span>`;
  });

const plain = drawTemml({});
const engines = {
  katex: drawKatex("htmlAndMathml"),
  "katex-mathml": drawKatex("mathml"),
  "katex-html": drawKatex("html"),
  "katex-flat": (tex, display) => flat(drawKatex("htmlAndMathml")(tex, display)),
  temml: plain,
  "temml-annotated": drawTemml({ annotate: true }),
  "temml-inner": (tex, display) => inner(plain(tex, display)),
  "temml-is": (tex, display) => plain(tex, display).replace(/<(m[a-z]+)/g, '<$1 is="true"'),
  "temml-m": (tex, display) => prefixed("m", plain(tex, display)),
  "temml-mml": (tex, display) => prefixed("mml", plain(tex, display)),
  wiris: (tex, display) => plain(tex, display).replaceAll("<", "«").replaceAll(">", "»").replaceAll('"', "¨").replaceAll("&", "§"),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [engine, kind, tex] = JSON.parse(line);
  try {
    console.log(JSON.stringify(engines[engine](tex, kind !== "inline")));
  } catch (error) {
    console.error(`${engine}: ${tex}: ${error.message}`);
    console.log("null");
  }
}
