import { describe, expect, it, test } from "vitest";
import { columnOf, readCsv } from "./csv.ts";
import { encodeCategories, encodeFeatures, featuresOf, featureWidth, numbersOf } from "./features.ts";

describe("readCsv", () => {
  it("finds names, kinds and values", async () => {
    const { columns, lines } = await readCsv("width, kind ,count\n1.5,rose,-2\n.5e1, tulip,+3.\n");
    expect(columns).toEqual([
      { kind: "number", name: "width", values: Float64Array.of(1.5, 5) },
      { kind: "text", name: "kind", values: ["rose", "tulip"] },
      { kind: "number", name: "count", values: Float64Array.of(-2, 3) },
    ]);
    expect(lines).toEqual([2, 3]);
  });

  it.each([
    ["semicolons", "a;b\n1;2\n"],
    ["tabs", "a\tb\n1\t2\n"],
    ["no line end at the end", "a,b\n1,2"],
    ["line ends of Windows", "a,b\r\n1,2\r\n"],
    ["line ends of old Macs", "a,b\r1,2\r"],
    ["a byte order mark", "\uFEFFa,b\n1,2\n"],
    ["blank lines", "\na,b\n\n1,2\n  \n"],
    ["quotes", '"a","b"\n"1","2"\n'],
  ])("reads %s, from text and from bytes", async (_, text) => {
    for (const source of [text, new TextEncoder().encode(text)]) {
      const { columns } = await readCsv(source);
      expect(columns.map(({ name, values }) => [name, ...values])).toEqual([
        ["a", 1],
        ["b", 2],
      ]);
    }
  });

  it("reads a table of one column", async () => {
    const { columns } = await readCsv("x\n1\n2\n");
    expect([...columns[0].values]).toEqual([1, 2]);
  });

  it("counts lines past blank ones and cells of several lines", async () => {
    const { columns, lines } = await readCsv('a,note\n\n1,"two\nlines"\n2,"a ""quote"", a comma"\n');
    expect(columns[1].values).toEqual(["two\nlines", 'a "quote", a comma']);
    expect(lines).toEqual([3, 5]);
  });

  it("takes a column of mostly texts for texts, and any column for what it is said to be", async () => {
    const text = "room,size\nB4,1\n12,2\nA1,3\n";
    expect((await readCsv(text)).columns.map(({ kind }) => kind)).toEqual(["text", "number"]);
    const { columns } = await readCsv(text, { kinds: { size: "text" } });
    expect(columns[1].values).toEqual(["1", "2", "3"]);
    await expect(readCsv(text, { kinds: { room: "number" } })).rejects.toThrow(
      "line 2, column 'room': the text 'B4', expected a number",
    );
  });

  test.each([
    ["a short row", "a,b\n1,2\n3\n", "line 3 with 1 cells, nothing for column 'b', expected 2 cells"],
    ["a long row", "a,b\n1,2\n\n3,4,5\n", "line 4 with 3 cells, cells beyond the last column, expected 2"],
    ["an empty cell", "a,b\n1,2\n3,\n", "line 3, column 'b': no value"],
    ["a mark for a missing number", "a,b\n1,2\nNaN,2\n", "line 3, column 'a': 'NaN'"],
    ["a mark for a missing text", "a,b\n1,x\n3,N/A\n", "line 3, column 'b': 'N/A'"],
    [
      "text among numbers",
      "a,b\n1,2\n2,3\nthree,4\n",
      "line 4, column 'a': the text 'three', expected a number, as 2 of 3",
    ],
    ["a number too large", "a,b\n1,2\n1e999,4\n", "line 3, column 'a': the text '1e999'"],
    ["a hexadecimal number", "a,b\n1,2\n2,4\n0x10,4\n", "line 4, column 'a': the text '0x10'"],
    ["a column without a name", "a,,c\n1,2,3\n", "line 1: column 2 without a name"],
    ["a name twice", "\na,b,a\n1,2,3\n", "line 2: columns 1 and 3 are both named 'a'"],
    ["an open quote", 'a,b\n1,2\n"3,4\n', "line 3: quoted field unterminated"],
    ["an empty file", "", "got an empty file"],
    ["no rows", "a,b\n", "a header without rows"],
  ])("refuses %s", async (_, text, message) => {
    await expect(readCsv(text)).rejects.toThrow(`readCsv: got ${message.replace(/^got /, "")}`);
  });

  it("refuses bytes that are no text, and names that are no column", async () => {
    await expect(readCsv(Uint8Array.of(0x61, 0xff))).rejects.toThrow("expected text in UTF-8");
    await expect(readCsv("width\n1\n", { kinds: { widht: "text" } })).rejects.toThrow("did you mean 'width'");
    await expect(readCsv("a\n1\n", JSON.parse('{"kind":{}}'))).rejects.toThrow("did you mean 'kinds'");
  });
});

describe("features", () => {
  const flowers = "kind,width,blue\nrose,1.5,0\ntulip,2,1\nrose,3,1\n";

  it("encodes numbers as they are and texts as one of their categories", async () => {
    const table = await readCsv(flowers);
    const features = featuresOf(table, ["kind", "width"]);
    expect(features).toEqual([{ name: "kind", categories: ["rose", "tulip"] }, { name: "width" }]);
    expect(featureWidth(features)).toBe(3);
    expect(encodeFeatures(table, features).toArray()).toEqual([
      [1, 0, 1.5],
      [0, 1, 2],
      [1, 0, 3],
    ]);
  });

  it("reads another table by the names of its columns", async () => {
    const features = featuresOf(await readCsv(flowers), ["kind", "width"]);
    const other = await readCsv("width,price,kind\n7,1,tulip\n");
    expect(encodeFeatures(other, features).toArray()).toEqual([[0, 1, 7]]);
  });

  it("takes numbers for categories where there are some", async () => {
    const table = await readCsv(flowers);
    expect([...encodeCategories(table, "blue", ["1", "0"])]).toEqual([1, 0, 0]);
  });

  it("names line and column of what it cannot read", async () => {
    const features = featuresOf(await readCsv(flowers), ["kind", "width"]);
    const read = async (text: string) => encodeFeatures(await readCsv(text), features);
    await expect(read("width,kind\n1,rose\n2,tulp\n")).rejects.toThrow(
      "line 3, column 'kind': got 'tulp', expected one of 'rose', 'tulip'; did you mean 'tulip'",
    );
    await expect(read("width,kind\nbig,rose\n")).rejects.toThrow("line 2, column 'width': the text 'big'");
    await expect(read("widht,kind\n1,rose\n")).rejects.toThrow("did you mean 'widht'");
    const table = await readCsv(flowers);
    expect(() => columnOf(table, "with")).toThrow("did you mean 'width'");
    expect([...numbersOf(table, "width")]).toEqual([1.5, 2, 3]);
  });
});
