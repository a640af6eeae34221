// The public exports and the guides, as the reference shows them.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Application,
  Comment,
  CommentTag,
  type Context,
  Converter,
  DeclarationReflection,
  type DocumentReflection,
  ParameterReflection,
  type ProjectReflection,
  ReflectionFlag,
  ReflectionKind,
  ReflectionType,
  SignatureReflection,
  type TypeDocOptions,
} from "typedoc";
import ts from "typescript";
import { headingOf, headingOrder } from "./headings.ts";

const docs = dirname(fileURLToPath(new URL(".", import.meta.url)));
const root = dirname(docs);
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8");

/** The sources of the entry points that package.json exports. */
const entryPoints = Object.keys(JSON.parse(read("package.json")).exports)
  .map((name) => `${root}/src${name.slice(1)}/index.ts`)
  .filter(existsSync);

/** The guides, in the order in which their index names them. */
const guides = [...read("docs/README.md").matchAll(/^- .*?\]\((.+?\.md)\)/gm)].map(([, path]) =>
  join(docs, path),
);

/** A guide is called as its heading says. */
function nameByHeading(guide: DocumentReflection): void {
  guide.name = /^# (.+)$/m.exec(Comment.combineDisplayParts(guide.content))?.[1] ?? guide.name;
}

/** The type of an operation that is a constant, `exp: Unary`, says how it is called: it is shown as a function. */
function showAsFunction(context: Context, reflection: DeclarationReflection): void {
  const { checker, converter } = context;
  const symbol = context.getSymbolFromReflection(reflection);
  const call = symbol && checker.getTypeOfSymbol(symbol).getCallSignatures()[0];
  if (call === undefined || !reflection.kindOf(ReflectionKind.Variable)) return;
  const signature = new SignatureReflection(reflection.name, ReflectionKind.CallSignature, reflection);
  const scope = context.withScope(reflection).withScope(signature);
  signature.parameters = call.parameters.map((parameter) => {
    const shown = new ParameterReflection(parameter.name, ReflectionKind.Parameter, signature);
    shown.type = converter.convertType(scope.withScope(shown), checker.getTypeOfSymbol(parameter));
    context.registerReflection(shown, parameter);
    return shown;
  });
  signature.type = converter.convertType(scope, call.getReturnType());
  context.registerReflection(signature, undefined);
  if (reflection.comment) signature.comment = reflection.comment;
  reflection.kind = ReflectionKind.Function;
  reflection.setFlag(ReflectionFlag.Const, false);
  reflection.signatures = [signature];
  delete reflection.comment;
  delete reflection.type;
}

/** Options that are made from their defaults are shown as the object they are. */
function showAsObject(context: Context, reflection: DeclarationReflection): void {
  const { checker, converter } = context;
  const symbol = context.getSymbolFromReflection(reflection);
  if (!reflection.kindOf(ReflectionKind.TypeAlias) || !reflection.name.endsWith("Options")) return;
  if (symbol === undefined || reflection.parent === undefined || reflection.type?.type !== "reference")
    return;
  const object = new DeclarationReflection("__type", ReflectionKind.TypeLiteral, reflection);
  const scope = context.withScope(reflection.parent).withScope(reflection).withScope(object);
  for (const property of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
    const shown = new DeclarationReflection(property.name, ReflectionKind.Property, object);
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(property));
    const comment = context.getComment(property, ReflectionKind.Property);
    shown.type = converter.convertType(scope.withScope(shown), type);
    shown.setFlag(ReflectionFlag.Optional, (property.flags & ts.SymbolFlags.Optional) > 0);
    if (comment) shown.comment = comment;
    object.addChild(shown);
    context.registerReflection(shown, property);
  }
  context.registerReflection(object, undefined);
  reflection.type = new ReflectionType(object);
}

/** Exports stand together with those of their kind. */
function arrange(reflection: DeclarationReflection): void {
  const file = reflection.sources?.[0]?.fullFileName;
  if (file === undefined || !reflection.parent?.kindOf(ReflectionKind.Module)) return;
  const comment = reflection.comment ?? reflection.signatures?.[0]?.comment;
  const heading = headingOf(file.slice(`${root}/`.length));
  if (heading) comment?.blockTags.push(textTag("@category", heading));
}

function textTag(tag: `@${string}`, text: string): CommentTag {
  return new CommentTag(tag, [{ kind: "text", text }]);
}

/** Before links are resolved and headings are made of tags. */
function prepare(context: Context): void {
  context.setActiveProgram(context.programs[0]);
  const { project } = context;
  const comment = new Comment();
  project.comment = comment;
  project.documents?.forEach(nameByHeading);
  for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
    if (!reflection.isDeclaration()) continue;
    // All properties are: the word would stand everywhere.
    reflection.setFlag(ReflectionFlag.Readonly, false);
    // Options are shown where they are used.
    if (reflection.name.endsWith("Options")) comment.blockTags.push(textTag("@expandType", reflection.name));
    showAsObject(context, reflection);
    arrange(reflection);
  }
}

const options: TypeDocOptions = {
  name: "Neurite",
  entryPoints,
  tsconfig: `${root}/tsconfig.json`,
  basePath: root,
  readme: `${root}/docs/README.md`,
  projectDocuments: guides,
  out: `${root}/site`,
  // `npm run check` looks for errors.
  skipErrorChecking: true,
  disableGit: true,
  sourceLinkTemplate: "../../src/{path}#L{line}",
  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  highlightLanguages: ["bash", "diff", "javascript", "json", "python", "typescript"],
  // The inside of the compiler: the map of the source leads there.
  intentionallyNotExported: ["At", "Rows", "Primitive", "Parameters", "Plan", "Kernel"],
  validation: { notDocumented: true },
  requiredToBeDocumented: ["Namespace", "Class", "Function", "Variable", "Interface", "TypeAlias", "Method"],
  includeVersion: true,
  hideGenerator: true,
  useFirstParagraphOfCommentAsSummary: true,
  headings: { readme: false, document: false },
  categorizeByGroup: false,
  categoryOrder: [...headingOrder],
  groupOrder: ["Documents", "Modules", "Namespaces", "Classes", "Functions", "Variables", "*"],
  navigation: { includeCategories: true, includeFolders: false },
  sort: ["kind", "alphabetical-ignoring-documents"],
  kindSortOrder: [
    "Document",
    "Module",
    "Namespace",
    "Class",
    "Function",
    "Variable",
    "Interface",
    "TypeAlias",
  ],
};

/** What the reference is made of; `logger` has the warnings. Throws where a source cannot be read. */
export async function readReference(): Promise<{ application: Application; project: ProjectReflection }> {
  const application = await Application.bootstrapWithPlugins(options);
  const { converter } = application;
  converter.on(Converter.EVENT_CREATE_DECLARATION, showAsFunction);
  converter.on(Converter.EVENT_RESOLVE_BEGIN, prepare);
  const project = await application.convert();
  if (project === undefined) throw new Error("the sources could not be read");
  application.validate(project);
  return { application, project };
}
