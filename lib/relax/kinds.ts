import type { Kind } from "../base/check_options.ts";
import { instanceOf } from "../base/option_kinds.ts";
import { Graph } from "./graph.ts";

/** The kind of an argument that is a graph. */
export const graphKind: Kind<Graph> = instanceOf(Graph, "a graph, as relax.graph makes one");
