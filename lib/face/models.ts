/**
 * Models from files as graphs: `onnx.load` reads an ONNX model from a file, and `onnx.read` from its bytes.
 *
 * @module
 */
/** Reads ONNX models. */
export * as onnx from "./onnx.ts";
export type { ChatCompletion, ChatCompletionChunk, ChatLogprobs } from "../models/openai/chat_completions.ts";
export { ChatCompletions } from "../models/openai/chat_completions.ts";
export type { Completion, CompletionLogprobs } from "../models/openai/completions.ts";
export { Completions } from "../models/openai/completions.ts";
export type { Usage } from "../models/openai/answer.ts";
export type {
  ChosenLogprob,
  GenerateOptions,
  GenerationEnd,
  Generator,
  Message,
  Piece,
  TokenLogprob,
} from "../models/openai/generator.ts";
export type { ChatRequest, CompletionRequest, SamplingRequest } from "../models/openai/request_fields.ts";
export { type HandlerOptions, openAiHandler } from "../models/server/handler.ts";
export type { Create, Served } from "../models/server/served.ts";
