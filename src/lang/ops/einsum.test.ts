import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { expectOracle, oracleCases } from "../../../test/oracle.ts";
import { ones } from "./create.ts";
import { einsum } from "./einsum.ts";

test.each(oracleCases("einsum"))("%s as PyTorch", (_, oracle) => {
  expectOracle(oracle, (...inputs) => einsum(oracle.params.equation, ...inputs));
});

test("an ellipsis broadcasts, from either side", () => {
  expect(einsum("...ij,...jk->...ik", ones([4, 1, 2, 3]), ones([5, 3, 7])).shape).toEqual([4, 5, 2, 7]);
  expect(einsum("...ij,jk", ones([4, 2, 3]), ones([3, 7])).shape).toEqual([4, 2, 7]);
  expect(einsum("i...->...", ones([3, 2])).toArray()).toEqual([3, 3]);
  expect(einsum("iij->j", ones([3, 3, 2])).toArray()).toEqual([3, 3]);
});

test("equations that do not fit are refused", () => {
  expect(() => einsum("ij,jk->ik", ones([2, 3]))).toThrow(/one term of letters for each operand/);
  expect(() => einsum("ij,jk->ik", ones([2, 3]), ones([4, 2]))).toThrow("one extent for 'j', not 3 and 4");
  expect(() => einsum("ij->ik", ones([2, 3]))).toThrow(/output letters that occur/);
  expect(() => einsum("ijk->i", ones([2, 3]))).toThrow("2 letters in 'ijk'");
});
