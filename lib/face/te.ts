/**
 * What to compute: tensors as functions of positions, and the programs of the operators of language and vision models.
 * Each program is made of the operator of the same name in {@linkcode op}, on tensors that are its parameters.
 */
export * from "./programs.ts";
export { type Quantization, QUANTIZATIONS, suite, type SuiteKernel, type SuiteOptions } from "../op/suite.ts";
