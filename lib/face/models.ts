/**
 * Models. ONNX models as graphs: `onnx.load` reads one from a file, and `onnx.read` from its bytes. Language models:
 * `LanguageModel` generates text on a device. `openModel` opens its files, and `loadParameters` loads its parameters one by one, quantized; `readConfig` and `openWeights`
 * open its parts, `convertModel` writes it as MLC does. `Tokenizer` and `ChatTemplate` are its words. `vision` has models with random weights.
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
export type { JsonSchemaFormat, ResponseFormat } from "../models/openai/response_format.ts";
export type { ChatRequest, CompletionRequest, SamplingRequest } from "../models/openai/request_fields.ts";
export { type HandlerOptions, openAiHandler } from "../models/server/handler.ts";
export type { Answers, Served } from "../models/server/served.ts";
/** Vision models with random weights. */
export * as vision from "./vision.ts";
export { readConfig, type ReadConfigOptions } from "../models/config/read_config.ts";
export type { GenerationDefaults } from "../models/config/generation.ts";
export type { Activation, ArchitectureName, ModelConfig } from "../models/config/model_config.ts";
export { type Rope, type RopeFrequencies, ropeFrequencies, type RopeScaling } from "../models/config/rope.ts";
export {
  type ConvertedModel,
  convertModel,
  type ConvertModelOptions,
} from "../models/convert/convert_model.ts";
export { type ModelFiles, openModel } from "../models/open_model.ts";
export { ModelError } from "../models/error.ts";
export { ContextError } from "../models/context_error.ts";
export { LanguageModel, type LanguageModelStats } from "../models/language/language_model.ts";
export type { CompareModelOptions } from "../models/language/compare_levels.ts";
export { type FunctionGain, TokenComparison } from "../tuning/token_comparison.ts";
export type { TokenRate } from "../records/token_rates.ts";
export type { LoadOptions } from "../models/language/load_options.ts";
export type { TuneModelOptions } from "../models/language/tune_steps.ts";
export {
  type LoadedArray,
  type LoadedParameter,
  loadParameters,
  type LoadParametersOptions,
  type LoadProgress,
} from "../models/parameters/load_parameters.ts";
export {
  arraysOf,
  type Parameter,
  type ParameterArray,
  parametersOf,
} from "../models/parameters/parameter.ts";
export type { Quantization } from "../models/parameters/quantization.ts";
export {
  type ChatMessage,
  type ChatPart,
  ChatTemplate,
  type RenderChatOptions,
} from "../models/tokenizer/chat_template.ts";
export type { TextStream } from "../models/tokenizer/text_stream.ts";
export { type DecodeOptions, type EncodeOptions, Tokenizer } from "../models/tokenizer/tokenizer.ts";
export { openWeights } from "../models/weights/open_weights.ts";
export type {
  ReadOptions,
  StoredType,
  TensorInfo,
  WeightArray,
  WeightSource,
} from "../models/weights/weight_source.ts";
