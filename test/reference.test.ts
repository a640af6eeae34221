// The reference has no broken links, every public name a comment, every function and class an example, every page its place.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { type DeclarationReflection, ReflectionKind } from "typedoc";
import { expect, test, vi } from "vitest";
import { readReference } from "../docs/reference/project.ts";

const docs = fileURLToPath(new URL("../docs", import.meta.url));
const complaints: string[] = [];
for (const method of ["warn", "error"] as const) {
  vi.spyOn(console, method).mockImplementation(
    (text) => void complaints.push(stripVTControlCharacters(text)),
  );
}
const { project } = await readReference();
const isModule = ReflectionKind.Module | ReflectionKind.Namespace;

/** What the modules export, those of their namespaces too. */
const exported = project
  .getReflectionsByKind(ReflectionKind.All)
  .filter((reflection): reflection is DeclarationReflection => reflection.isDeclaration())
  .filter(({ parent }) => parent?.kindOf(isModule));

function hasExample({ comment, signatures = [] }: DeclarationReflection): boolean {
  return [comment, ...signatures.map((signature) => signature.comment)].some((part) =>
    part?.getTag("@example"),
  );
}

function hasHeading({ comment, signatures = [] }: DeclarationReflection): boolean {
  return [comment, ...signatures.map((signature) => signature.comment)].some((part) =>
    part?.getTag("@category"),
  );
}

test("the reference is made without warnings: names have comments, links and types are found", () => {
  expect(complaints).toEqual([]);
  expect(exported.length).toBeGreaterThan(500);
});

test("functions and classes have an example", () => {
  const kinds = ReflectionKind.Function | ReflectionKind.Class;
  const without = exported.filter((reflection) => reflection.kindOf(kinds) && !hasExample(reflection));
  expect(without.map((reflection) => reflection.getFullName())).toEqual([]);
});

test("a module stands under headings as a whole or not at all", () => {
  for (const { name, children = [] } of project.getChildrenByKind(ReflectionKind.Module)) {
    const headed = children.filter((child) => child.isReference() || hasHeading(child));
    const others = children.filter((child) => !headed.includes(child)).map((child) => child.name);
    expect({ name, others: headed.length === 0 ? [] : others }).toEqual({ name, others: [] });
  }
});

test("the index names every page", () => {
  const index = readFileSync(`${docs}/README.md`, "utf8");
  const pages = readdirSync(docs).filter((name) => name.endsWith(".md") && name !== "README.md");
  expect(pages.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});
