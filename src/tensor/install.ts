import { installEvaluator } from "../lang/program/evaluator.ts";
import { Tensor } from "../lang/program/tensor.ts";
import { evaluator } from "./evaluator.ts";

installEvaluator(evaluator);

// console.log in Node, Bun and Deno prints what toString says.
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor): string {
    return this.toString();
  },
});
