import { posix } from "node:path";
import ts from "typescript";

/** What one folder of src/ may import besides itself. */
export interface Row {
  /** Other rows whose files this folder may import. */
  readonly sees: readonly string[];
  /** May import nothing but source files: no package, no `node:` module. */
  readonly pure?: true;
  /** Has a public surface, its index.ts: the only file that rows marked `behindIndex` may import. */
  readonly publicIndex?: true;
  /** Sees rows marked `publicIndex` through that file only. */
  readonly behindIndex?: true;
}

export interface Rules {
  readonly rows: Readonly<Record<string, Row>>;
  readonly maxLines: number;
  /** Files allowed to be longer, each with a sentence saying why. */
  readonly longFiles: Readonly<Record<string, { readonly lines: number; readonly why: string }>>;
}

interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly typeOnly: boolean;
}

/** Every import in a source text: static, re-exporting, dynamic and `import("…")` types. */
export function importsOf(path: string, text: string): Import[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
  const found: Import[] = [];
  const add = (node: ts.Node, name: ts.Node | undefined, typeOnly: boolean): void => {
    if (name === undefined || !ts.isStringLiteralLike(name)) return;
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    found.push({ specifier: name.text, line, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A }` stays an import at run time under verbatimModuleSyntax; `import type` does not.
      add(node, node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The row a file belongs to: the longest row name that is a folder above it, or the file itself. */
function rowOf(path: string, rules: Rules): string | undefined {
  const inside = path.replace(/^src\//, "");
  return Object.keys(rules.rows)
    .filter((name) => inside === name || inside.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function hasOnlyReExports(path: string, text: string): boolean {
  return ts
    .createSourceFile(path, text, ts.ScriptTarget.ES2022)
    .statements.every((s) => ts.isImportDeclaration(s) || ts.isExportDeclaration(s));
}

/** One cycle for each back edge of a depth-first search, as the paths on it. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const stack: string[] = [];
  const visit = (node: string): void => {
    const at = stack.indexOf(node);
    if (at >= 0) {
      cycles.push([...stack.slice(at), node]);
      return;
    }
    if (done.has(node)) return;
    stack.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    stack.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return cycles;
}

/**
 * Checks source texts against the layering, and returns one sentence for each violation.
 * Paths are relative to the repository and start with `src/`.
 */
export function checkArchitecture(files: ReadonlyMap<string, string>, rules: Rules): string[] {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();

  for (const [path, text] of files) {
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    const limit = rules.longFiles[path]?.lines ?? rules.maxLines;
    if (lines > limit) problems.push(`${path}: ${lines} lines, at most ${limit} are allowed`);

    const from = rowOf(path, rules);
    if (from === undefined) {
      problems.push(`${path}: its folder is not in the table`);
      continue;
    }
    if (path === "src/index.ts" && !hasOnlyReExports(path, text)) {
      problems.push(`${path}: holds code; it is a list of exports`);
    }
    const row = rules.rows[from]!;
    const valueImports: string[] = [];
    graph.set(path, valueImports);

    for (const { specifier, line, typeOnly } of importsOf(path, text)) {
      const where = `${path}:${line}`;
      if (!specifier.startsWith(".")) {
        if (row.pure) problems.push(`${where}: ${from} may not import the package "${specifier}"`);
        continue;
      }
      const target = posix.join(posix.dirname(path), specifier);
      if (!files.has(target)) {
        problems.push(`${where}: "${specifier}" is not a source file of src/ (write the .ts extension)`);
        continue;
      }
      if (!typeOnly) valueImports.push(target);
      const to = rowOf(target, rules);
      if (to === undefined || to === from) continue; // an unknown folder is reported at its own files
      if (!row.sees.includes(to)) {
        problems.push(`${where}: ${from} may not import ${to} (${specifier})`);
      } else if (row.behindIndex && rules.rows[to]!.publicIndex && target !== `src/${to}/index.ts`) {
        problems.push(`${where}: ${from} sees ${to} through its index.ts only (${specifier})`);
      }
    }
  }

  for (const cycle of findCycles(graph)) problems.push(`import cycle: ${cycle.join(" → ")}`);
  return problems;
}
