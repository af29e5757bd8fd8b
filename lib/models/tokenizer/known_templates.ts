/** Templates of conversations for folders that have none but a name of MLC's. Each is written for Jinja with trimmed blocks. */

const NEWLINE = "{{ '\\n' }}";

/** Puts a message of the system in front of the first one of the user, for models without such a role. */
const SYSTEM_FIRST = "{% set system = messages[0].content if messages[0].role == 'system' else '' %}" +
  "{% set rest = messages[1:] if system else messages %}";
const CONTENT = "{{ system ~ '\\n\\n' ~ message.content if loop.first and system else message.content }}";

const CHATML = "{% for message in messages %}<|im_start|>{{ message.role }}" + NEWLINE +
  "{{ message.content }}<|im_end|>" + NEWLINE +
  "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant" + NEWLINE + "{% endif %}";

const LLAMA_3 =
  "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>" +
  NEWLINE + NEWLINE + "{{ message.content | trim }}<|eot_id|>{% endfor %}" +
  "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>" + NEWLINE + NEWLINE +
  "{% endif %}";

const LLAMA_2 = SYSTEM_FIRST +
  "{% for message in rest %}{% if message.role == 'user' %}{{ bos_token }}[INST] " +
  "{% if loop.first and system %}<<SYS>>" + NEWLINE + "{{ system }}" + NEWLINE + "<</SYS>>" + NEWLINE +
  NEWLINE +
  "{% endif %}{{ message.content | trim }} [/INST]{% else %} {{ message.content | trim }} {{ eos_token }}{% endif %}" +
  "{% endfor %}";

const MISTRAL = SYSTEM_FIRST +
  "{{ bos_token }}{% for message in rest %}{% if message.role == 'user' %}[INST] " +
  CONTENT + " [/INST]{% else %} {{ message.content | trim }}{{ eos_token }}{% endif %}{% endfor %}";

const GEMMA = SYSTEM_FIRST + "{{ bos_token }}{% for message in rest %}<start_of_turn>" +
  "{{ 'model' if message.role == 'assistant' else message.role }}" + NEWLINE + CONTENT + "<end_of_turn>" +
  NEWLINE +
  "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model" + NEWLINE + "{% endif %}";

const PHI_3 = "{% for message in messages %}<|{{ message.role }}|>" + NEWLINE +
  "{{ message.content }}<|end|>" + NEWLINE +
  "{% endfor %}{% if add_generation_prompt %}<|assistant|>" + NEWLINE + "{% endif %}";

/** Templates by MLC's names of conversations. */
export const KNOWN_TEMPLATES: Readonly<Record<string, string>> = {
  "chatml": CHATML,
  "chatml_nosystem": CHATML,
  "qwen2": CHATML,
  "qwen3": CHATML,
  "llama-2": LLAMA_2,
  "llama-3": LLAMA_3,
  "llama-3_1": LLAMA_3,
  "mistral_default": MISTRAL,
  "gemma_instruction": GEMMA,
  "gemma3_instruction": GEMMA,
  "phi-3": PHI_3,
};
