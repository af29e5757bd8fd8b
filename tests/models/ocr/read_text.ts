/**
 * Reads text from pictures with PP-OCRv4, a worked example of models from ONNX: one network finds lines, the next tells which
 * of them are upside down, and the last reads them. Lines have to be level.
 */
import type { Device } from "tunebook";
import { decodeText } from "./decode_text.ts";
import { Network } from "./network.ts";
import { type Box, cut, halfTurned, type Normalization, type Picture, planesOf } from "./picture.ts";
import { textBoxes } from "./text_boxes.ts";

/** The files of the networks. */
export interface OcrFiles {
  readonly detection: string;
  readonly angle: string;
  readonly recognition: string;
  /** The characters, one a line. */
  readonly dictionary: string;
}

/** A line of text in a picture. */
export interface Line {
  readonly text: string;
  /** The mean probability of its characters. */
  readonly score: number;
  readonly box: Box;
  /** Whether the line is upside down. */
  readonly turned: boolean;
}

const IMAGENET: Normalization = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const CENTERED: Normalization = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };
/** The longest side that the detector sees, and what its sides are multiples of. */
const LONGEST = 960, MULTIPLE = 32;
/** Rows of a line, columns for the angle, and what columns for its text are multiples of. */
const ROWS = 48, ANGLE_COLUMNS = 192, COLUMNS = 320;
/** A line is upside down where the network is surer than this. */
const SURE = 0.9;

/** Reads text from pictures on a device. */
export class TextReader {
  readonly detection: Network;
  readonly angle: Network;
  readonly recognition: Network;

  /**
   * Makes a reader.
   *
   * @param symbols the text of each symbol of the recognition; the first is the blank
   */
  constructor(device: Device, files: OcrFiles, readonly symbols: readonly string[]) {
    this.detection = new Network(device, files.detection);
    this.angle = new Network(device, files.angle);
    this.recognition = new Network(device, files.recognition);
  }

  /** Opens the networks in files on a device. */
  static async open(device: Device, files: OcrFiles): Promise<TextReader> {
    const characters = (await Deno.readTextFile(files.dictionary)).split(/\r?\n/);
    if (characters.at(-1) === "") characters.pop();
    return new TextReader(device, files, ["", ...characters, " "]);
  }

  /** Reads the lines of a picture, from top to bottom. */
  async read(picture: Picture): Promise<readonly Line[]> {
    const lines: Line[] = [];
    for (const box of await this.boxes(picture)) {
      const own = cut(picture, box), turned = await this.isTurned(own);
      lines.push({ ...await this.readLine(turned ? halfTurned(own) : own), box, turned });
    }
    return lines;
  }

  /** Finds lines of text. */
  async boxes(picture: Picture): Promise<readonly Box[]> {
    const share = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const scaled = (size: number) => Math.max(MULTIPLE, Math.round(size * share / MULTIPLE) * MULTIPLE);
    const width = scaled(picture.width), height = scaled(picture.height);
    const planes = planesOf(picture, whole(picture), { width, height }, IMAGENET);
    const likely = await this.detection.run(planes, height, width);
    const x = (at: number) => Math.round(at * picture.width / width);
    const y = (at: number) => Math.round(at * picture.height / height);
    return textBoxes({ width, height, likely })
      .map((box) => ({ left: x(box.left), right: x(box.right), top: y(box.top), bottom: y(box.bottom) }));
  }

  /** Tells whether a line is upside down. */
  async isTurned(line: Picture): Promise<boolean> {
    const planes = linePlanes(line, ANGLE_COLUMNS, ANGLE_COLUMNS);
    const [, turned] = await this.angle.run(planes, ROWS, ANGLE_COLUMNS);
    return (turned as number) > SURE;
  }

  /** Reads one line. */
  async readLine(line: Picture): Promise<{ readonly text: string; readonly score: number }> {
    const columns = Math.ceil(ROWS * line.width / line.height);
    const wide = Math.ceil(columns / COLUMNS) * COLUMNS;
    return decodeText(await this.recognition.run(linePlanes(line, columns, wide), ROWS, wide), this.symbols);
  }

  [Symbol.dispose](): void {
    for (const network of [this.detection, this.angle, this.recognition]) network[Symbol.dispose]();
  }
}

function whole({ width, height }: Picture): Box {
  return { left: 0, top: 0, right: width, bottom: height };
}

/** The planes of a line as high as the networks want it, in at most so many columns, and zeros beside it. */
function linePlanes(line: Picture, most: number, wide: number): Float32Array<ArrayBuffer> {
  const width = Math.min(most, Math.ceil(ROWS * line.width / line.height));
  return planesOf(line, whole(line), { width, height: ROWS, wide }, CENTERED);
}
