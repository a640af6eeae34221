// The examples of the documentation: ```ts fences of doc comments and of Markdown pages, as modules that can be checked and run.
import ts from "typescript";

/** One fenced example. */
export interface Example {
  readonly path: string;
  /** The line of the file, counted from 1, on which the code begins. */
  readonly line: number;
  readonly code: string;
}

/** From a name that examples may use without importing it to the module that exports it. */
export type Scope = ReadonlyMap<string, string>;

/** What an example says a statement gives: `floor(-1.5); // -2`. */
export type Claim = readonly Claimed[];
type Claimed = string | boolean | null | readonly Claimed[];

/** The examples of a file; a fence whose info string says more than `ts`, as in ```ts no-run, is not one. */
export function examplesOf(path: string, text: string): Example[] {
  const examples: Example[] = [];
  const prefix = path.endsWith(".md") ? /^/ : /^\s*\* ?/;
  let open: { line: number; code: string[] } | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = prefix.test(raw) ? raw.replace(prefix, "") : undefined;
    if (open === undefined) {
      if (line === "```ts") open = { line: index + 2, code: [] };
    } else if (line === undefined || line === "```") {
      examples.push({ path, line: open.line, code: open.code.join("\n") });
      open = undefined;
    } else {
      open.code.push(line);
    }
  }
  return examples;
}

/** The example as a module: names it does not declare are imported from the scope, on the first line so that lines keep their numbers. */
export function moduleOf(example: Example, scope: Scope): string {
  const file = parse(example.code);
  const declared = new Set(file.statements.flatMap(declaredNames));
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  const imports = [...used].flatMap((name) => {
    const source = declared.has(name) ? undefined : scope.get(name);
    return source === undefined ? [] : [`import { ${name} } from "${source}";`];
  });
  return `${[...imports, "export {};"].join(" ")} ${example.code}`;
}

/** The module as the body of an asynchronous function of `require`, `exports` and `claim(text, values)`. */
export function bodyOf(module: string): string {
  const file = parse(module);
  let text = module;
  for (const statement of [...file.statements].reverse()) {
    const comment = /^[ \t]*\/\/ (.+)/.exec(module.slice(statement.end))?.[1];
    const values = valuesOf(statement);
    if (comment === undefined || values === undefined || readClaim(comment) === undefined) continue;
    const start = ts.isExpressionStatement(statement) ? statement.getStart() : statement.end;
    text = `${text.slice(0, start)}; claim(${JSON.stringify(comment)}, [${values}]);${text.slice(statement.end)}`;
  }
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

/** The values written in a comment such as `// [1, 4] and [2, 0]`; undefined when the comment is prose. Numbers stay text. */
export function readClaim(comment: string): Claim | undefined {
  const json = comment.replaceAll(" and ", ", ").replace(/(?<![\w".])-?\d+(\.\d+)?(e-?\d+)?…?/g, '"$&"');
  try {
    return JSON.parse(`[${json}]`);
  } catch {
    return undefined;
  }
}

/**
 * Whether a value is what was claimed. A number with four decimals or more, or with an ellipsis, is right to one unit of
 * its last digit; others to the rounding of f32.
 */
export function agrees(value: unknown, claimed: Claimed): boolean {
  if (Array.isArray(claimed)) {
    return (
      Array.isArray(value) && value.length === claimed.length && claimed.every((c, k) => agrees(value[k], c))
    );
  }
  if (typeof claimed === "boolean") return value === claimed || value === Number(claimed);
  if (typeof value !== "number" || typeof claimed !== "string") return value === claimed;
  const decimals = /\.(\d+)/.exec(claimed)?.[1].length ?? 0;
  const number = Number.parseFloat(claimed);
  const rounded = claimed.endsWith("…") || decimals >= 4;
  return Math.abs(value - number) <= (rounded ? 10 ** -decimals : 1e-6 * Math.max(1, Math.abs(number)));
}

/** The errors of modules, each at the line of the page it stands on. */
export function checkTypes(
  modules: ReadonlyMap<Example, string>,
  options: ts.CompilerOptions,
  directory: string,
): string[] {
  const examples = new Map(
    [...modules.keys()].map((example, k) => [`${directory}/example-${k}.ts`, example]),
  );
  const host = hostOf(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => examples.has(path) || fileExists(path);
  host.getSourceFile = (path, language, ...rest) => {
    const example = examples.get(path);
    if (example === undefined) return getSourceFile(path, language, ...rest);
    return ts.createSourceFile(path, modules.get(example)!, language);
  };
  const program = ts.createProgram([...examples.keys()], options, host);
  return [...examples].flatMap(([name, { path, line }]) => {
    const file = program.getSourceFile(name)!;
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ start = 0, messageText }) => {
      const at = line + file.getLineAndCharacterOfPosition(start).line;
      return `${path}:${at}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
  });
}

/** The names that each of some modules exports, types included. */
export function exportsOf(paths: readonly string[], options: ts.CompilerOptions): Map<string, string[]> {
  const program = ts.createProgram(paths, options, hostOf(options));
  const checker = program.getTypeChecker();
  return new Map(
    paths.map((path) => {
      const symbol = checker.getSymbolAtLocation(program.getSourceFile(path)!);
      return [path, symbol === undefined ? [] : checker.getExportsOfModule(symbol).map(({ name }) => name)];
    }),
  );
}

const parsed = new Map<string, ts.SourceFile | undefined>();

/** The files of this machine, each parsed once for all programs. */
function hostOf(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (path, ...rest) => {
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, ...rest));
    return parsed.get(path);
  };
  return host;
}

/** The code of the values that a comment behind a statement speaks of. */
function valuesOf(statement: ts.Statement): string | undefined {
  if (ts.isVariableStatement(statement)) return declaredNames(statement).join(", ");
  if (!ts.isExpressionStatement(statement)) return undefined;
  const { expression } = statement;
  const printed = ts.isCallExpression(expression) && expression.expression.getText() === "console.log";
  return printed
    ? expression.arguments.map((argument) => argument.getText()).join(", ")
    : expression.getText();
}

/** The names that a statement declares or imports. */
function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  if (ts.isImportDeclaration(statement)) {
    const bindings = statement.importClause?.namedBindings;
    if (bindings === undefined) return [];
    return ts.isNamedImports(bindings)
      ? bindings.elements.map(({ name }) => name.text)
      : [bindings.name.text];
  }
  return ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
    ? [statement.name?.text ?? ""]
    : [];
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}

function parse(code: string): ts.SourceFile {
  return ts.createSourceFile("example.ts", code, ts.ScriptTarget.ES2022, true);
}
