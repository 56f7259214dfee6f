// Boxes of formulas as KaTeX lays them out, in em: an independent opinion for packaging/formulas.py.
//
// Usage: node katex_boxes.mjs KATEX.mjs < formulas.json > boxes.json
// In: an array of [LaTeX, display]. Out: an array of [height above and below the baseline together, width], or null
// where KaTeX cannot parse, or breaks the formula into lines that only a browser stacks. KaTeX leaves widths to the
// browser; they are added up here from its font metrics.
import fs from "node:fs";

const katex = await import(process.argv[2]);
const SIZES = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.44, 1.728, 2.074, 2.488];
const STYLES = ["marginLeft", "marginRight", "paddingLeft", "paddingRight", "borderRightWidth"];
const NO_WIDTH = ["strut", "pstrut", "vlist-s", "rlap", "llap", "clap", "frac-line", "hide-tail", "accent-body"];

function classesOf(node) {
  return (node.classes ?? []).map((c) => c.replace(/^katex-/, "")); // some versions prefix some of them
}

function em(value) {
  return typeof value === "string" && value.endsWith("em") ? parseFloat(value) || 0 : 0;
}

function scale(classes) {
  const to = classes.find((c) => /^size\d+$/.test(c));
  const from = classes.find((c) => /^reset-size\d+$/.test(c));
  return to && from ? SIZES[to.slice(4) - 1] / SIZES[from.slice(10) - 1] : 1;
}

function width(node) {
  const classes = classesOf(node);
  if (classes.some((c) => NO_WIDTH.includes(c))) return 0;
  let total = 0;
  for (const name of STYLES) total += em(node.style?.[name]);
  if (typeof node.text === "string" && node.width !== undefined) {
    const run = [...node.text].length; // a run of letters has the width of its first one; half an em is a usual one
    return total + (run > 2 ? 0.5 * run : node.width * run) + (node.italic ?? 0);
  }
  if (classes.includes("boxpad")) total += 0.6;
  if (classes.includes("nulldelimiter")) return 0.12;
  const inside = (node.children ?? []).map(width);
  const stacked = classes.includes("vlist");
  const content = stacked ? Math.max(0, ...inside) : inside.reduce((a, b) => a + b, 0);
  return (total + Math.max(content, em(node.style?.width), em(node.style?.minWidth))) * scale(classes);
}

function box([latex, display]) {
  try {
    const tree = katex.__renderToHTMLTree(latex, { displayMode: display, strict: "ignore", throwOnError: true });
    const html = tree.classes.includes("katex-display") ? tree.children[0] : tree;
    const parts = html.children.flatMap((c) => (c.classes.includes("katex-html") ? c.children : [c]));
    if (parts.some((n) => classesOf(n).includes("newline"))) return null;
    const height = Math.max(...parts.map((p) => p.height));
    const depth = Math.max(...parts.map((p) => p.depth));
    return [height + depth, parts.map(width).reduce((a, b) => a + b, 0)];
  } catch {
    return null;
  }
}

const formulas = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(formulas.map(box)));
